"""Engines run cells: in this process, in a pool of local workers, or (cluster.py) on Dask, with the same results."""

import gc
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Any, Protocol

from densehop.base.checks import free_memory
from densehop.base.workers import count_workers
from densehop.campaign.worker import DIED, FAILED, STOPPED, Outcome, Work, carry_out

GRACE_PERIOD = 20.0  # seconds that workers get to save themselves when the run is stopped
SHARE_OF_MEMORY = 0.8  # of what is free, that cells may fill together


class Engine(Protocol):
    """Runs tasks concurrently, up to its capacity, and returns their outcomes in any order."""

    def capacity(self) -> int:
        """Return how many works may be under way at once."""

    def memory(self) -> int:
        """Return how many bytes those may need together."""

    def share(self) -> int:
        """Return how many bytes any of them may need whatever the others do; 0: that is not known."""

    def largest(self) -> int | None:
        """Return how many bytes a single work may need at most; None: as many as it takes."""

    def submit(self, work: Work) -> None:
        """Start a work."""

    def next_outcome(self) -> Outcome | None:
        """Wait for a work to end; None: not yet, but there may be room for more."""

    def close(self) -> None:
        """Stop what is still under way, letting it save itself, and release everything."""


class ThisMachine:
    """The memory that this machine has for cells."""

    def __init__(self) -> None:
        self._memory = free_memory()

    def memory(self) -> int:
        """Return what was free at the start."""
        return int(SHARE_OF_MEMORY * self._memory)

    def share(self) -> int:
        """No work has a part of the memory for itself."""
        return 0

    def largest(self) -> int | None:
        """Run any cell alone: predictions are cautious."""
        return None


class ThisProcess(ThisMachine):
    """One cell after the other, in this process: the simplest engine, for debugging and tests."""

    def __init__(self) -> None:
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        super().__init__()

    def capacity(self) -> int:
        """Run one at a time."""
        return 1

    def submit(self, work: Work) -> None:
        """Run the work to its end."""
        outcome = carry_out(work)
        if outcome.kind == STOPPED:
            raise KeyboardInterrupt
        self._outcomes.put(outcome)

    def next_outcome(self) -> Outcome:
        """Return the outcome."""
        return self._outcomes.get()

    def close(self) -> None:
        """Nothing is left."""


class LocalWorkers(ThisMachine):
    """Processes on this machine, each of which runs one cell at a time.

    Each is a pool of its own: where one is killed, it is known which cell it had, the other cells go on, and a new
    process takes its place.
    """

    def __init__(self, n_workers: int | None = None) -> None:
        self._free = [_Slot() for _ in range(count_workers(n_workers))]
        self._busy: set[_Slot] = set()
        self._slots = tuple(self._free)
        self._ended: queue.SimpleQueue[tuple[_Slot, Work, Future[Outcome]]] = queue.SimpleQueue()
        super().__init__()

    def capacity(self) -> int:
        """Return the number of workers."""
        return len(self._slots)

    def submit(self, work: Work) -> None:
        """Hand the work to a worker that has none."""
        slot = self._free.pop()
        self._busy.add(slot)
        slot.start(_interruptible, work).add_done_callback(lambda future: self._ended.put((slot, work, future)))

    def next_outcome(self) -> Outcome:
        """Wait for a worker.

        A pool whose worker died is dropped here, not in the callback of its future: that runs while the pool's own
        thread holds the lock that dropping it needs (from Python 3.12 on).
        """
        slot, work, future = self._ended.get()
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            slot.renew()
        self._busy.discard(slot)
        self._free.append(slot)
        if error is None:
            return future.result()
        kind = DIED if isinstance(error, BrokenProcessPool) else FAILED
        return Outcome(work.cell, kind, error=str(error))

    def close(self) -> None:
        """Ask the workers to save their cells and end; those that do not are killed."""
        for slot in tuple(self._busy):
            slot.interrupt()
        late = threading.Timer(GRACE_PERIOD, self._kill)
        late.start()
        for slot in self._slots:
            slot.close()
        late.cancel()
        gc.collect()  # semaphores go with their pools, not at an end that may be abrupt

    def _kill(self) -> None:
        for slot in self._slots:
            slot.kill()


class _Slot:
    """A place for one worker process, which starts on first use."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._processes: set[multiprocessing.process.BaseProcess] = set()

    def start(self, call: Callable[[Work], Outcome], work: Work) -> "Future[Outcome]":
        """Run a call in the worker."""
        if self._pool is not None:
            try:
                return self._pool.submit(call, work)
            except BrokenProcessPool:  # killed while it had nothing to do
                self.renew()
        before = set(multiprocessing.active_children())
        context = multiprocessing.get_context("spawn")  # threads of numba and BLAS do not survive a fork
        self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_become_worker)
        with without_interrupts():
            future = self._pool.submit(call, work)
        _close_writing_end(self._pool)
        self._processes = set(multiprocessing.active_children()) - before
        return future

    def renew(self) -> None:
        """Forget a dead worker; the next call gets a new one."""
        self._pool, self._processes = None, set()

    def interrupt(self) -> None:
        """Let the worker's cell save itself."""
        for process in self._processes:
            process.terminate()

    def kill(self) -> None:
        """End the worker at once."""
        for process in tuple(self._processes):
            process.kill()

    def close(self) -> None:
        """Wait for the worker to end."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self.renew()


def _close_writing_end(pool: ProcessPoolExecutor) -> None:
    """Leave the pipe of results to the worker alone, so that it ends with the worker.

    A worker that is killed while it sends a result leaves half a message. The pool's own thread would wait for the
    other half as long as this process could write it, that is, for ever; now it finds the pipe's end.
    """
    results: Any = vars(pool)["_result_queue"]
    results._writer.close()


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back; processes that start meanwhile never see it, from their first moment on."""
    resource_tracker.ensure_running()  # its start, else on the way, would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _become_worker() -> None:
    """Prepare a worker process: the parent's polite kill interrupts its cell; without the parent it ends."""
    signal.signal(signal.SIGTERM, _leave)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _interruptible(work: Work) -> Outcome:
    """Run a task that SIGTERM from the parent interrupts; between tasks, SIGTERM ends the process."""
    outcome = Outcome(work.cell, STOPPED)
    with suppress(KeyboardInterrupt):  # as the cell began or ended; within, the cell saves itself
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        outcome = carry_out(work)
    signal.signal(signal.SIGTERM, _leave)
    return outcome


def _leave(*_: object) -> None:
    """End this process, which has nothing to save."""
    os._exit(0)


def _end_with(sentinel: int) -> None:
    """End this process as soon as its parent has ended, so that it does not compete with the next run."""
    wait([sentinel])
    os._exit(1)
