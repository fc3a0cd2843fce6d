"""What the results of a campaign mean, and what to do with the cells that cannot be believed as they are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from densehop.diagnostics.verdicts import Verdict

if TYPE_CHECKING:
    from densehop.campaign.cell import Cell

MEANINGS = {
    Verdict.TOO_SHORT: "rest on too few independent sweeps, or still drift: a larger schedule.max_sweeps or n_sweeps "
    "in the plan computes them anew",
    Verdict.DISAGREE: "have chains in different states, so that their mean belongs to none of them: run longer, or "
    "with schedule.exchange_with; a start at the pattern that stays says that its state is at least metastable",
    Verdict.FROZEN: "did not move at all: exact for the state that they are in, and silent about all others",
}

DOUBTFUL = (Verdict.TOO_SHORT, Verdict.DISAGREE)


def doubtful(cells: Mapping[Verdict, Sequence["Cell"]]) -> dict[Verdict, Sequence["Cell"]]:
    """Return the cells that need more sweeps or another method, by their verdict."""
    return {verdict: cells[verdict] for verdict in DOUBTFUL if cells[verdict]}


def campaign_sentences(cells: Mapping[Verdict, Sequence[object]], n_imprecise: int) -> list[str]:
    """Say how many finished cells can be believed, and what to do about the others."""
    n_judged = sum(map(len, cells.values()))
    if not n_judged:
        return []
    n_good = len(cells[Verdict.EQUILIBRATED])
    said = [f"{n_good} of {n_judged} cells are equilibrated: their means and error bars can be used as they are."]
    said += [f"{len(cells[verdict])} {meaning}." for verdict, meaning in MEANINGS.items() if cells[verdict]]
    if n_imprecise:
        said.append(f"{n_imprecise} reached schedule.max_sweeps before the precision that the plan asks for.")
    return said
