"""Jobs in the background: a page can start, pause, resume and stop one, which runs on its own thread."""

import threading
from collections.abc import Callable
from typing import Protocol

from densehop.errors import DensehopError


class Job(Protocol):
    """A computation in small steps, each of which takes a fraction of a second.

    Attributes
    ----------
    pause : seconds between steps, for a person to watch them; other jobs may compute meanwhile
    """

    pause: float

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""

    def advance(self) -> None:
        """Do the next step."""


class JobRunner:
    """Runs one job at a time on a thread.

    Parameters
    ----------
    slots : semaphore that bounds how many jobs of all runners do a step at the same time
    on_step : called on the job's thread after each step
    on_end : called on the job's thread at the end, also of a job that was stopped, with an empty string or with what
        went wrong
    """

    def __init__(self, slots: threading.Semaphore, on_step: Callable[[], None], on_end: Callable[[str], None]) -> None:
        self._slots, self._on_step, self._on_end = slots, on_step, on_end
        self._may_run, self._stopped = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, job: Job) -> None:
        """Start a new job; the previous one is stopped."""
        self.stop()
        self._stopped, self._may_run = threading.Event(), threading.Event()
        self._may_run.set()
        arguments = job, self._stopped, self._may_run
        self._thread = threading.Thread(target=self._run, args=arguments, name=type(job).__name__, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Wait after the current step."""
        self._may_run.clear()

    def resume(self) -> None:
        """Go on after a pause."""
        self._may_run.set()

    def stop(self) -> None:
        """End the job after its current step; returns at once."""
        self._stopped.set()
        self._may_run.set()

    @property
    def running(self) -> bool:
        """Whether a job has neither ended nor been stopped; a paused one counts as running."""
        return self._thread is not None and self._thread.is_alive() and not self._stopped.is_set()

    def _run(self, job: Job, stopped: threading.Event, may_run: threading.Event) -> None:
        """Advance a job step by step on this thread until it is finished or stopped, then report how it ended."""
        error_message = ""
        try:
            while not job.finished and not stopped.is_set():
                may_run.wait()
                with self._slots:
                    if stopped.is_set():
                        break
                    job.advance()
                self._on_step()
                stopped.wait(job.pause)
        except (DensehopError, MemoryError) as error:
            error_message = str(error) or "not enough memory for this size"
        self._on_end(error_message)
