"""Threads for compiled code that releases the interpreter lock, stopped cleanly by Ctrl-C."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from densehop import checks

Result = TypeVar("Result")
Task = Callable[[threading.Event], Result]


class Stopped(Exception):
    """Raised inside a task that found its event set."""


def count_workers(n_workers: int | None) -> int:
    """Return the number of threads to use: None means one for each core this process may use."""
    if n_workers is not None:
        return checks.integer("n_workers", n_workers, 1)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def run_all(tasks: Sequence[Task[Result]], n_workers: int) -> list[Result]:
    """Run the tasks on threads and return their results in order.

    Each task gets an event and should return soon after it is set; it is set when any task fails or Ctrl-C arrives. A
    single task runs in the caller's thread: starting one costs as much as a step of a small batch.
    """
    stop = threading.Event()
    if len(tasks) == 1:
        return [tasks[0](stop)]
    with ThreadPoolExecutor(n_workers) as pool:
        futures = [pool.submit(task, stop) for task in tasks]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise
    return [future.result() for future in futures]
