"""Which cells are handed over: by the memory and the threads of workers, which may be few, small, or not there yet."""

import pytest

from densehop.campaign.cluster import Workers
from densehop.campaign.engines import ThisProcess
from densehop.campaign.runner import run
from tests.campaign_tasks import plan

MIB = 2**20


def workers(*limits, threads=1):
    return Workers.of({f"tcp://{i}": {"nthreads": threads, "memory_limit": size} for i, size in enumerate(limits)})


def test_what_the_workers_of_a_scheduler_can_hold():
    even, uneven, none, endless = workers(1000, 1000, threads=2), workers(100, 1000), workers(), workers(0, 0)
    assert (even.threads, even.memory, even.share, even.largest) == (4, 1600, 400, 1000)
    assert (uneven.memory, uneven.share, uneven.largest) == (880, 80, 1000)
    assert uneven.larger_than(500) == ["tcp://1"]
    assert uneven.larger_than(50) is uneven.larger_than(5000) is None
    assert (none.threads, none.largest, none.share) == (0, None, 0)
    assert (endless.threads, endless.largest, endless.share) == (2, None, 0)
    assert none.memory > MIB
    assert endless.memory > MIB


class Small(ThisProcess):
    """A worker that would be killed by all but the smallest cells."""

    def largest(self):
        return 20 * MIB


def test_a_cell_larger_than_any_worker_fails_before_it_kills_one(tmp_path):
    wanted = plan(problem={"load": [6.0, 900.0]}, disorders=1)
    small, large = wanted.cells()
    assert small.memory < 20 * MIB < large.memory
    report = run(wanted, tmp_path, Small)
    assert report.n_finished == 1
    (failure,) = report.failures
    assert failure.cell == large
    assert (
        f"it may need {large.memory / MIB:.0f} MiB, and the largest worker has 20: give workers more" in failure.error
    )


class Recorder(ThisProcess):
    """Runs nothing until as many cells are under way as it takes; remembers how many these were."""

    most = 0
    shared = 0

    def __init__(self):
        super().__init__()
        self._waiting = []

    def capacity(self):
        return 8

    def memory(self):
        return 50 * MIB

    def share(self):
        return Recorder.shared

    def submit(self, work):
        self._waiting.append(work)
        Recorder.most = max(Recorder.most, len(self._waiting))

    def next_outcome(self):
        super().submit(self._waiting.pop())
        return super().next_outcome()


@pytest.mark.parametrize(("share", "most"), [(0, 3), (16 * MIB, 3), (17 * MIB, 8)])
def test_cells_that_fit_into_the_share_of_a_thread_may_wait_in_numbers(share, most, tmp_path, monkeypatch):
    """A cluster that scales itself grows with what waits; cells too large for their share of 50 MiB are counted."""
    monkeypatch.setattr(Recorder, "shared", share)
    monkeypatch.setattr(Recorder, "most", 0)
    wanted = plan(disorders=5)
    assert all(16 * MIB < cell.memory < 50 * MIB / 3 for cell in wanted.cells())
    assert run(wanted, tmp_path, Recorder).n_finished == 10
    assert Recorder.most == most
