"""No silent failure: random valid problems, every branch; an answer holds, or the error or advice says why not.

An independent brute-force scan (`naive_scan`, `naive_broken`) says what should have been found. The long version is in
test_theory_long.
"""

import collections
import math
import warnings

import numpy as np
import pytest

import densehop as dh
from tests import naive_broken, naive_scan
from tests.random_problems import BAD, BRANCHES, ask, random_broken_problem, random_edge_problem, random_problem

GRAZING = 1e-9  # relative: a state that a change of load by this much removes is on the edge of existence
COLDEST_SCAN = 0.05  # temperature in units of the field, below which iteration at fixed x is left out


# --- replica symmetry against brute force -----------------------------------------------------------------------------


def brute_force(problem, branch, load):
    """Return the state of largest overlap (of largest q in the glass) at a load, or None."""
    p, t = problem.p, problem.temperature
    if branch == "spin_glass":
        equations = naive_scan.pairwise(load, t) if p == 2 else naive_scan.many_body(p, load, t)
        found = naive_scan.roots(equations, naive_scan.glass_residual, only_largest=True) if load > 0 else []
        return found[0] if found else None
    if branch == "inference" and p == 2:
        contrast = dh.theory.pairwise_signal(problem)
        if contrast == 0 or load == 0:
            return None
        found = [*naive_scan.planted_roots(load, t, contrast), naive_scan.planted_iterated(load, t, contrast)]
        return max(filter(None, found), default=None)
    signal = 1.0 if branch == "retrieval" else dh.theory.limiting_signal(problem)
    if signal == 0:
        return None
    equations = naive_scan.pairwise(load, t) if p == 2 else naive_scan.many_body(p, load, t, signal)
    scanned = naive_scan.roots(equations, naive_scan.ordered_residual, only_largest=True)
    iterated = naive_scan.iterated(equations)
    return max(scanned + ([iterated] if iterated else []), default=None)


def free_entropy(problem, solution, signal):
    """Return the functional of p >= 3 at the solution's order parameters (docs/theory.md, eq. 26)."""
    p, alpha, beta, q = problem.p, problem.load, 1 / problem.temperature, solution.q
    order, strength = (solution.m, 1.0) if solution.m else (solution.q_star, signal)
    field = naive_scan.mean_log_2cosh(
        beta * p * strength * order ** (p - 1), beta * math.sqrt(p * alpha * q ** (p - 1))
    )
    noise = alpha * beta**2 / 2 * (1 - p * q ** (p - 1) + (p - 1) * q**p)
    return -(p - 1) * beta * strength * order**p + noise + field


def is_covered(problem, branch):
    """Whether the scan knows this question: not example retrieval, no refusal by the signal."""
    if isinstance(problem, dh.DirectModel):
        return branch not in {"paramagnet", "inference"}
    if problem.on_nishimori_line and problem.temperature < dh.critical_temperature(problem.p).temperature:
        return False
    return branch != "paramagnet"


def compare(case):
    """Return the case with the verdict of brute force in its outcome: missed, smaller or wrong, or as it was."""
    problem, solution = case.problem, case.solution
    if case.outcome in BAD or case.outcome == "OutOfRange" or not is_covered(problem, case.branch):
        return case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = brute_force(problem, case.branch, problem.load)
    if found is None:
        return case if solution is None else case._replace(outcome=case.outcome + ", beyond the scan")
    mine, other = case.order, found.overlap or found.q
    if mine >= other - 1e-6 * max(1.0, other):
        doubt = wrong_value(case) if mine <= other + 1e-6 else "larger than the scan's"
        return case if not doubt else case._replace(outcome="wrong", detail=doubt)
    nearby = brute_force(problem, case.branch, problem.load * (1 + GRAZING))
    if nearby is None or (nearby.overlap or nearby.q) < 0.9 * other:
        return case._replace(outcome="edge")
    return case._replace(outcome="missed" if solution is None else "smaller", detail=f"{mine} against {found}")


def wrong_value(case):
    """Return what is wrong with the free entropy of a solution, measured with another quadrature."""
    problem, solution = case.problem, case.solution
    if problem.p == 2 or problem.temperature == 0:
        return ""
    signal = dh.theory.limiting_signal(problem) if case.branch == "inference" else 1.0
    expected = free_entropy(problem, solution, signal)
    scale = 1 + signal / problem.temperature + problem.load / problem.temperature**2
    off = abs(expected - solution.free_entropy) / scale
    return "" if off < 1e-10 else f"free entropy off by {off:.1e}"


# --- one step of breaking against brute force -------------------------------------------------------------------------


