"""The Dask engine: cells as tasks of a local cluster or of a scheduler that runs elsewhere."""

import gc
import logging
import queue
import time
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any

from densehop.base.checks import free_memory
from densehop.base.workers import count_workers
from densehop.campaign.engines import SHARE_OF_MEMORY, without_interrupts
from densehop.campaign.worker import DIED, FAILED, Outcome, Work, carry_out
from densehop.errors import InvalidInput

Client = Any  # of distributed, which is optional
Future = Any

LOST_AFTER = "60s"  # a worker that has not come back is replaced; on a busy machine a start takes long
CONNECTION_TIMEOUT = 60.0  # seconds in which a scheduler must answer and have workers


class DaskWorkers:
    """Workers of Dask: of the scheduler at an address, else of a local cluster of processes with one thread each.

    A worker that dies is Dask's affair; the cell it had comes back as died and the campaign decides. Workers must have
    densehop installed. Where they share the campaign's folder under the same path, cells resume from checkpoints.
    """

    def __init__(self, scheduler: str | None = None, n_workers: int | None = None) -> None:
        distributed = _imported()
        for name in (
            "distributed",
            "distributed.client",
        ):  # what happens to cells is told by the campaign, in its words
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._cluster: Any = None
        self._n_workers = count_workers(n_workers)
        self._settings = ExitStack()
        if scheduler is None:
            self._cluster = _local_cluster(distributed, self._n_workers, self._settings)
        elif n_workers is not None:
            raise InvalidInput("the scheduler's workers are already there: leave the number of workers out")
        try:
            self._client: Client = distributed.Client(
                scheduler or self._cluster, timeout=CONNECTION_TIMEOUT, set_as_default=False
            )
            self._client.wait_for_workers(1, timeout=CONNECTION_TIMEOUT)
        except (OSError, ValueError, TimeoutError) as error:
            raise InvalidInput(f"no Dask scheduler with workers at '{scheduler}' ({error})") from error
        self._outcomes: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._killed: type[Exception] = distributed.KilledWorker
        self._futures: set[Any] = set()
        self._room = self._sizes()

    def capacity(self) -> int:
        """Return the number of threads of all workers there are now."""
        self._room = self._sizes()
        return self._room[0]

    def memory(self) -> int:
        """Return the workers' memory together; what is free on this machine where they have no limits."""
        return self._room[1]

    def submit(self, work: Work) -> None:
        """Hand the work to the scheduler."""
        future = self._client.submit(carry_out, work, pure=False, key=f"{work.cell.identity}-{time.time_ns()}")
        self._futures.add(future)

        def done(future: Future) -> None:
            self._futures.discard(future)
            self._outcomes.put(self._outcome(work, future))

        future.add_done_callback(done)

    def next_outcome(self) -> Outcome | None:
        """Wait for a worker, for a second; a scheduler that is lost ends the campaign."""
        try:
            outcome = self._outcomes.get(timeout=1.0)
        except queue.Empty:
            if self._client.status == "running":
                if self._cluster is not None:
                    self._cluster.scale(self._n_workers)  # replaces workers that Dask has given up
                return None  # others may have joined
            outcome = None
        if outcome is None:
            raise OSError("the Dask scheduler is lost; finished cells stay, run again to go on")
        return outcome

    def close(self) -> None:
        """Release everything; what a foreign worker is doing it does to its end, for nothing but its checkpoint."""
        self._client.cancel(list(self._futures))
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
        self._settings.close()
        gc.collect()  # semaphores go with their processes, not at an end that may be abrupt

    def _outcome(self, work: Work, future: Future) -> Outcome | None:
        """Translate how a task of Dask ended; None: it was given up, with the scheduler."""
        if future.status == "finished":
            outcome: Outcome = future.result()
            return outcome
        if future.status in {"cancelled", "lost"}:
            return None
        error = future.exception()
        if isinstance(error, self._killed):
            return Outcome(work.cell, DIED, error=str(error))
        return Outcome(work.cell, FAILED, error=f"{type(error).__name__}: {error}")

    def _sizes(self) -> tuple[int, int]:
        """Return threads and bytes of all workers."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        limits = [worker.get("memory_limit") or 0 for worker in workers]
        memory = sum(limits) if limits and all(limits) else free_memory()
        return max(1, sum(worker["nthreads"] for worker in workers)), int(SHARE_OF_MEMORY * memory)


def _imported() -> Any:
    try:
        import distributed  # noqa: PLC0415 (optional, and slow)
    except ImportError as error:
        raise InvalidInput("the Dask engine needs Dask: pip install 'densehop[cluster]'") from error
    return distributed


def _local_cluster(distributed: Any, n_workers: int, settings: ExitStack) -> Any:
    """Start processes with one thread each; their memory is what cells are admitted by, not Dask's to police."""
    import dask  # noqa: PLC0415 (optional, and slow)

    place = dask.config.get("temporary-directory", None)
    scratch = TemporaryDirectory(suffix="-densehop", dir=place, ignore_cleanup_errors=True)
    rules = {
        "temporary-directory": settings.enter_context(scratch),
        "distributed.scheduler.allowed-failures": 0,  # how often to try again is the campaign's decision
        "distributed.deploy.lost-worker-timeout": LOST_AFTER,
    }
    settings.enter_context(dask.config.set(rules))
    with without_interrupts():  # its threads and processes never see Ctrl-C
        return distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address=None,  # nobody is told its address, and it takes a second to load
            silence_logs=logging.CRITICAL,
        )
