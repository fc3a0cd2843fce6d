"""How far a campaign is, and what it has cost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from densehop.base.archives import Damaged
from densehop.campaign.cell import Cell
from densehop.campaign.folder import CampaignFolder, Result
from densehop.campaign.runner import Failure
from densehop.campaign.summary import VERDICTS
from densehop.diagnostics.verdicts import Verdict


@dataclass(frozen=True)
class Status:
    """The state of a campaign's folder.

    Attributes
    ----------
    name : str
    at_work : bool, whether a run holds the folder now
    n_cells, n_finished, n_under_way, n_damaged : int; cells under way have a checkpoint
    failures : of cells that have no result
    seconds_spent : of all finished cells together, one after the other
    seconds_left : predicted from them for the cells that are missing; nan before the first one is finished
    n_imprecise : finished cells that ended at max_sweeps before they were as precise as asked
    cells_by_verdict : finished cells by what their chains say; cells that attack a pattern have no verdict
    hosts : names of machines that finished cells
    """

    name: str
    at_work: bool
    n_cells: int
    n_finished: int
    n_under_way: int
    n_damaged: int
    failures: tuple[Failure, ...]
    seconds_spent: float
    seconds_left: float
    n_imprecise: int
    cells_by_verdict: Mapping[Verdict, tuple[Cell, ...]]
    hosts: tuple[str, ...]


def status(path: Path) -> Status:
    """Return the state of the campaign in a folder."""
    folder = CampaignFolder.existing(path)
    plan = folder.plan()
    cells = {cell.identity: cell for cell in plan.cells()}.values()
    finished, missing, damaged = [], [], 0
    for cell in cells:
        try:
            result = folder.result(cell)
        except Damaged:
            damaged, result = damaged + 1, None
        if result is None:
            missing.append(cell)
        else:
            finished.append((cell, result))
    spent = math.fsum(result.facts.get("wall_seconds", 0.0) for _, result in finished)
    predicted = math.fsum(cell.cost for cell, _ in finished)
    failed = [(cell, folder.failure(cell)) for cell in missing]
    flags = [
        {name: float(values) for name, (dims, values) in result.variables.items() if not dims} for _, result in finished
    ]
    return Status(
        name=plan.name,
        at_work=folder.is_locked(),
        n_cells=len(cells),
        n_finished=len(finished),
        n_under_way=sum(folder.checkpoint_path(cell).exists() for cell in missing),
        n_damaged=damaged,
        failures=tuple(Failure(cell, str(record.get("error"))) for cell, record in failed if record is not None),
        seconds_spent=spent,
        seconds_left=math.fsum(cell.cost for cell in missing) * (spent / predicted if predicted else math.nan),
        n_imprecise=sum(flag.get("precision_reached") == 0 for flag in flags),
        cells_by_verdict=_by_verdict(finished),
        hosts=tuple(sorted({str(result.facts.get("host")) for _, result in finished})),
    )


def _by_verdict(finished: Sequence[tuple[Cell, Result]]) -> dict[Verdict, tuple[Cell, ...]]:
    """Sort finished cells by their verdicts."""
    code_of = {verdict: float(number) for number, verdict in enumerate(VERDICTS)}
    codes = [(cell, result.variables["verdict"][1]) for cell, result in finished if "verdict" in result.variables]
    return {verdict: tuple(cell for cell, value in codes if value == code_of[verdict]) for verdict in VERDICTS}