def compare_broken(case):
    """Return a 1RSB case with the verdict of brute force in its outcome."""
    problem, branch = case.problem, case.branch
    if case.outcome in BAD or case.outcome == "OutOfRange" or not is_covered(problem, branch):
        return case
    if problem.temperature == 0:
        return _unbroken_counterpart(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if branch == "spin_glass" and problem.p > 2:
                return _compare_glass(case)
            return _compare_ordered(case)
        except naive_broken.TooCold:
            return case


def _model(problem, branch):
    """Return the problem as brute force takes it."""
    inference = branch == "inference"
    signal = dh.theory.limiting_signal(problem) if inference and problem.p > 2 else 1.0
    contrast = dh.theory.pairwise_signal(problem) if inference and problem.p == 2 else 0.0
    return naive_broken.Model(problem.p, problem.load, problem.temperature, signal, contrast)


def _unbroken_counterpart(case):
    """A 1RSB state must exist wherever a replica-symmetric one does, p >= 3: glass apart."""
    exists = ask(case.problem, case.branch).solution is not None
    if case.solution is None and exists and not (case.branch == "spin_glass" and case.problem.p > 2):
        return case._replace(outcome="missed", detail=f"{case.detail}: but the replica-symmetric state exists")
    return case


def _compare_glass(case):
    """P >= 3: the least free entropy along the Parisi parameter."""
    model = _model(case.problem, case.branch)
    if model.load == 0 or model.temperature < COLDEST_SCAN * math.sqrt(model.load):
        return case
    found = naive_broken.glass_scan(model)
    if case.solution is None:
        return case if found is None else case._replace(outcome="missed", detail=f"scan: {found}")
    if found is None:
        return case._replace(outcome=case.outcome + ", beyond the scan")
    scale = 1 + abs(found[2])
    wrong = abs(found[0] - case.solution.parisi) > 1e-3 or abs(found[2] - case.solution.free_entropy) > 1e-9 * scale
    return case._replace(outcome="wrong", detail=f"scan: {found}") if wrong else case


def _compare_ordered(case):
    """Equations and free entropy by another quadrature; existence by replica symmetry and by iteration."""
    model, solution = _model(case.problem, case.branch), case.solution
    if solution is None:
        judged = _unbroken_counterpart(case)
        is_direct = case.branch == "retrieval" and model.p > 2
        if judged.outcome != "missed" and is_direct and COLDEST_SCAN < model.temperature < 1 and model.load < 1:
            found = naive_broken.ordered_scan(model)
            return judged if found is None else judged._replace(outcome="missed", detail=f"scan: {found}")
        return judged
    if solution.parisi == 0:
        return case
    orders = naive_broken.Orders(solution.m or solution.q_star, solution.q0, solution.q1)
    scale = 1 + abs(solution.free_entropy)
    value = naive_broken.free_entropy(model, orders, solution.parisi) - solution.free_entropy
    off = {
        "equations": naive_broken.violation(model, orders, solution.parisi) / 1e-8,
        "slope by x": abs(naive_broken.slope(model, orders, solution.parisi)) / (1e-6 * scale),
        "free entropy": abs(value) / (1e-9 * scale),
    }
    worst = max(off, key=off.__getitem__)
    return (
        case
        if off[worst] < 1
        else case._replace(outcome="wrong", detail=f"{worst} off {off[worst]:.1e} times its band")
    )


# --- tests ------------------------------------------------------------------------------------------------------------


def rs_cases(seed, n_problems):
    """Ask for every branch of random problems, some of them close to a transition, and judge."""
    rng = np.random.default_rng(seed)
    problems = [(random_edge_problem if n % 8 == 0 else random_problem)(rng) for n in range(n_problems)]
    return [compare(ask(problem, branch)) for problem in problems for branch in BRANCHES]


def broken_cases(seed, n_problems):
    """Ask for a branch in 1RSB, at random or where replica symmetry tends to be broken, and judge."""
    rng, cases = np.random.default_rng(seed), []
    for number in range(n_problems):
        problem = random_problem(rng) if number % 3 == 0 else random_broken_problem(rng)
        allowed = ["spin_glass", "retrieval"] + ["inference"] * isinstance(problem, dh.TeacherStudent)
        cases.append(compare_broken(ask(problem, str(rng.choice(allowed)), "1rsb")))
    return cases


def table(cases):
    """Return counted outcomes by branch, and the slowest question."""
    counts = collections.Counter((case.branch, case.outcome) for case in cases)
    rows = [f"  {branch:11} {outcome:28} {number:6}" for (branch, outcome), number in sorted(counts.items())]
    slowest = max(cases, key=lambda case: case.seconds)
    rows.append(f"  slowest: {slowest.seconds:.2f} s of CPU time, {slowest.branch} of {slowest.problem}")
    return "\n".join(
        rows + [f"  {c.outcome}: {c.detail}\n    {c.branch} of {c.problem}" for c in cases if c.outcome in BAD]
    )


def test_the_scan_itself_finds_every_state():
    """p = 3, T = 0.05, load 0.4: retrieval, its barrier, and a state of tiny m at the end of the glass."""
    found = naive_scan.roots(naive_scan.many_body(3, 0.4, 0.05), naive_scan.ordered_residual)
    assert [state.overlap for state in found] == pytest.approx([0.99308976, 0.47392219, 0.01666908], abs=1e-8)
    assert len(naive_scan.roots(naive_scan.pairwise(0.2, 0.1), naive_scan.ordered_residual)) == 2


def test_no_silent_failure_with_replica_symmetry():
    cases = rs_cases(seed=1, n_problems=200)
    print(table(cases))
    assert not [case for case in cases if case.outcome in BAD]
    assert sum(case.solution is not None for case in cases) > 200


def test_no_silent_failure_with_one_step_of_breaking():
    cases = broken_cases(seed=3, n_problems=10)
    print(table(cases))
    assert not [case for case in cases if case.outcome in BAD]
