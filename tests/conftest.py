"""Hypothesis draws the same examples in every run of `make test`; set HYPOTHESIS_PROFILE=explore to look further."""

import gc
import os
from collections import defaultdict

import pytest
from hypothesis import settings

for library in ("OMP", "OPENBLAS", "MKL"):  # each worker of xdist has one core; threads that wait for another spin
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read where numpy is first imported: not before this

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

gc.disable()  # while tests are collected: hardly an object of theirs is ever garbage


def pytest_configure(config):
    """Let JAX keep what it compiles beside pytest's own cache: workers and later runs compile no program again."""
    if hasattr(config, "cache"):  # not with -p no:cacheprovider
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("jax")))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def pytest_collection_finish():
    """Leave half a million objects of modules and tests out of each later search for garbage, a tenth of all time."""
    gc.freeze()
    gc.enable()


def pytest_addoption(parser):
    parser.addoption("--table", action="store_true", help="end with a table: outcome and seconds of each test")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    if config.option.table:
        reports = [one for of_outcome in terminalreporter.stats.values() for one in of_outcome]
        terminalreporter.section("outcome, seconds, test")
        for line in table([one for one in reports if isinstance(one, pytest.TestReport)]):
            terminalreporter.write_line(line)


def table(reports):
    """Return a line for each test, in the order in which they ran: what came of it, and the seconds of all its phases.

    The phases of a test are reported in their order; what went wrong first is what came of it.
    """
    seconds, outcomes = defaultdict(float), {}
    for report in sorted(reports, key=lambda one: one.start):
        test = report.nodeid
        seconds[test] += report.duration
        if outcomes.get(test, "passed") == "passed":
            outcomes[test] = report.outcome
    lines = [f"{outcome:8} {seconds[test]:9.1f}  {test}" for test, outcome in outcomes.items()]
    return [*lines, f"{len(lines)} tests {sum(seconds.values()):8.1f}  in all"]
