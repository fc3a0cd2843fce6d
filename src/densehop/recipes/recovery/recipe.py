"""The hidden pattern from its examples alone: how often message passing from eigenvectors finds it, and other searches.

The searches beside it go on until they have cost as much processor time: message passing from random signs, annealing,
and replica exchange. Numbers of examples lie around the one from which the unfolding's eigenvector points at the
pattern.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.stats import binomtest

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.base.streams import Purpose, seed_sequence
from densehop.campaign.kept import Kept
from densehop.plot.hidden_pattern import hidden_pattern
from densehop.recipes.number_format import format_number
from densehop.recipes.recipe import Recipe
from densehop.recipes.recovery.searches import N_MEASURED, SEARCHES, Effort, Task, measure, warm_up
from densehop.theory.questions.thresholds import inference_regime

FOUND = 0.7  # overlap from which the pattern counts as found
CONFIDENCE = 0.6827  # of the error bars


@dataclass(frozen=True)
class Case:
    """A search with several numbers of examples, and how long the other searches go on with each."""

    task: Task
    efforts: tuple[tuple[int, Effort], ...]
    n_disorders: int


@dataclass(frozen=True)
class Size:
    """How much to compute."""

    cases: tuple[Case, ...]


QUICK = Size(
    (
        Case(
            Task(3, 3, 2.0, 48),
            tuple((count, Effort(12, 1_000, 1_000)) for count in (500, 1_000, 1_400, 2_000, 2_800)),
            10,
        ),
        Case(
            Task(4, 2, 4.0, 48, "patterns"),
            tuple((count, Effort(12, 400, 400)) for count in (1_500, 2_000, 3_000, 4_000, 6_000)),
            10,
        ),
    )
)
PAPER = Size(
    (
        Case(
            Task(3, 3, 2.0, 64),
            (
                (1_152, Effort(12, 7_200, 2_200)),
                (1_646, Effort(14, 11_000, 3_300)),
                (2_305, Effort(9, 13_000, 2_900)),
                (3_293, Effort(9, 22_000, 3_100)),
                (4_610, Effort(5, 7_000, 910)),
                (6_585, Effort(1, 5_200, 750)),
            ),
            n_disorders=24,
        ),
        Case(
            Task(3, 3, 2.0, 100),
            (
                (4_340, Effort(15, 2_600, 640)),
                (6_201, Effort(14, 4_900, 1_600)),
                (8_681, Effort(9, 8_300, 2_400)),
                (12_401, Effort(5, 25_000, 2_900)),
                (17_361, Effort(2, 54_000, 6_200)),
                (24_802, Effort(10, 38_000, 6_600)),
            ),
            n_disorders=20,
        ),
        Case(
            Task(3, 3, 2.0, 200),
            (
                (28_254, Effort(21, 2_600, 1_500)),
                (40_363, Effort(18, 5_400, 3_200)),
                (56_508, Effort(8, 21_000, 10_000)),
                (80_726, Effort(5, 40_000, 19_000)),
                (113_016, Effort(3, 38_000, 14_000)),
            ),
            n_disorders=20,
        ),
        Case(
            Task(3, 3, 2.0, 400),
            (
                (240_000, Effort(2, 15_000, 10_000)),
                (340_000, Effort(2, 23_000, 14_500)),
                (477_000, Effort(2, 13_000, 8_000)),
            ),
            n_disorders=20,
        ),
        Case(
            Task(4, 2, 4.0, 64, "patterns"),
            (
                (3_099, Effort(30, 3_200, 2_400)),
                (4_338, Effort(10, 690, 650)),
                (6_197, Effort(2, 50, 130)),
                (8_676, Effort(2, 45, 120)),
                (12_395, Effort(2, 40, 110)),
            ),
            n_disorders=40,
        ),
        Case(
            Task(4, 2, 4.0, 128, "patterns"),
            (
                (11_700, Effort(92, 3_600, 3_200)),
                (16_400, Effort(3, 120, 170)),
                (23_400, Effort(3, 83, 150)),
                (32_750, Effort(3, 54, 110)),
                (46_800, Effort(2, 40, 90)),
            ),
            n_disorders=40,
        ),
    )
)
Point = tuple[Case, int]


def compute(size: Size, seed: int, _n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Search in independent disorders, one search at a time, since its cost is measured; add the thresholds.

    Each data set leaves a line in a file in the folder `cells`, where the same call finds it again.
    """
    points = [(case, count) for case in size.cases for count, _ in case.efforts]
    results = np.full((len(points), max(case.n_disorders for case in size.cases), N_MEASURED), np.nan)
    progress.total(sum(case.n_disorders for case, _ in points))
    kept, index = Kept(cells / "searches.jsonl"), 0
    for case in size.cases:
        warm_up(case.task)
        for disorder in range(case.n_disorders):
            for number, (count, effort) in enumerate(case.efforts):
                stream = _stream(seed, case.task, count, disorder)
                name = repr((seed, case.task, count, effort, disorder))
                results[index + number, disorder] = kept.get(name, partial(measure, case.task, count, effort, stream))
                progress.advance()
        index += len(case.efforts)
    return summary(points, results)


