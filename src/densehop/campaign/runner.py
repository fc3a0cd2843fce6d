"""Run a campaign: every cell that has no result yet, on any engine; what fails is kept, retried next time, reported."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from densehop.base.archives import Damaged
from densehop.base.progress import NoProgress, Progress
from densehop.campaign.cell import Cell
from densehop.campaign.engines import Engine, LocalWorkers
from densehop.campaign.folder import CampaignFolder, Facts, Result
from densehop.campaign.measure import measure
from densehop.campaign.plan import Plan
from densehop.campaign.summary import described
from densehop.campaign.worker import DIED, FAILED, FINISHED, STOPPED, Outcome, Task, Work

ATTEMPTS = 3  # crashes of workers in a row, without progress in between, after which a cell is given up
CHECKPOINT_EVERY = 20.0  # seconds


@dataclass(frozen=True)
class Failure:
    """A cell that has no result, and why."""

    cell: Cell
    error: str

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value}" for name, value in described(self.cell).items())
        return f"{where}: {self.error}"


@dataclass
class Report:
    """What a run did.

    Attributes
    ----------
    n_cells : int, of the plan
    n_found : int, finished by earlier runs
    n_finished : int, finished now
    failures : cells that raised or whose worker died
    notes : what went wrong without costing a cell
    """

    n_cells: int
    n_found: int
    n_finished: int = 0
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run(
    plan: Plan,
    folder: Path,
    engine: Callable[[], Engine] = LocalWorkers,
    progress: Progress | None = None,
    *,
    task: Task = measure,
    checkpoint_every: float = CHECKPOINT_EVERY,
) -> Report:
    """Run the cells of a plan that have no result in the folder yet.

    Parameters
    ----------
    plan : what to compute
    folder : where results are kept; the same call on the same folder resumes
    engine : ThisProcess, LocalWorkers, or a partial of LocalWorkers or DaskWorkers; the results are the same bits
    task : what a cell does; a module's function, so that workers can import it
    checkpoint_every : seconds between two moments at which a cell saves itself

    Raises
    ------
    InvalidInput
        If another run holds the folder, or it cannot be written.
    OSError
        If results cannot be written any more, or results that are there cannot be read just now; all of them stay.
    KeyboardInterrupt
        After cells under way have saved themselves.
    """
    campaign = CampaignFolder.prepare(folder)
    with campaign.lock() as certain:
        cells = list({cell.identity: cell for cell in plan.cells()}.values())
        campaign.write_plan(plan)
        missing, notes = _missing(campaign, cells)
        if not certain:
            notes.append(f"the file system of '{campaign.path}' has no locks: do not run twice in it at the same time")
        report = Report(len(cells), len(cells) - len(missing), notes=notes)
        if missing:
            running = engine()
            try:
                _Campaign(campaign, running, task, checkpoint_every, progress or NoProgress(), report).run(missing)
            finally:
                running.close()
    return report


def _missing(folder: CampaignFolder, cells: Sequence[Cell]) -> tuple[list[Cell], list[str]]:
    """Return the cells without a whole result, the longest first, and what was wrong with results that were there."""
    missing: list[Cell] = []
    finished: list[Cell] = []
    notes = []
    for cell in cells:
        try:
            (missing if folder.result(cell) is None else finished).append(cell)
        except Damaged as error:
            aside = folder.set_aside(cell)
            notes.append(f"a result is damaged ({error}): it is kept as '{aside}' and the cell computed again")
            missing.append(cell)
    folder.tidy(finished)
    return sorted(missing, key=lambda cell: -cell.cost), notes


@dataclass
class _Campaign:
    """The scheduling loop: submits cells to the engine as memory allows and stores their results."""

    folder: CampaignFolder
    engine: Engine
    task: Task
    checkpoint_every: float
    progress: Progress
    report: Report
    under_way: dict[str, Cell] = field(default_factory=dict)
    crashes: dict[str, "_Crashes"] = field(default_factory=dict)

    def run(self, cells: Sequence[Cell]) -> None:
        """Run the cells."""
        pending = deque(cells)
        self.progress.total(sum(map(_steps, cells)))
        while pending or self.under_way:
            while (cell := self._fitting(pending)) is not None:
                pending.remove(cell)
                self.under_way[cell.identity] = cell
                path = self.folder.checkpoint_path(cell)
                self.engine.submit(Work(cell, self.task, path, self.checkpoint_every))
            outcome = self.engine.next_outcome()
            if outcome is None:
                continue
            cell = self.under_way.pop(outcome.cell.identity)
            if outcome.kind == STOPPED:
                raise KeyboardInterrupt
            if outcome.kind == DIED and self._may_try_again(cell):
                pending.appendleft(cell)
            else:
                self._file(cell, outcome)
                self.progress.advance(_steps(cell))

    def _fitting(self, pending: "deque[Cell]") -> Cell | None:
        """Return the next cell for which there is room; a cell that is alone always has it.

        Cells that fit into what each worker's thread has for itself take no room from others.
        """
        if not pending or len(self.under_way) >= self.engine.capacity():
            return None
        self._refuse_too_large(pending)
        share = self.engine.share()
        room = self.engine.memory() - sum(cell.memory for cell in self.under_way.values() if cell.memory > share)
        fitting = (cell for cell in pending if cell.memory <= max(share, room))
        return next(fitting, None if self.under_way or not pending else pending[0])

    def _refuse_too_large(self, pending: "deque[Cell]") -> None:
        """Count cells that would kill any worker as failures, before they do."""
        largest = self.engine.largest()
        for cell in [cell for cell in pending if largest is not None and cell.memory > largest]:
            pending.remove(cell)
            error = (
                f"it may need {cell.memory / 2**20:.0f} MiB, and the largest worker has {(largest or 0) / 2**20:.0f}: "
                "give workers more memory, or let it have fewer spins, examples, chains or sweeps"
            )
            self._file(cell, Outcome(cell, FAILED, error=error))
            self.progress.advance(_steps(cell))

    def _may_try_again(self, cell: Cell) -> bool:
        """Count a crash of a cell's worker; after several without progress the cell is given up."""
        crashes = self.crashes.setdefault(cell.identity, _Crashes())
        crashes.count(self.folder.checkpoint_path(cell))
        return crashes.in_a_row < ATTEMPTS

    def _file(self, cell: Cell, outcome: Outcome) -> None:
        """Keep a result or a failure."""
        self.report.notes += outcome.notes
        try:
            if outcome.kind == FINISHED:
                self.folder.finish(cell, Result(outcome.variables, outcome.facts))
                self.report.n_finished += 1
            else:
                self._fail(cell, outcome)
        except OSError as error:
            raise OSError(
                f"cannot write to '{self.folder.path}': {error.strerror}; finished cells stay, "
                "the same command goes on where this one stopped"
            ) from error

    def _fail(self, cell: Cell, outcome: Outcome) -> None:
        error = outcome.error
        if outcome.kind == DIED:
            error = (
                f"its worker died {ATTEMPTS} times: killed, out of memory (predicted: {cell.memory / 2**20:.0f} MiB), "
                f'or unable to start (a script needs `if __name__ == "__main__":`)'
            )
        self.report.failures.append(Failure(cell, error))
        kept: Facts = {"kind": outcome.kind, "error": error, "trace": outcome.trace, "facts": outcome.facts}
        self.folder.fail(cell, kept)


@dataclass
class _Crashes:
    """How often a cell's worker crashed without a new checkpoint."""

    in_a_row: int = 0
    checkpoint: int = 0

    def count(self, path: Path) -> None:
        """Count a crash."""
        modified = path.stat().st_mtime_ns if path.exists() else 0
        self.in_a_row = 1 if modified != self.checkpoint else self.in_a_row + 1
        self.checkpoint = modified


def _steps(cell: Cell) -> int:
    """Return a cell's weight in the progress: its predicted cost in milliseconds."""
    return max(1, round(1000 * cell.cost))


def local(n_workers: int | None) -> Callable[[], Engine]:
    """Return the engine of so many local workers."""
    return partial(LocalWorkers, n_workers)
