"""What all visitors of one server share: cores for simulations, and theory once computed."""

import multiprocessing
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from multiprocessing.pool import Pool
from typing import TypeVar

import xarray as xr

Question = TypeVar("Question", bound=Hashable)

MOST_ANSWERS = 48  # kept; each takes some megabytes
POLITENESS = 5  # of processes that trace lines: clicks and simulations go first


class Desk:
    """A process that answers one question after the other, so that nobody waits in the server's own thread."""

    def __init__(self, politeness: int = 0) -> None:
        self._politeness = politeness
        self._answers: OrderedDict[tuple[object, Hashable], Future[xr.Dataset]] = OrderedDict()
        self._pool: Pool | None = None
        self._lock = threading.Lock()

    def ask(self, function: Callable[[Question], xr.Dataset], question: Question) -> "Future[xr.Dataset]":
        """Begin to compute function(question), or find it; returns at once."""
        with self._lock:
            if self._pool is None:
                self._pool = multiprocessing.get_context("spawn").Pool(1, _be_polite, (self._politeness,))
            asked = function, question
            if asked not in self._answers:
                future: Future[xr.Dataset] = Future()
                self._answers[asked] = future
                self._pool.apply_async(
                    function, (question,), callback=future.set_result, error_callback=future.set_exception
                )
                while len(self._answers) > MOST_ANSWERS:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(asked)
            return self._answers[asked]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._pool is not None:
            self._pool.terminate()


class Hall:
    """The seats for simulations, and two desks: what takes about a second never waits for traced lines.

    A visitor's simulation holds a seat for one block of sweeps at a time, so that many visitors share few cores evenly.
    """

    def __init__(self, n_seats: int | None = None) -> None:
        self.seats = threading.BoundedSemaphore(n_seats or max(1, (os.cpu_count() or 1) - 1))
        self.quick, self.slow = Desk(), Desk(POLITENESS)

    def close(self) -> None:
        """End both processes."""
        self.quick.close()
        self.slow.close()


def _be_polite(politeness: int) -> None:
    """Let other processes go first, where the system knows how."""
    if hasattr(os, "nice"):
        os.nice(politeness)
