"""What all sessions of a server share: slots for simulations, and worker processes with a queue and a cache."""

import multiprocessing
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from multiprocessing.pool import Pool
from typing import TypeVar

import xarray as xr

Argument = TypeVar("Argument", bound=Hashable)

CACHE_SIZE = 48  # results that a worker keeps; each takes some megabytes
BACKGROUND_NICENESS = 5  # of the process that traces lines, so that clicks and simulations come first


class Worker:
    """A process that computes one result after the other, while the server's own threads go on.

    Calls wait in a queue. Results are kept in a cache, from which the one that was asked for least recently is dropped.
    """

    def __init__(self, niceness: int = 0) -> None:
        self._niceness = niceness
        self._cache: OrderedDict[tuple[object, Hashable], Future[xr.Dataset]] = OrderedDict()
        self._process: Pool | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[[Argument], xr.Dataset], argument: Argument) -> "Future[xr.Dataset]":
        """Return a future of function(argument): a cached one, or that of a call now put into the queue."""
        with self._lock:
            if self._process is None:
                self._process = multiprocessing.get_context("spawn").Pool(1, _set_niceness, (self._niceness,))
            key = function, argument
            if key not in self._cache:
                future: Future[xr.Dataset] = Future()
                self._cache[key] = future
                self._process.apply_async(
                    function, (argument,), callback=future.set_result, error_callback=future.set_exception
                )
                while len(self._cache) > CACHE_SIZE:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(key)
            return self._cache[key]

    def close(self) -> None:
        """End the process, even in the middle of a computation."""
        if self._process is not None:
            self._process.terminate()


class WorkerPool:
    """The capacity of a server for computations.

    Attributes
    ----------
    simulation_slots : a simulation holds one for each block of sweeps, so that sessions share the cores evenly
    fast : Worker for results that take about a second
    slow : Worker for traced lines, for which results of `fast` must not wait
    practice : Worker for what takes seconds on data; its process starts when somebody asks
    """

    def __init__(self, n_slots: int | None = None) -> None:
        self.simulation_slots = threading.BoundedSemaphore(n_slots or max(1, (os.cpu_count() or 1) - 1))
        self.fast, self.slow, self.practice = Worker(), Worker(BACKGROUND_NICENESS), Worker(BACKGROUND_NICENESS)

    def close(self) -> None:
        """End all processes."""
        for worker in (self.fast, self.slow, self.practice):
            worker.close()


def _set_niceness(niceness: int) -> None:
    """Lower the priority of this process, on systems that can."""
    if hasattr(os, "nice"):
        os.nice(niceness)
