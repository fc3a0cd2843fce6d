"""What all visitors of one server share: cores for simulations, and phase diagrams once computed."""

import multiprocessing
import os
import threading
from collections import OrderedDict
from concurrent.futures import Future
from multiprocessing.pool import Pool

import xarray as xr

from densehop.explorer.places import View, diagram

MOST_DIAGRAMS = 48  # kept; each takes some megabytes


class Hall:
    """The seats for simulations, and a process that traces boundaries, which takes seconds.

    A visitor's simulation holds a seat for one block of sweeps at a time, so that many visitors share few cores evenly.
    """

    def __init__(self, n_seats: int | None = None) -> None:
        self.seats = threading.BoundedSemaphore(n_seats or max(1, (os.cpu_count() or 1) - 1))
        self._diagrams: OrderedDict[View, xr.Dataset] = OrderedDict()
        self._traced: OrderedDict[View, Future[xr.Dataset]] = OrderedDict()
        self._pool: Pool | None = None
        self._lock = threading.Lock()

    def diagram(self, view: View) -> xr.Dataset | None:
        """Return a view's phases at once, with lines where these are traced already; None for p = 2 until then."""
        with self._lock:
            traced = self._traced.get(view)
            if traced is not None and traced.done() and traced.exception() is None:
                return traced.result()
            if view.p == 2:
                return None
            if view not in self._diagrams:
                self._diagrams[view] = diagram(view, boundaries=False)
                while len(self._diagrams) > MOST_DIAGRAMS:
                    self._diagrams.popitem(last=False)
            return self._diagrams[view]

    def traced(self, view: View) -> "Future[xr.Dataset]":
        """Begin to trace a view's lines in another process, or find them."""
        with self._lock:
            if self._pool is None:
                self._pool = multiprocessing.get_context("spawn").Pool(1)
            if view not in self._traced:
                future: Future[xr.Dataset] = Future()
                self._traced[view] = future
                self._pool.apply_async(
                    diagram, (view,), callback=future.set_result, error_callback=future.set_exception
                )
                while len(self._traced) > MOST_DIAGRAMS:
                    self._traced.popitem(last=False)
            return self._traced[view]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._pool is not None:
            self._pool.terminate()
