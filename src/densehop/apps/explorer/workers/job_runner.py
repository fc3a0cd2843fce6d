"""Work on a thread of its own, which a page can run, pause and stop."""

import threading
from collections.abc import Callable
from typing import Protocol

from densehop.errors import DensehopError


class Work(Protocol):
    """What is done in small steps, each a fraction of a second."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""

    def advance(self) -> None:
        """Do the next step."""


class Runner:
    """Runs what has `advance` and `finished` on a thread of its own: pause, go on, stop.

    `seats` bounds how many run at once on this machine. From the thread, `moved` is called after each step, and `ended`
    at the end, also of work that was stopped, with an empty string or what went wrong.
    """

    def __init__(self, seats: threading.Semaphore, moved: Callable[[], None], ended: Callable[[str], None]) -> None:
        self._seats, self._moved, self._ended = seats, moved, ended
        self._going, self._stopped = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, work: Work) -> None:
        """Begin with new work; what ran before is stopped."""
        self.stop()
        self._stopped, self._going = threading.Event(), threading.Event()
        self._going.set()
        given = work, self._stopped, self._going
        self._thread = threading.Thread(target=self._run, args=given, name=type(work).__name__, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Wait after the present step."""
        self._going.clear()

    def resume(self) -> None:
        """Go on."""
        self._going.set()

    def stop(self) -> None:
        """End after the present step; returns at once."""
        self._stopped.set()
        self._going.set()

    @property
    def running(self) -> bool:
        """Whether work is under way, also while it waits."""
        return self._thread is not None and self._thread.is_alive() and not self._stopped.is_set()

    def _run(self, work: Work, stopped: threading.Event, going: threading.Event) -> None:
        problem = ""
        try:
            while not work.finished and not stopped.is_set():
                going.wait()
                with self._seats:
                    if stopped.is_set():
                        break
                    work.advance()
                self._moved()
        except (DensehopError, MemoryError) as error:
            problem = str(error) or "not enough memory for this size"
        self._ended(problem)
