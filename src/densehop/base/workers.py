"""Threads for compiled code that releases the interpreter lock, stopped cleanly by Ctrl-C."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from densehop.base import checks

Result = TypeVar("Result")
Task = Callable[[threading.Event], Result]
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]  # map, or one on threads in the same order


class Stopped(Exception):
    """Raised inside a task that finds its event set."""


def count_workers(n_workers: int | None) -> int:
    """Return the number of threads to use: None means one for each core this process may use."""
    if n_workers is not None:
        return checks.integer("n_workers", n_workers, 1)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def threaded_map(n_workers: int) -> Iterator[Each]:
    """Yield a map whose calls run on threads that stay, for many short rounds of work; on one worker, the usual map."""
    if n_workers == 1:
        yield map
        return
    with ThreadPoolExecutor(n_workers) as pool:
        yield pool.map


def run_all(tasks: Sequence[Task[Result]], n_workers: int) -> list[Result]:
    """Run the tasks on threads and return their results in order.

    Each task gets an event, which is set when any task fails or Ctrl-C arrives, and should return soon after that. A
    single task runs in the caller's thread, since starting a thread takes as long as a step of a small batch.

    The caller waits at a `SimpleQueue`, which is implemented in C: Ctrl-C in the middle of `concurrent.futures.wait`
    can interrupt the release of a lock and turn into an error about that lock.
    """
    stop = threading.Event()
    if len(tasks) == 1:
        return [tasks[0](stop)]
    finished: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()

    def run_task(index: int) -> None:
        try:
            finished.put((index, tasks[index](stop), None))
        except BaseException as error:  # for the caller to raise
            finished.put((index, None, error))

    results: dict[int, Result | None] = {}
    with ThreadPoolExecutor(n_workers) as pool:
        try:
            for index in range(len(tasks)):
                pool.submit(run_task, index)
            while len(results) < len(tasks):
                index, result, error = finished.get()
                if error is not None:
                    raise error
                results[index] = result
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [cast(Result, results[index]) for index in range(len(tasks))]
