"""What the recipes of attacks share: how they run the plan, and the means over disorders."""

import math
from pathlib import Path

import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.plan import Plan
from densehop.recipes.simulations import run_plan


def run_attacks(plan: Plan, cells: Path, n_workers: int | None, progress: Progress) -> xr.Dataset:
    """Run the missing cells of a plan of attacks; return the means over chains, without dimensions of length 1."""
    results = run_plan(plan, cells, n_workers, progress)
    results = results[["q_star", "m", "example_overlap"]].squeeze(("n_spins", "start", "temperature"), drop=True)
    means = results[["q_star", "m"]].mean("chain").assign(example_overlap=results["example_overlap"])
    dropped = [name for name in ("alpha", "teacher_p") if name in means.coords]
    return means.squeeze("p", drop=True).drop_vars(dropped) if means.sizes["p"] == 1 else means.drop_vars(dropped)


def add_estimates(dataset: xr.Dataset) -> None:
    """Add the means of the overlaps over disorders, and their standard errors."""
    root = math.sqrt(dataset.sizes["disorder"])
    for name in ("q_star", "m", "example_overlap"):
        dataset[f"{name}_mean"] = dataset[name].mean("disorder")
        dataset[f"{name}_error"] = dataset[name].std("disorder", ddof=1) / root
