"""Message passing on the very disorders of the committed Monte-Carlo figures: does the gap to theory at N close?

`python benchmarks/bench_same_disorders.py NAME`, NAME nishimori-overlap or large-noise-overlap, draws the examples of
each cell of `docs/figures/NAME.nc` that starts from the pattern, lies in global retrieval and has an error bar, runs
message passing from the pattern, and prints each point's q* beside that of the chains and that of theory at N. A point
deviates in standard errors of the figure's mean, which contain the spread between disorders; `paired` is the mean
difference on equal disorders, whose spread gives its error. `--table FILE` keeps the points. `--fresh 24` compares
theory at N with message passing on so many other disorders of each point instead (seeds 1000, 1001, ... of
`draw_examples`).
"""

import argparse
import math
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

import densehop as dh
from densehop.base.arrays import Floats
from densehop.campaign import plan_of
from densehop.campaign.cell import Cell
from densehop.campaign.measure import draw
from densehop.campaign.plan_text import parse

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
NEAR_LIMIT = 1.2  # of lambda_N/lambda: the points over which the pages of Fig. 4 sum up
Point = tuple[int, float, float]  # N, load, temperature


class Row(NamedTuple):
    """One point: overlaps of message passing (disorder,), of the chains (disorder,), its error and theory's at N."""

    found: Floats
    chains: Floats
    error: float
    theory: float
    signal_ratio: float
    seconds: float

    @property
    def deviations(self) -> tuple[float, float]:
        """Chains less message passing and less theory at N, in standard errors of the figure."""
        mean = float(self.chains.mean())
        return (mean - float(self.found.mean())) / self.error, (mean - self.theory) / self.error

    @property
    def paired(self) -> tuple[float, float]:
        """Message passing less the chains of the same examples, and the error of the mean."""
        difference = self.found - self.chains
        return float(difference.mean()), float(difference.std(ddof=1) / math.sqrt(difference.size))


def overlap(cell: Cell) -> float:
    """Return q* of message passing from the pattern on the cell's own examples; nan where it does not converge."""
    references, examples = draw(cell)
    pattern = references[0]
    found = dh.message_passing(examples, cell.p, cell.temperature, start=pattern, n_workers=1)
    return float(found.magnetisations @ pattern) / cell.n_spins if found.converged else math.nan


def fresh_overlap(cell: Cell, seed: int) -> float:
    """Return q* of message passing from the pattern on examples of the cell's law that no figure has."""
    assert cell.teacher_p is not None
    assert cell.teacher_temperature is not None
    sizes = cell.n_spins, cell.n_examples, cell.teacher_p, cell.teacher_temperature
    pattern, examples = dh.draw_examples(*sizes, seed=seed)
    found = dh.message_passing(examples, cell.p, cell.temperature, start=pattern, n_workers=1)
    return float(found.magnetisations @ pattern) / cell.n_spins if found.converged else math.nan


def show_fresh(data: xr.Dataset, point: Point, cell: Cell, n_disorders: int) -> float:
    """Print and return how far theory at N is from the mean over other disorders, in standard errors."""
    theory = float(data.q_star_finite_size.sel(n_spins=point[0], alpha=point[1], temperature=point[2]))
    found = np.array([fresh_overlap(cell, 1000 + number) for number in range(n_disorders)])
    found = found[np.isfinite(found)]
    mean, error = float(found.mean()), float(found.std(ddof=1) / math.sqrt(found.size))
    where = f"{point[0]:4} {point[1]:5g} {point[2]:7.4f}"
    deviation = (mean - theory) / error
    print(f"{where}  {mean:.4f}({error:.4f}) of {found.size}  theory {theory:.4f}  {deviation:+.2f}", flush=True)
    return deviation


def points_of(data: xr.Dataset, sizes: list[int] | None) -> dict[Point, list[Cell]]:
    """Return the cells that start from the pattern in global retrieval, by point, in the order of disorders."""
    chosen: dict[Point, list[Cell]] = defaultdict(list)
    for cell in plan_of(parse(data.attrs["plan"], ".json", "plan")).cells():
        place = data.sel(alpha=cell.load, temperature=cell.temperature, n_spins=cell.n_spins, start="pattern")
        compared = cell.temperature < float(place.temperature_global) and float(place.q_star_error) > 0  # some flips
        if cell.start == "pattern" and compared and (sizes is None or cell.n_spins in sizes):
            chosen[cell.n_spins, cell.load, cell.temperature].append(cell)
    return {point: sorted(cells, key=lambda cell: cell.disorder) for point, cells in chosen.items()}


