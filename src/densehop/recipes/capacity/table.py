"""The numbers of the recipe `capacity`: loads at which half of the chains keep their memory, and the table."""

import math

import numpy as np
import xarray as xr

from densehop.base.arrays import Floats
from densehop.diagnostics.time_averages import Estimate, disorder_estimate
from densehop.recipes.number_format import format_estimate, format_number

NEWTON_STEPS = 100  # many, since the jackknife multiplies the error that incomplete convergence leaves
MIN_CURVATURE = 1e-6  # added to the weight of each point, so that Newton's steps stay finite
MIN_OVERLAP_RATIO = 0.5  # a mixture persists while its smallest overlap is more than this fraction of its largest


def half_load(loads: Floats, shares: Floats) -> Estimate:
    """Return the load at which half of the chains keep their memory, from shares (load, disorder).

    The middle of a logistic curve fitted by maximum likelihood; the error is the jackknife's over disorders. nan where
    the shares do not cross one half.
    """
    mean, n = shares.mean(axis=1), shares.shape[1]
    if not mean.min() < 0.5 < mean.max():
        return Estimate(math.nan, math.nan, n)
    middle = _logistic_middle(loads, mean)
    leave_one_out = np.array(
        [_logistic_middle(loads, np.delete(shares, left_out, axis=1).mean(axis=1)) for left_out in range(n)]
    )
    return Estimate(middle, float(np.sqrt((n - 1) / n * ((leave_one_out - leave_one_out.mean()) ** 2).sum())), n)


def _logistic_middle(loads: Floats, shares: Floats) -> float:
    """Return where a falling logistic curve fitted to shares crosses one half; Newton's method."""
    x = (loads - loads.mean()) / np.ptp(loads)
    design = np.stack([np.ones_like(x), -x], axis=1)
    parameters = np.array([0.0, 1.0])
    for _ in range(NEWTON_STEPS):
        law = 1 / (1 + np.exp(-design @ parameters))
        curvature = design.T @ (design * (law * (1 - law) + MIN_CURVATURE)[:, np.newaxis])
        parameters += np.linalg.solve(curvature, design.T @ (shares - law))
    return float(loads.mean() + np.ptp(loads) * parameters[0] / parameters[1])


def extrapolate(n_spins: Floats, loads: Floats, errors: Floats, power: float) -> Estimate:
    """Return the load at infinite N of a weighted line in N^(-power); nan for fewer than two sizes."""
    known = np.isfinite(loads) & np.isfinite(errors) & (errors > 0)
    if known.sum() < 2:
        return Estimate(math.nan, math.nan, 0)
    design = np.stack([np.ones(known.sum()), n_spins[known] ** -power], axis=1) / errors[known, np.newaxis]
    inverse = np.linalg.inv(design.T @ design)
    value = inverse @ design.T @ (loads[known] / errors[known])
    return Estimate(float(value[0]), float(np.sqrt(inverse[0, 0])), int(known.sum()))


def persists(overlaps: xr.DataArray, over: str) -> xr.DataArray:
    """Return the fraction of disorders in which the mixture persists: its overlaps are still of similar size."""
    return _has_persisted(overlaps, over).mean("disorder")


def _has_persisted(overlaps: xr.DataArray, over: str) -> xr.DataArray:
    """Return whether each mixture persisted, from its overlaps with the memories, dimension `over`."""
    return overlaps.min(over) > MIN_OVERLAP_RATIO * overlaps.max(over)


