"""Cells on an accelerator: many at once, on threads of this process, their calls of the device joined into few.

How many fit is predicted from the sizes of the plan's cells before anything runs (`cells_at_once`).
"""

import importlib
import queue
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from densehop.base import checks
from densehop.base.checks import free_memory
from densehop.campaign.cell import Cell
from densehop.campaign.engines import GRACE_PERIOD, SHARE_OF_MEMORY, Engine, ThisMachine
from densehop.campaign.measure import measure
from densehop.campaign.plan import Plan
from densehop.campaign.worker import STOPPED, Outcome, Task, Work, carry_out
from densehop.simulate.representations.device import DEVICES, bytes_on_device, found
from densehop.simulate.representations.device_chains import placed

MOST_CELLS = 64  # at once: more would not be faster


class DeviceThreads(ThisMachine):
    """So many cells at once on threads, which wait for each other where they call the device."""

    def __init__(self, n_cells: int) -> None:
        self._n_cells, self._joined = n_cells, importlib.import_module("densehop.accelerator.calls").JoinedCalls()
        self._threads: list[threading.Thread] = []
        self._waiting: list[threading.Thread] = []
        self._ended: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        super().__init__()

    def capacity(self) -> int:
        """Return how many cells fit into the memory of the device."""
        return self._n_cells

    def submit(self, work: Work) -> None:
        """Take a cell; it starts when the engine has all that it may have, so that none calls the device too early."""
        self._joined.expect()
        self._waiting.append(threading.Thread(target=self._run, args=(work,), daemon=True))

    def _run(self, work: Work) -> None:
        outcome = Outcome(work.cell, STOPPED)
        try:
            with self._joined.member():
                outcome = carry_out(work)
        finally:
            self._ended.put(outcome)

    def next_outcome(self) -> Outcome:
        """Start the cells that were taken and wait for any."""
        self._threads = [
            thread_running for thread_running in self._threads if thread_running.is_alive()
        ] + self._waiting
        for thread in self._waiting:
            thread.start()
        self._waiting = []
        return self._ended.get()

    def close(self) -> None:
        """Let cells that are under way save themselves."""
        self._joined.stop()
        for thread in self._threads:
            thread.join(GRACE_PERIOD)


def cells_at_once(cells: Iterable[Cell], free: int) -> int:
    """Return how many of the cells fit into the free memory of a device together, the largest of them: 1 to 64."""
    sizes = [_bytes(cell) for cell in cells]
    largest, building = max(size for size, _ in sizes), max(extra for _, extra in sizes)
    return max(1, min(MOST_CELLS, int((SHARE_OF_MEMORY * free - building) // largest)))


def _bytes(cell: Cell) -> tuple[int, int]:
    """Return what a cell takes on a device, and what building it takes for a while."""
    run = cell.run
    n_chains = run.n_chains * len(cell.ladder)
    in_order = run.order == "sequential" and run.representation != "patterns"
    return bytes_on_device(cell.p, cell.n_spins, cell.n_examples, n_chains, in_order)


def on_device(plan: Plan, device: str, otherwise: Callable[[], Engine]) -> tuple[Callable[[], Engine], Task]:
    """Return the engine and the task of a plan on a device; `otherwise` is the engine of the processor."""
    checks.choice("device", device, DEVICES)
    if device == "cpu" or (device == "auto" and not found()):
        return otherwise, measure
    placed()  # or say what to install
    backend: Any = importlib.import_module("densehop.accelerator.backend")
    n_cells = cells_at_once(plan.cells(), backend.memory() or free_memory())
    return partial(DeviceThreads, n_cells), partial(measure, device=device)
