"""How recipes run the plan of their simulations."""

from pathlib import Path

import xarray as xr

from densehop.base.progress import Progress
from densehop.base.workers import count_workers
from densehop.campaign.completed import complete
from densehop.campaign.engines import ThisProcess
from densehop.campaign.plan import Plan
from densehop.campaign.runner import local


def run_plan(plan: Plan, cells: Path, n_workers: int | None, progress: Progress) -> xr.Dataset:
    """Run the cells of a plan that the folder `cells` does not hold yet; return the results of all cells."""
    engine = ThisProcess if count_workers(n_workers) == 1 else local(n_workers)
    return complete(plan, cells, engine, progress)
