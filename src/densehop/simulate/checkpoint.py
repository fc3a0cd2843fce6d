"""Long runs survive a kill at any moment: what is needed to go on is written now and then, in one file, whole or not.

A file names the run it belongs to, so that no other run goes on from it. More sweeps may be asked for than before.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.archives import WRONG, Damaged, packed, unpacked
from densehop.base.files import write_together
from densehop.base.version import __version__
from densehop.errors import InvalidInput
from densehop.simulate.blocks import Group, GroupProgress
from densehop.simulate.chains import Arrays


@dataclass(frozen=True)
class Checkpoint:
    """A file that keeps a run, written every `every` seconds; `identity` names the run, by words and numbers."""

    path: Path
    every: float
    identity: Mapping[str, Any]

    @classmethod
    def at(cls, path: str | Path, every: float, identity: Mapping[str, Any]) -> "Checkpoint":
        """Return a checkpoint whose arguments are checked."""
        if not isinstance(path, str | PathLike):
            raise InvalidInput(f"checkpoint must be the name of a file, got {checks.shown(path)}")
        target = Path(path)
        if target.is_dir() or not target.parent.is_dir():
            raise InvalidInput(f"checkpoint must be a file in an existing folder, got '{target}'")
        every = checks.number("checkpoint_every", every, zero_allowed=True)
        return cls(target, every, {"version": __version__, **identity})

    def write(self, arrays: Arrays, rest: Mapping[str, Any]) -> None:
        """Put the arrays, and numbers and words in `rest`, in the place of what was there."""
        about = json.dumps({"identity": self.identity, "rest": rest}, default=_plain)
        content = packed({"about": np.array(about), **arrays})
        try:
            write_together({self.path: content})
        except OSError as error:
            raise InvalidInput(
                f"cannot write the checkpoint '{self.path}': {error.strerror}; what it held before is untouched"
            ) from error

    def read(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return what was written, None if there is no file; refuse a damaged one and that of another run."""
        if not self.path.exists():
            return None
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise InvalidInput(
                f"the checkpoint '{self.path}' cannot be read just now ({error.strerror}); it is left as it is"
            ) from error
        try:
            arrays = unpacked(content)
            about = json.loads(str(arrays.pop("about")))
            identity, rest = about["identity"], about["rest"]
        except (Damaged, *WRONG) as error:
            raise InvalidInput(
                f"'{self.path}' is no checkpoint, or a damaged one; use another file, put a copy back, or delete it "
                "to start anew"
            ) from error
        self._compare(identity)
        return arrays, rest

    def _compare(self, stored: Mapping[str, Any]) -> None:
        """Refuse what another run has written."""
        identity = json.loads(json.dumps(self.identity, default=_plain))
        for name in identity:
            if name not in stored or stored[name] != identity[name]:
                value = checks.shown(stored[name]) if name in stored else "another, in an earlier version"
                raise InvalidInput(
                    f"the checkpoint '{self.path}' belongs to another run: {name} was {value}, now "
                    f"{checks.shown(identity[name])}; use another file or delete it"
                )


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays in JSON's types."""
    return value.tolist()


@dataclass(frozen=True)
class SavedGroup:
    """One group as it was after a block."""

    place: GroupProgress
    spins: npt.NDArray[np.int8]


class CheckpointWriter:
    """Writes a checkpoint of all groups of a run now and then, from whichever thread is there at that moment.

    `results` are the arrays that groups fill row by row and never change again: (chain, sweep, ...), or, for
    `snapshots`, (chain, sweep // every, N).
    """

    def __init__(self, checkpoint: Checkpoint, groups: Sequence[Group], results: Arrays) -> None:
        self.path, self._checkpoint = checkpoint.path, checkpoint
        self._results, self._lock = results, threading.Lock()
        self._groups, self._every = groups, groups[0].settings.snapshot_every
        self._kept = [self._copy(group) for group in groups]
        self._last = time.monotonic()

    @staticmethod
    def _copy(group: Group) -> SavedGroup:
        return SavedGroup(group.place, group.states.copy())

    def keep(self, group: Group) -> None:
        """Note where a group is after a block; write if it is time."""
        kept = self._copy(group)
        with self._lock:
            self._kept[self._groups.index(group)] = kept
            if time.monotonic() - self._last >= self._checkpoint.every:
                self.write()

    def write(self) -> None:
        """Write what was noted last."""
        done = max(kept.place.done for kept in self._kept)
        arrays = {name: values[:, : self._length(name, done)] for name, values in self._results.items()}
        spins = np.concatenate([kept.spins for kept in self._kept])
        groups = [
            {"rows": [group.rows.start, group.rows.stop], "place": asdict(kept.place)}
            for group, kept in zip(self._groups, self._kept, strict=True)
        ]
        self._checkpoint.write({**arrays, "spins": spins}, {"groups": groups})
        self._last = time.monotonic()

    def _length(self, name: str, done: int) -> int:
        if name != "snapshots":
            return done
        return done // self._every if self._every else 0


def restore(
    arrays: Arrays, groups: Sequence[Group], saved_groups: Sequence[Mapping[str, Any]], results: Arrays
) -> None:
    """Bring groups and results to where a checkpoint left them."""
    for name, values in results.items():
        values[:, : arrays[name].shape[1]] = arrays[name]
    for group, saved in zip(groups, saved_groups, strict=True):
        group.states[:] = arrays["spins"][group.rows]
        progress = saved["place"]
        couplings = progress["couplings"] if group.choice == "auto" else group.choice == "couplings"
        group.place = GroupProgress(**{**progress, "couplings": couplings, "levels": tuple(progress["levels"])})
