"""Ten thousand random problems in replica symmetry, three hundred in 1RSB: `make check-long` prints the tables."""

import itertools
import multiprocessing

import pytest

from tests.physics.theory.test_theory_robustness import broken_cases, rs_cases, table
from tests.random_problems import BAD

pytestmark = pytest.mark.long

WORKERS = 2


def in_parallel(function, n_jobs, size):
    """Return the cases of many seeds; a fresh interpreter for each worker."""
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        parts = pool.starmap(function, [(1000 + seed, size) for seed in range(n_jobs)], chunksize=1)
    return list(itertools.chain(*parts))


def test_ten_thousand_problems_with_replica_symmetry():
    """No silent failure; of the states that the scan finds, at least 99.9% are found, and none smaller than it says."""
    cases = in_parallel(rs_cases, 100, 100)
    print(table(cases))
    failed = [case for case in cases if case.outcome in BAD and case.outcome not in {"missed", "slow"}]
    missed = sum(case.outcome == "missed" for case in cases)
    found = sum(case.solution is not None and case.branch != "paramagnet" for case in cases)
    slow = sum(case.outcome == "slow" for case in cases)
    print(f"  missed {missed} of {missed + found}")
    assert not failed
    assert missed <= 1e-3 * (missed + found)
    assert slow <= 1e-3 * len(cases)


def test_three_hundred_problems_with_one_step_of_breaking():
    cases = in_parallel(broken_cases, 30, 10)
    print(table(cases))
    assert not [case for case in cases if case.outcome in BAD]