def table(dataset: xr.Dataset) -> str:
    """Return the measured numbers beside those of the theory; errors are over independent disorders."""
    blocks = [
        _capacity_lines(dataset),
        _overlap_lines(dataset),
        _warm_mixture_lines(dataset),
        _loaded_mixture_lines(dataset),
        _correlated_memory_lines(dataset),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _capacity_lines(dataset: xr.Dataset) -> list[str]:
    """Return the loads at which half of the chains keep their memory, at each N and extrapolated."""
    lines = [
        "Retrieval: load (p = 2: M/N) at which half of the chains keep their memory; T = 0: fixed points",
        "N = inf: lines in powers of N, p = 2 only: at p >= 3 what is kept still depends on the number of sweeps",
        f"{'p':>2} {'T':>4} {'N':>6} {'theory':>8} {'half':>17} {'half/theory':>11}",
    ]
    for p, temperature in _retrieval_series(dataset):
        rows = _half_loads(dataset, p, temperature)
        unit = 2 if p == 2 else 1
        for n, theory, half, error in rows:
            lines.append(
                f"{p:>2} {temperature:>4g} {int(n):>6} {theory / unit:>8.4f} "
                f"{format_estimate(half / unit, error / unit)} {format_number(half / theory, 11, 3)}"
            )
        for power, name in ((0.5, "N^(-1/2)"), (2 / 3, "N^(-2/3)"), (1.0, "1/N")):
            limit = extrapolate(rows[:, 0], rows[:, 2], rows[:, 3], power)
            if limit.n_disorders and p == 2:
                lines.append(
                    f"{p:>2} {temperature:>4g} {'inf':>6} {rows[0, 1] / unit:>8.4f} "
                    f"{format_estimate(limit.mean / unit, limit.error / unit)} {limit.mean / rows[0, 1]:>11.3f}  {name}"
                )
    return lines


def _retrieval_series(dataset: xr.Dataset) -> list[tuple[int, float]]:
    """Return the bodies and temperatures of the retrieval series, in order."""
    pairs = zip(dataset["retrieval_p"].values, dataset["retrieval_temperature"].values, strict=True)
    return list(dict.fromkeys((int(p), float(t)) for p, t in pairs))


def _half_loads(dataset: xr.Dataset, p: int, temperature: float) -> Floats:
    """Return (N, theory, half, error) for each size."""
    chosen = ((dataset["retrieval_p"] == p) & (dataset["retrieval_temperature"] == temperature)).values
    names = ("retrieval_n_spins", "retrieval_capacity", "half_load", "half_load_error")
    return np.stack([dataset[name].values[chosen].astype(float) for name in names], axis=1)


def _overlap_lines(dataset: xr.Dataset) -> list[str]:
    """Return T = 0 overlaps of the largest sizes beside both ansatzes' curves."""
    lines = [
        "Retrieval, T = 0: mean final overlap of chains that keep their memory (-: beyond the ansatz's capacity)",
        f"{'p':>2} {'N':>6} {'load':>7} {'RS':>7} {'1RSB':>7} {'kept':>5} {'simulation':>17}",
    ]
    for p in dataset["p"].values:
        cold = ((dataset["retrieval_p"] == p) & (dataset["retrieval_temperature"] == 0)).values
        row = dataset.isel(retrieval_series=int(np.flatnonzero(cold)[-1]))
        unit = 2 if p == 2 else 1
        for point in range(row.sizes["retrieval_point"]):
            at_load = row.isel(retrieval_point=point)
            kept = at_load["retrieval_overlap"].where(at_load["retrieval_overlap"] > at_load["retrieval_smallest"])
            of_disorders = kept.mean("retrieval_memory").values
            kept_mean = _mean_of_known(of_disorders)
            load = float(at_load["retrieval_load"])
            curves = [_curve_overlap(dataset.sel(p=p), ansatz, load) for ansatz in ("rs", "1rsb")]
            theory = [format_number(overlap, 7, 4) for overlap in curves]
            lines.append(
                f"{p:>2} {int(row['retrieval_n_spins']):>6} {load / unit:>7.4f} {' '.join(theory)} "
                f"{float(at_load['retrieved'].mean()):>5.2f} {format_estimate(kept_mean.mean, kept_mean.error)}"
            )
    return lines


def _curve_overlap(row: xr.Dataset, ansatz: str, load: float) -> float:
    """Return the theory's overlap at a load, between the points of its curve."""
    loads, overlaps = row[f"curve_load_{ansatz}"].values, row[f"curve_overlap_{ansatz}"].values
    return float(np.interp(load, loads, overlaps, right=math.nan))


def _warm_mixture_lines(dataset: xr.Dataset) -> list[str]:
    """Return the overlaps of mixtures at load 0 beside theory, and how many persist."""
    lines = [
        "Mixture of three memories, load 0: stable below a limit in T; mean of the three overlaps where it persists",
        f"{'p':>2} {'N':>6} {'limit':>7} {'T/limit':>7} {'theory':>7} {'persist':>7} {'simulation':>17}",
    ]
    for series in range(dataset.sizes["warm_series"]):
        row = dataset.isel(warm_series=series)
        p, body = int(row["warm_p"]), dataset.sel(p=int(row["warm_p"]))
        for point in range(row.sizes["warm_point"]):
            at_ratio = row.isel(warm_point=point)
            limit = float(body["mixture_temperature"])
            lines.append(
                f"{p:>2} {int(row['warm_n_spins']):>6} {limit:>7.4f} {float(at_ratio['warm_ratio']):>7.2f} "
                f"{format_number(float(at_ratio['warm_theory']), 7, 4)} "
                f"{float(at_ratio['warm_persists']):>7.2f} {_persistent_mean(at_ratio['warm_overlap'])}"
            )
    return lines


def _persistent_mean(overlaps: xr.DataArray) -> str:
    """Return the mean overlap of the mixtures that persist."""
    over = str(overlaps.dims[-1])
    estimate = _mean_of_known(overlaps.mean(over).where(_has_persisted(overlaps, over)).values)
    return format_estimate(estimate.mean, estimate.error)


def _mean_of_known(values: Floats) -> Estimate:
    """Return the mean over the disorders that have a value; nan if none has, as far beyond a limit."""
    known = values[np.isfinite(values)]
    return disorder_estimate(known) if len(known) else Estimate(math.nan, math.nan, 0)


def _loaded_mixture_lines(dataset: xr.Dataset) -> list[str]:
    """Return how many mixtures persist at T = 0 at each load."""
    lines = [
        "Mixture of three memories, T = 0: share that persists, by load over the load up to which it is stable",
        f"{'p':>2} {'N':>6} {'limit':>7}  " + " ".join(f"{r:>5.2f}" for r in dataset["loaded_ratio"].values[0]),
    ]
    for series in range(dataset.sizes["loaded_series"]):
        row = dataset.isel(loaded_series=series)
        p = int(row["loaded_p"])
        shares = " ".join(f"{float(share):>5.2f}" for share in row["loaded_persists"].values)
        limit = float(dataset.sel(p=p)["mixture_load"])
        lines.append(f"{p:>2} {int(row['loaded_n_spins']):>6} {limit:>7.5f}  {shares}")
    return lines


def _correlated_memory_lines(dataset: xr.Dataset) -> list[str]:
    """Return the energy of the mixture less that of the memory, and where a corrupted memory ends."""
    lines = [
        f"Three correlated memories, T = 0, N = {dataset.attrs['n_spins_correlated']}: energy where the majority ends, "
        "less that where a corrupted memory ends; memory: it was restored",
        f"{'b':>5} "
        + " ".join(f"{f'p = {p}: theory':>14} {'simulation':>17} {'ends in':>8}" for p in dataset["p"].values),
    ]
    for b in dataset["memory_overlap"].values:
        cells = []
        for p in dataset["p"].values:
            cell = dataset.sel(p=p, memory_overlap=b)
            gap = disorder_estimate(energy_gap(cell).values)
            share = float(cell["corrupted_restored"])
            end = "memory" if share == 1 else "mixture" if share == 0 else f"{share:.2f} mem"
            cells.append(f"{float(cell['difference_theory']):>14.4f} {format_estimate(gap.mean, gap.error)} {end:>8}")
        lines.append(f"{b:>5.2f} " + " ".join(cells))
    return lines


def energy_gap(dataset: xr.Dataset) -> xr.DataArray:
    """Return the energy per spin of the majority's end less that of the corrupted memory's end."""
    energy = dataset["correlated_energy"]
    return energy.sel(start="majority") - energy.sel(start="corrupted memory")


def restored(dataset: xr.Dataset) -> xr.DataArray:
    """Return whether the corrupted memory was restored: the overlap with it exceeds that of a mixture."""
    overlap = dataset["correlated_overlap"].sel(start="corrupted memory")
    others = overlap.isel(memory=slice(1, None)).max("memory")
    return overlap.isel(memory=0) > (1 + others) / 2
