"""`complete`: run what is missing of a plan and return all of its results, as every recipe that simulates needs it."""

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.dataset import collect
from densehop.campaign.engines import Engine, LocalWorkers
from densehop.campaign.plan import Plan
from densehop.campaign.runner import run
from densehop.errors import Incomplete


def complete(
    plan: Plan,
    folder: Path,
    engine: Callable[[], Engine] = LocalWorkers,
    progress: Progress | None = None,
    traces: bool = True,
) -> xr.Dataset:
    """Run what is missing of a plan and return all of its results; arguments as in `run` and `collect`.

    Raises
    ------
    Incomplete
        If cells failed; the message names the first one and where all are kept.
    """
    report = run(plan, folder, engine, progress)
    if report.failures:
        raise Incomplete(
            f"{len(report.failures)} of {report.n_cells} cells failed, such as {report.failures[0]}; see "
            f"'{folder / 'failures'}', the same command tries them again"
        )
    return collect(folder, plan, traces)
