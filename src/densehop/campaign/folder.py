"""A campaign's folder: one file for each finished cell, one for each failure, checkpoints, the plan and a lock.

    DIR/plan.json                 the plan that was run last
    DIR/cells/IDENTITY.npz        a finished cell, written once
    DIR/checkpoints/IDENTITY.npz  a cell under way
    DIR/failures/IDENTITY.json    a cell that raised or whose worker died, until it succeeds
    DIR/lock                      held by the run at work, until its process ends, however it ends (lock.py)

Only the process that holds the lock writes cells and failures; workers write checkpoints.
"""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densehop.base.archives import Damaged
from densehop.base.files import write_together
from densehop.campaign import lock, store
from densehop.campaign.cell import Cell
from densehop.campaign.checkpoint import encode_arrays, read_arrays
from densehop.campaign.plan import Plan
from densehop.campaign.plan_file import read_plan
from densehop.campaign.summary import Variables
from densehop.errors import InvalidInput

Facts = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """A finished cell: its variables, and facts about how they were made (times, host, versions)."""

    variables: Variables
    facts: Facts


@dataclass(frozen=True)
class CampaignFolder:
    """The folder at `path`."""

    path: Path

    @classmethod
    def prepare(cls, path: Path) -> "CampaignFolder":
        """Create the folder if need be; one that cannot be written is refused."""
        for folder in (path, path / "cells", path / "checkpoints", path / "failures"):
            store.writable_folder(folder)
        return cls(path.resolve())

    @classmethod
    def existing(cls, path: Path) -> "CampaignFolder":
        """Return a folder that a campaign ran in."""
        if not (path / "plan.json").is_file():
            raise InvalidInput(f"'{path}' is not the folder of a campaign: it holds no plan.json")
        return cls(path.resolve())

    def lock(self) -> AbstractContextManager[bool]:
        """Hold the lock, which yields whether the file system has locks; a folder that another run holds is refused."""
        return lock.hold(self.path / "lock")

    def is_locked(self) -> bool:
        """Tell whether a run is at work."""
        return lock.is_held(self.path / "lock")

    def write_plan(self, plan: Plan) -> None:
        """Keep the plan."""
        write_together({self.path / "plan.json": plan.model_dump_json(indent=1).encode()})

    def plan(self) -> Plan:
        """Return the plan that was run last."""
        return read_plan(self.path / "plan.json")

    def result_path(self, cell: Cell) -> Path:
        """Return the path of a finished cell."""
        return self.path / "cells" / f"{cell.identity}.npz"

    def checkpoint_path(self, cell: Cell) -> Path:
        """Return the path of a cell's checkpoint."""
        return self.path / "checkpoints" / f"{cell.identity}.npz"

    def failure_path(self, cell: Cell) -> Path:
        """Where the cell's failure is kept."""
        return self.path / "failures" / f"{cell.identity}.json"

    def result(self, cell: Cell) -> Result | None:
        """Return what the cell gave, or None; a damaged file raises `Damaged`, one that cannot be read OSError."""
        try:
            arrays, header = read_arrays(self.result_path(cell), cell.identity)
        except FileNotFoundError:
            return None
        dims = header.get("dimensions", {})
        if set(dims) != set(arrays):
            raise Damaged("its variables are not those of its header")
        return Result({name: (tuple(dims[name]), arrays[name]) for name in arrays}, header.get("facts", {}))

    def finish(self, cell: Cell, result: Result) -> None:
        """Write a finished cell, which never replaces another; its checkpoint and its old failure go."""
        target = self.result_path(cell)
        if target.exists():
            raise FileExistsError(17, "a finished cell is never overwritten", str(target))
        header = {
            "identity": cell.identity,
            "content": cell.content,
            "dimensions": {name: dims for name, (dims, _) in result.variables.items()},
            "facts": result.facts,
        }
        arrays = {name: values for name, (_, values) in result.variables.items()}
        write_together({target: encode_arrays(arrays, header)})
        self.checkpoint_path(cell).unlink(missing_ok=True)
        self.failure_path(cell).unlink(missing_ok=True)

    def fail(self, cell: Cell, failure: Facts) -> None:
        """Keep a failure with the cell's parameters and seed."""
        content = {"identity": cell.identity, "parameters": cell.content, **failure}
        write_together({self.failure_path(cell): json.dumps(content, indent=1).encode()})

    def failure(self, cell: Cell) -> Facts | None:
        """Return the cell's failure, if it failed; what cannot be read is a failure too."""
        try:
            content: Facts = json.loads(self.failure_path(cell).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            return {"error": f"its record cannot be read ({error})"}
        return content

    def set_aside(self, cell: Cell) -> Path:
        """Move a damaged result out of the way, and keep it."""
        path = self.result_path(cell)
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        return aside

    def tidy(self, cells: Iterable[Cell]) -> None:
        """Remove what killed runs left behind: half-written files, and checkpoints of finished cells."""
        for part in (*self.path.glob(".*.part"), *self.path.glob("*/.*.part")):
            part.unlink(missing_ok=True)
        for cell in cells:
            self.checkpoint_path(cell).unlink(missing_ok=True)
