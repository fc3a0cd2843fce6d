"""The Dask engine: cells as tasks of a local cluster or of a scheduler that runs elsewhere."""

import gc
import logging
import queue
import time
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
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
CONNECTION_TIMEOUT = 60.0  # seconds in which a scheduler must answer, and those of a local cluster start
PATIENCE = 60.0  # seconds without any worker, after which it is said that the campaign waits for one
AHEAD = 8  # cells handed over beyond the threads, at least: a cluster that scales itself grows with what waits


class DaskWorkers:
    """Workers of Dask: of the scheduler at an address, else of a local cluster of processes with one thread each.

    A worker that dies is Dask's affair; the cell it had comes back as died and the campaign decides. Workers must have
    densehop installed. Where they share the campaign's folder under the same path, cells resume from checkpoints.
    """

    def __init__(self, scheduler: str | None = None, n_workers: int | None = None) -> None:
        distributed = _import_distributed()
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
            if scheduler is None:
                self._client.wait_for_workers(1, timeout=CONNECTION_TIMEOUT)
        except (OSError, ValueError, TimeoutError) as error:
            raise InvalidInput(f"no Dask scheduler at '{scheduler or 'this machine'}' ({error})") from error
        self._outcomes: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._killed: type[Exception] = distributed.KilledWorker
        self._futures: set[Any] = set()
        self._address = scheduler
        self._last_seen: float | None = time.monotonic()
        self._workers = self._present()

    def capacity(self) -> int:
        """Return the number of threads of all workers; where they are not ours, with room for cells that wait.

        A cluster that scales itself adds workers only where cells wait, also the first one.
        """
        self._workers = self._present()
        if self._cluster is not None:
            return max(1, self._workers.threads)
        return max(2 * self._workers.threads, AHEAD)

    def memory(self) -> int:
        """Return the workers' memory together; what is free on this machine where they have no limits."""
        return self._workers.memory

    def share(self) -> int:
        """Return the memory that a thread has for itself, wherever the scheduler puts its cell."""
        return self._workers.share

    def largest(self) -> int | None:
        """Return the memory of the largest worker; None where it is not limited, or not known yet."""
        return self._workers.largest

    def submit(self, work: Work) -> None:
        """Hand the work to the scheduler; where some workers are too small for it, for the others only."""
        chosen = self._workers.larger_than(work.cell.memory)
        key = f"{work.cell.identity}-{time.time_ns()}"
        future = self._client.submit(carry_out, work, pure=False, key=key, workers=chosen)
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
                self._say_if_none_comes()
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

    def _present(self) -> "Workers":
        """Return the workers there are now."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        if workers and self._last_seen is not None:
            self._last_seen = time.monotonic()
        return Workers.of(workers)

    def _say_if_none_comes(self) -> None:
        """Warn, once, that there has been no worker for a while: a batch system may take hours, or none is coming."""
        if self._last_seen is None or self._present().threads:
            return
        if time.monotonic() - self._last_seen > PATIENCE:
            self._last_seen = None
            warnings.warn(
                f"the Dask scheduler '{self._address}' has no workers: cells wait until some join it", stacklevel=2
            )


@dataclass(frozen=True)
class Workers:
    """What the workers of a scheduler can hold, in bytes: `memory` together, `share` each thread."""

    threads: int
    memory: int
    share: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)  # of each worker, by its address

    @classmethod
    def of(cls, workers: Mapping[str, Mapping[str, Any]]) -> "Workers":
        """Return what Dask says of its workers; without limits, what is free on this machine is theirs together."""
        threads = sum(worker["nthreads"] for worker in workers.values())
        limits = {address: worker.get("memory_limit") or 0 for address, worker in workers.items()}
        if not workers or not all(limits.values()):
            return cls(threads, int(SHARE_OF_MEMORY * free_memory()))
        smallest = min(limits[address] // worker["nthreads"] for address, worker in workers.items())
        return cls(threads, int(SHARE_OF_MEMORY * sum(limits.values())), int(SHARE_OF_MEMORY * smallest), limits)

    @property
    def largest(self) -> int | None:
        """The memory of the largest worker; None where workers have no limits, or there are none."""
        return max(self.limits.values(), default=None)

    def larger_than(self, memory: int) -> list[str] | None:
        """Return the addresses of workers that can hold so much; None: every one can, or none is known that can."""
        large = [address for address, limit in self.limits.items() if limit >= memory]
        return large if 0 < len(large) < len(self.limits) else None


def _import_distributed() -> Any:
    try:
        import distributed  # noqa: PLC0415 (optional, and slow)
    except ImportError as error:
        raise InvalidInput("the Dask engine needs Dask: pip install 'densehop[cluster]'") from error
    return distributed


def _local_cluster(distributed: Any, n_workers: int, settings: ExitStack) -> Any:
    """Start processes with one thread each; their memory is what cells are admitted by, not Dask's to police."""
    import dask  # noqa: PLC0415 (optional, and slow)

    parent = dask.config.get("temporary-directory", None)
    scratch = TemporaryDirectory(suffix="-densehop", dir=parent, ignore_cleanup_errors=True)
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