def row_of(data: xr.Dataset, point: Point, cells: list[Cell]) -> Row:
    """Run message passing on the disorders of one point."""
    n_spins, load, temperature = point
    place = data.sel(n_spins=n_spins, alpha=load, temperature=temperature, start="pattern")
    begin = time.process_time()
    found = np.array([overlap(cell) for cell in cells])
    seconds = (time.process_time() - begin) / len(cells)
    chains = place.q_star.sel(disorder=[cell.disorder for cell in cells]).to_numpy()
    theory, ratio = float(place.q_star_finite_size), float(place.signal_ratio)
    return Row(found, chains, float(place.q_star_error), theory, ratio, seconds)


def show(point: Point, row: Row) -> str:
    """Return one line of the table."""
    amp, theory = row.deviations
    difference, error = row.paired
    where = f"{point[0]:4} {point[1]:5g} {point[2]:7.4f} {row.signal_ratio:6.3f}"
    means = f"{row.chains.mean():8.4f}({row.error:.4f}) {row.found.mean():8.4f} {row.theory:8.4f}"
    return f"{where} {means} {amp:+7.2f} {theory:+7.2f} {difference:+8.4f}({error:.4f}) {row.seconds:8.2f}"


def sum_up(name: str, rows: list[Row]) -> None:
    """Print root mean square deviations of both lines, and the mean paired difference."""
    sound = [row for row in rows if row.error > 0 and np.isfinite(row.deviations).all()]
    if not sound:
        print(f"{name}: no point with an error bar")
        return
    deviations = np.array([row.deviations for row in sound])
    rms, within = np.sqrt(np.mean(deviations**2, axis=0)), np.mean(np.abs(deviations) < 3, axis=0)
    paired = np.array([row.paired[0] for row in sound])
    spread = paired.std(ddof=1) / math.sqrt(len(paired)) if len(paired) > 1 else math.nan
    print(
        f"{name}, {len(sound)} of {len(rows)} points: message passing rms {rms[0]:.2f} ({within[0]:.0%} within 3), "
        f"theory at N rms {rms[1]:.2f} ({within[1]:.0%}); paired {paired.mean():+.5f} +- {spread:.5f}",
        flush=True,
    )


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=("nishimori-overlap", "large-noise-overlap"))
    parser.add_argument("--n-spins", type=int, nargs="+")
    parser.add_argument("--table", type=Path)
    parser.add_argument("--fresh", type=int, metavar="DISORDERS")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with xr.open_dataset(FIGURES / f"{given.figure}.nc") as data:
        data.load()
    if given.fresh is not None:
        chosen = points_of(data, given.n_spins).items()
        deviations = np.array([show_fresh(data, point, cells[0], given.fresh) for point, cells in chosen])
        print(f"{len(deviations)} points, root mean square {np.sqrt(np.mean(deviations**2)):.2f} standard errors")
        return
    print(
        "   N  load       T  ratio   chains (error)  passing theory N  (chains - each)/error  paired (error)  seconds",
        flush=True,
    )
    rows: dict[Point, Row] = {}
    for point, cells in points_of(data, given.n_spins).items():
        rows[point] = row_of(data, point, cells)
        print(show(point, rows[point]), flush=True)
    for n_spins in sorted({point[0] for point in rows}):
        here = [row for point, row in rows.items() if point[0] == n_spins]
        sum_up(f"N = {n_spins}, all", here)
        sum_up(f"N = {n_spins}, ratio < {NEAR_LIMIT}", [row for row in here if row.signal_ratio < NEAR_LIMIT])
    if given.table is not None:
        keys = ("n_spins", "alpha", "temperature", "disorder")
        index = [(*point, number) for point, row in rows.items() for number in range(row.found.size)]
        values = [(found, chain) for row in rows.values() for found, chain in zip(row.found, row.chains, strict=True)]
        header = ",".join((*keys, "q_star_passing", "q_star_chains"))
        table = np.array([(*place, *value) for place, value in zip(index, values, strict=True)])
        np.savetxt(given.table, table, fmt="%.9g", delimiter=",", header=header, comments="")


if __name__ == "__main__":
    main()
