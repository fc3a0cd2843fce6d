"""A run: groups of chains on threads, their results, and the checkpoint that survives what may happen to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from densehop.base.arrays import Signs
from densehop.base.streams import seed_sequence
from densehop.base.workers import run_all
from densehop.errors import Interrupted, InvalidInput
from densehop.kernels.record import Record
from densehop.simulate.attempts import GENERATOR
from densehop.simulate.blocks import Group, Setup
from densehop.simulate.chains import Arrays
from densehop.simulate.checkpoint import Checkpoint, CheckpointWriter, restore
from densehop.simulate.representations.fingerprint import digest

Progress = Callable[[int], None]
MakeGroup = Callable[[Setup, slice, Signs, Record, Arrays], Group]


def split(n_chains: int, at_most: int) -> list[slice]:
    """Split chains into at most `at_most` groups."""
    parts = np.array_split(np.arange(n_chains), min(at_most, n_chains))
    return [slice(int(chains[0]), int(chains[-1]) + 1) for chains in parts]


@dataclass(frozen=True)
class Run:
    """What is to be done: chains from starts (C, N) with references (R, N).

    `progress` is called from the threads with the number of sweeps just done.
    """

    setup: Setup
    starts: Signs
    references: Signs
    progress: Progress | None = None
    checkpoint: str | Path | None = None
    checkpoint_every: float = 60.0

    def carry_out(self, make_group: MakeGroup, rows: Sequence[slice]) -> tuple[Signs, Arrays]:
        """Run groups of these rows to their end, or those of the checkpoint; return final states and results."""
        results, spins, file = self._empty_results(), self.starts.copy(), self._file()
        saved = file.read() if file else None
        if saved:
            self._require_no_more(saved[0]["by_couplings"].shape[1])
            rows = [slice(*group["rows"]) for group in saved[1]["groups"]]
        groups = []
        for part in rows:
            own = {name: values[part] for name, values in results.items()}
            record = Record(self.references, own["trace"], own["snapshots"], self.setup.settings.snapshot_every)
            groups.append(make_group(self.setup, part, spins[part], record, own))
        if saved:
            restore(saved[0], groups, saved[1]["groups"], results)
        _run(groups, self.setup.n_workers, self.progress, CheckpointWriter(file, groups, results) if file else None)
        return spins, results

    def _empty_results(self) -> Arrays:
        """Return what the groups fill."""
        n_chains, n_sweeps, every = (
            self.setup.settings.n_chains,
            self.setup.settings.n_sweeps,
            self.setup.settings.snapshot_every,
        )
        kept = n_sweeps // every if every else 0
        return {
            "trace": np.zeros((n_chains, n_sweeps, 2 + len(self.references)), dtype=self.setup.model.trace_type),
            "snapshots": np.zeros((n_chains, kept, self.setup.model.n_spins), dtype=np.int8),
            "by_couplings": np.zeros((n_chains, n_sweeps), dtype=np.bool_),
            "level": np.zeros((n_chains, n_sweeps if self.setup.temperatures else 0), dtype=np.int16),
        }

    def _file(self) -> Checkpoint | None:
        """Return the checkpoint, which names all that results depend on but the number of sweeps.

        The representation is not among them: which may run depends on the memory that is free today.
        """
        if self.checkpoint is None:
            return None
        seed = seed_sequence(self.setup.settings.seed)
        same = ("temperature", "n_chains", "dynamics", "order", "snapshot_every")
        identity = {
            "random numbers": GENERATOR,
            "patterns and energy": self.setup.model.fingerprint(),
            "seed": [seed.entropy, list(seed.spawn_key)],
            **{name: getattr(self.setup.settings, name) for name in same},
            "temperatures": list(self.setup.temperatures),
            "exchange_every": self.setup.exchange_every,
            "start": digest(self.starts),
            "references": digest(self.references),
        }
        return Checkpoint.at(self.checkpoint, self.checkpoint_every, identity)

    def _require_no_more(self, n_saved: int) -> None:
        if n_saved > self.setup.settings.n_sweeps:
            raise InvalidInput(
                f"n_sweeps must be at least {n_saved}, which the checkpoint holds, got {self.setup.settings.n_sweeps}"
            )


def _run(groups: Sequence[Group], n_workers: int, progress: Progress | None, writer: CheckpointWriter | None) -> None:
    """Run the groups to their end; whatever stops them, the checkpoint is brought up to date first."""

    def report(group: Group, n_sweeps: int) -> None:
        if writer is not None:
            writer.keep(group)
        if progress is not None:
            progress(n_sweeps * len(group.states))

    before = sum(group.place.done * len(group.states) for group in groups)
    if progress is not None and before > 0:
        progress(before)
    tasks = [partial(group.run, report) for group in groups]
    if writer is None:
        run_all(tasks, n_workers)
        return
    try:
        writer.write()
        run_all(tasks, n_workers)
    except KeyboardInterrupt as error:
        writer.write()
        done, n_total = min(group.place.done for group in groups), groups[0].settings.n_sweeps
        raise Interrupted(
            f"stopped after {done} of {n_total} sweeps, saved in '{writer.path}': the same call goes on from there"
        ) from error
    except BaseException:
        writer.write()
        raise
    writer.write()