def _stream(seed: int, task: Task, n_examples: int, disorder: int) -> np.random.SeedSequence:
    """Return a stream that other cases do not change."""
    return seed_sequence(seed, Purpose.CELL, task.p, task.teacher_p, task.n_spins, n_examples, disorder)


def summary(points: list[Point], cells: Floats) -> xr.Dataset:
    """Return overlaps (point, disorder, search), the share that is found, and what theory says of each point."""
    n = len(SEARCHES)
    dataset = xr.Dataset(
        {
            "search_overlap": (("point", "disorder", "search"), cells[..., :n]),
            "search_cost": (("point", "search"), np.nanmean(cells[..., n : 2 * n], axis=1)),
            "eigenvector_overlap": (("point", "disorder"), cells[..., -1]),
            "n_examples": ("point", [count for _, count in points]),
            "possible_ratio": ("point", [_possible(case.task) for case, _ in points]),
        },
        {
            "search": list(SEARCHES),
            "threshold_ratio": ("point", [count / case.task.threshold for case, count in points]),
        },
    )
    for name in ("p", "teacher_p", "n_spins", "temperature"):
        dataset.coords[name] = "point", [getattr(case.task, name) for case, _ in points]
    successes = (cells[..., :n] >= FOUND).sum(axis=1)
    trials = np.isfinite(cells[..., :n]).sum(axis=1)
    ranges = np.array(
        [[_interval(k, m) for k, m in zip(*row, strict=True)] for row in zip(successes, trials, strict=True)]
    )
    for name, values in (("share", successes / trials), ("low", ranges[..., 0]), ("high", ranges[..., 1])):
        dataset[f"found_{name}"] = ("point", "search"), values
    return dataset.assign_attrs(found=FOUND)


def _possible(task: Task) -> float:
    """Return the multiple of the unfolding's threshold from which theory expects the pattern's state to win."""
    near = round(task.threshold)
    regime = inference_regime(task.n_spins, near, task.p, task.temperature, task.teacher_p, task.temperature)
    return regime.n_possible / task.threshold


def _interval(successes: int, trials: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, of one standard error."""
    low, high = binomtest(int(successes), int(trials)).proportion_ci(CONFIDENCE, method="wilson")
    return float(low), float(high)


def table(dataset: xr.Dataset) -> str:
    """Return a line for each point: examples, overlap of the eigenvector, share found and seconds of each search."""
    lines = [
        f"{'p':>2} {'p*':>2} {'N':>4} {'ratio':>6} {'M':>8} {'n':>3} {'eigenvector':>11}  "
        + "  ".join(f"{name:>21}" for name in SEARCHES)
    ]
    for index in range(dataset.sizes["point"]):
        row = dataset.isel(point=index)
        trials = int(np.isfinite(row["eigenvector_overlap"]).sum())
        cells = "  ".join(_cell(row.sel(search=name)) for name in SEARCHES)
        lines.append(
            f"{int(row['p']):>2} {int(row['teacher_p']):>2} {int(row['n_spins']):>4} "
            f"{float(row['threshold_ratio']):>6.2f} {int(row['n_examples']):>8} {trials:>3} "
            f"{float(row['eigenvector_overlap'].mean()):>11.3f}  {cells}"
        )
    return "\n".join([*lines, "", *_notes(dataset)])


def _cell(point: xr.Dataset) -> str:
    """Return the share found with its interval, and the seconds."""
    share, low, high = (float(point[name]) for name in ("found_share", "found_low", "found_high"))
    return f"{share:4.2f} ({low:4.2f}-{high:4.2f}) {format_number(point['search_cost'], 5, 2)} s"


def _notes(dataset: xr.Dataset) -> list[str]:
    """Explain the columns, and name where theory expects the pattern's state to win."""
    first = dataset.isel(point=np.unique(dataset["n_spins"].values * 100 + dataset["p"].values, return_index=True)[1])
    where = ", ".join(
        f"{float(point['possible_ratio']):.2f} (p = {int(point['p'])}, N = {int(point['n_spins'])})"
        for point in (first.isel(point=index) for index in range(first.sizes["point"]))
    )
    return [
        f"ratio: examples over those from which the unfolding's eigenvector points at the pattern; found: an overlap "
        f"of {FOUND:g} or more, with an interval of one standard error (Wilson), and the mean processor time of a "
        "search, couplings included.",
        f"The pattern's state wins from ratios of {where} on.",
    ]


RECIPE = Recipe(
    name="hidden-pattern",
    title="the hidden pattern from its examples alone, by message passing and by other searches",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=hidden_pattern,
    table=table,
)
