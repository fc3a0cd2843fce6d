"""The table that `make check-long` ends with."""

import pytest

from tests.conftest import table


def report(test, phase, outcome, start, seconds):
    return pytest.TestReport(test, ("", 0, ""), {}, outcome, None, phase, duration=seconds, start=start, stop=0.0)


def test_each_test_has_one_line_with_the_worst_of_its_phases_and_their_seconds():
    reports = [
        report("b", "call", "passed", 5.0, 1.0),
        report("b", "teardown", "failed", 6.0, 0.5),
        report("a", "setup", "passed", 1.0, 0.25),
        report("a", "call", "passed", 1.25, 2.0),
        report("a", "teardown", "passed", 3.25, 0.0),
        report("c", "setup", "skipped", 7.0, 0.0),
        report("c", "teardown", "passed", 7.0, 0.0),
    ]
    assert [line.split() for line in table(reports)] == [
        ["passed", "2.2", "a"],
        ["failed", "1.5", "b"],
        ["skipped", "0.0", "c"],
        ["3", "tests", "3.8", "in", "all"],
    ]
