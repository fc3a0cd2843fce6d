"""Jobs on threads, and the worker process with its queue and cache."""

import threading
import time

import densehop as dh
from densehop.apps.explorer.workers.job_runner import JobRunner
from densehop.apps.explorer.workers.worker_pool import Worker


class CountingJob:
    """A job that counts its steps."""

    pause = 0.0

    def __init__(self, steps, error=None):
        self.done, self._steps, self._error = 0, steps, error

    @property
    def finished(self):
        return self.done >= self._steps

    def advance(self):
        if self._error is not None:
            raise self._error
        self.done += 1
        time.sleep(0.01)


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_runner_pauses_goes_on_and_stops():
    steps, ends = [], []
    runner = JobRunner(threading.Semaphore(1), lambda: steps.append(1), ends.append)
    job = CountingJob(10**6)
    runner.start(job)
    wait_for(lambda: job.done > 2)
    runner.pause()
    time.sleep(0.1)
    paused = job.done
    time.sleep(0.1)
    assert job.done == paused
    runner.resume()
    wait_for(lambda: job.done > paused)
    runner.stop()
    wait_for(lambda: ends)
    assert ends == [""]
    assert len(steps) == job.done
    assert not runner.running


def test_a_runner_reports_an_error_and_releases_its_slot():
    slots, ends = threading.BoundedSemaphore(1), []
    JobRunner(slots, lambda: None, ends.append).start(CountingJob(3, dh.InvalidInput("no such thing")))
    wait_for(lambda: ends)
    assert ends == ["no such thing"]
    assert slots.acquire(blocking=False)


def test_a_job_that_waits_for_its_viewer_leaves_its_slot_and_can_be_stopped():
    slots, ends, job = threading.BoundedSemaphore(1), [], CountingJob(3)
    job.pause = 3600.0
    runner = JobRunner(slots, lambda: None, ends.append)
    runner.start(job)
    wait_for(lambda: job.done == 1)
    assert slots.acquire(timeout=20)
    slots.release()
    runner.stop()
    wait_for(lambda: ends)
    assert job.done == 1


def test_slots_bound_how_many_jobs_run_at_once():
    slots, ends = threading.Semaphore(1), []
    jobs = [CountingJob(10), CountingJob(10)]
    slots.acquire()
    for job in jobs:
        JobRunner(slots, lambda: None, ends.append).start(job)
    time.sleep(0.05)
    assert [job.done for job in jobs] == [0, 0]
    slots.release()
    wait_for(lambda: len(ends) == 2)
    assert [job.done for job in jobs] == [10, 10]


def test_a_worker_computes_in_the_background_and_caches():
    worker = Worker(1)
    try:
        begun = time.perf_counter()
        results = [worker.submit(time.sleep, seconds) for seconds in (1.0, 1.0, 0.0, "no time")]
        assert time.perf_counter() - begun < 1.0
        assert results[0] is results[1]
        assert not results[0].done()
        assert isinstance(results[3].exception(60), TypeError)
        assert results[2].done()
    finally:
        worker.close()
