"""The figure of the recipe `capacity`: theory as lines, simulation as dots with standard errors over disorders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from densehop.plot.style import BLUE, GREEN, GREY, HOUSE, ORANGE, PURPLE, Style, sheet

COLOURS = {2: BLUE, 3: ORANGE, 4: GREEN}  # by p
MARKERS = {2: "o", 3: "s", 4: "^"}  # by p
SIZE_COLOURS, SIZE_MARKERS = (PURPLE, GREEN, ORANGE, BLUE), "D^so"  # of the sizes N, the largest last
DASHED, DOTTED = (3, 1.5), (1, 1.4)  # in units of the line's width
MARKER_STYLE: dict[str, Any] = {"markersize": 3.8, "elinewidth": 0.8, "capsize": 1.5, "markeredgewidth": 0.9}


def capacity(dataset: xr.Dataset, ax: Axes | Sequence[Axes] | None = None, style: Style = HOUSE) -> Figure:
    """Draw nine panels: retrieval, its end against N, mixtures and correlated memories.

    Parameters ax (nine) and style are as in `phase_diagram`.
    """
    changes = {"legend.fontsize": 7.5, "axes.titlesize": 9}
    with sheet(ax, (9.6, 8.4), style, (3, 3), changes=changes) as page:
        panels = np.array(page.panels).reshape(3, 3)
        warm = {p: _temperature(dataset, p) for p in (2, 3, 4)}
        _shares(panels[0, 0], dataset, 2, 0.0)
        _shares(panels[0, 1], dataset, 2, warm[2])
        _half_loads(panels[0, 2], dataset)
        _shares(panels[1, 0], dataset, 3, warm[3])
        _shares(panels[1, 1], dataset, 4, warm[4])
        _overlaps(panels[1, 2], dataset)
        _warm_mixtures(panels[2, 0], dataset)
        _loaded_mixtures(panels[2, 1], dataset)
        _correlated(panels[2, 2], dataset)
        for letter, axes in zip("abcdefghi", panels.ravel(), strict=True):
            axes.set_title(f"({letter}) {axes.get_title(loc='left')}", loc="left")
        page.adopt()
    return page.figure


def _temperature(dataset: xr.Dataset, p: int) -> float:
    """Return the temperature of the warm retrieval chains of p bodies."""
    return float(dataset["retrieval_temperature"].where(dataset["retrieval_p"] == p).max())


def _series(dataset: xr.Dataset, name: str, p: int, temperature: float | None = None) -> list[xr.Dataset]:
    """Return the series of p bodies (at a temperature), smallest N first."""
    chosen = (dataset[f"{name}_p"] == p).values
    if temperature is not None:
        chosen &= (dataset[f"{name}_temperature"] == temperature).values
    rows = [dataset.isel({f"{name}_series": int(index)}) for index in np.flatnonzero(chosen)]
    return sorted(rows, key=lambda row: int(row[f"{name}_n_spins"]))


def _error(values: xr.DataArray, over: str = "disorder") -> npt.NDArray[np.float64]:
    """Return the standard error over disorders."""
    error: npt.NDArray[np.float64] = values.std(over, ddof=1).values / np.sqrt(values.sizes[over])
    return error


def _shares(axes: Axes, dataset: xr.Dataset, p: int, temperature: float) -> None:
    """Draw the share of chains that keep their memory against the load, one colour a size."""
    unit = 2 if p == 2 else 1
    rows = _series(dataset, "retrieval", p, temperature)
    for row, colour, marker in zip(rows, SIZE_COLOURS[-len(rows) :], SIZE_MARKERS[-len(rows) :], strict=True):
        load, share = row["retrieval_load"].values / unit, row["retrieved"]
        label = f"$N = {int(row['retrieval_n_spins'])}$"
        axes.errorbar(
            load,
            share.mean("disorder"),
            _error(share),
            color=colour,
            marker=marker,
            linewidth=0.8,
            label=label,
            **MARKER_STYLE,
        )
    axes.axvline(float(rows[0]["retrieval_capacity"]) / unit, color="black", linewidth=1.0, label="theory")
    if temperature == 0 and p == 2:
        axes.axvline(float(dataset.sel(p=2)["capacity_rs"]) / unit, color="black", linewidth=0.8, dashes=DOTTED)
    axes.axhline(0.5, color=GREY, linewidth=0.5)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlabel("load $M/N$" if p == 2 else rf"load $\alpha = {'6M/N^2' if p == 3 else '24M/N^3'}$")
    axes.set_ylabel("share that keeps its memory")
    protocol = "to a fixed point" if temperature == 0 else "heat bath"
    axes.set_title(f"$p = {p}$, $T = {temperature:g}$, {protocol}", loc="left")
    axes.legend(loc="upper right", handlelength=1.4)


def _half_loads(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the loads at which half of the chains keep their memory against N^(-1/2), in units of the theory's."""
    top = 0.0
    for p, temperature in ((2, 0.0), *((p, _temperature(dataset, p)) for p in (2, 3, 4))):
        rows = _series(dataset, "retrieval", p, temperature)
        x = np.array([float(row["retrieval_n_spins"]) ** -0.5 for row in rows])
        capacities = np.array([float(row["retrieval_capacity"]) for row in rows])
        half = np.array([float(row["half_load"]) for row in rows]) / capacities
        error = np.array([float(row["half_load_error"]) for row in rows]) / capacities
        face = "white" if temperature == 0 else COLOURS[p]
        axes.errorbar(
            x, half, error, color=COLOURS[p], marker=MARKERS[p], markerfacecolor=face, linewidth=0.8,
            label=f"$p = {p}$, $T = {temperature:g}$", **MARKER_STYLE,
        )  # fmt: skip
        top = max(top, x.max())
    axes.axhline(1, color="black", linewidth=1.0, label="theory")
    axes.set_xlim(0, 1.06 * top)
    axes.set_xlabel("$N^{-1/2}$")
    axes.set_ylabel("load of one half / theory")
    axes.set_title("where half is kept, against size", loc="left")
    axes.legend(loc="lower left", handlelength=1.4)


def _overlaps(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw final overlaps at T = 0 of the largest sizes against the load over the 1RSB capacity."""
    for p in (2, 3, 4):
        body, row = dataset.sel(p=p), _series(dataset, "retrieval", p, 0.0)[-1]
        end = float(body["capacity_1rsb"])
        axes.plot(body["curve_load_rs"] / end, body["curve_overlap_rs"], color=COLOURS[p], linewidth=1.1, dashes=DASHED)
        axes.plot(body["curve_load_1rsb"] / end, body["curve_overlap_1rsb"], color=COLOURS[p], linewidth=1.2)
        kept = row["retrieval_overlap"].where(row["retrieval_overlap"] > row["retrieval_smallest"])
        means = kept.mean("retrieval_memory")
        count = means.notnull().sum("disorder").values
        error = np.where(count > 1, means.std("disorder", ddof=1).values / np.sqrt(np.maximum(count, 1)), np.nan)
        axes.errorbar(
            row["retrieval_ratio"], means.mean("disorder"), error, color=COLOURS[p], marker=MARKERS[p],
            linestyle="none", label=f"$p = {p}$, $N = {int(row['retrieval_n_spins'])}$", **MARKER_STYLE,
        )  # fmt: skip
    axes.plot([], [], color="black", linewidth=1.2, label="1RSB")
    axes.plot([], [], color="black", linewidth=1.1, dashes=DASHED, label="RS")
    axes.axvline(1, color=GREY, linewidth=0.5)
    axes.set_ylim(0.62, 1.01)
    axes.set_xlabel("load / 1RSB capacity")
    axes.set_ylabel("overlap of kept memories")
    axes.set_title("$T = 0$, fixed points", loc="left")
    axes.legend(loc="lower left", handlelength=1.6)


def _warm_mixtures(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the smallest and largest overlap of chains from the majority against T over the mixture's limit."""
    for p in (2, 3, 4):
        body, row = dataset.sel(p=p), _series(dataset, "warm", p)[-1]
        limit = float(body["mixture_temperature"])
        axes.plot(body["mixture_curve_temperature"] / limit, body["mixture_curve_overlap"], color=COLOURS[p])
        shift = 0.008 * (p - 3)  # markers side by side
        for memory, face, size in ((0, "white", 3.8), (2, COLOURS[p], 4.6)):
            values = row["warm_overlap"].isel(warm_memory=memory)
            axes.errorbar(
                row["warm_ratio"] + shift, values.mean("disorder"), _error(values), color=COLOURS[p], marker=MARKERS[p],
                markerfacecolor=face, linestyle="none", label=f"$p = {p}$, limit $T = {limit:.3f}$" if memory else None,
                zorder=4 - memory / 2, **{**MARKER_STYLE, "markersize": size},
            )  # fmt: skip
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_ylim(-0.06, 1.06)
    axes.set_xlabel("temperature / limit of the theory")
    axes.set_ylabel("smallest (open), largest overlap")
    axes.set_title(f"3-mixture, load 0, $N = {int(row['warm_n_spins'])}$", loc="left")
    axes.legend(loc="upper left", handlelength=1.4)


def _loaded_mixtures(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the share of mixtures that persist at T = 0 against the load over the theory's limit."""
    for p in (3, 4):
        rows = _series(dataset, "loaded", p)
        for row in rows:
            share, largest = row["loaded_persists"], row is rows[-1]
            error = np.sqrt(share * (1 - share) / dataset.sizes["disorder"])
            axes.errorbar(
                row["loaded_ratio"], share, error, color=COLOURS[p], marker=MARKERS[p],
                markerfacecolor=COLOURS[p] if largest else "white", linewidth=1.3 if largest else 0.6,
                linestyle="--" if row is rows[0] and not largest else "-",
                label=f"$p = {p}$, $N = {int(row['loaded_n_spins'])}$", **MARKER_STYLE,
            )  # fmt: skip
    limits = ", ".join(f"{float(dataset.sel(p=p)['mixture_load']):.4f}" for p in (3, 4))
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_ylim(-0.06, 1.06)
    axes.set_xlabel(rf"load / limit of the theory ($\alpha = {limits}$)")
    axes.set_ylabel("share that persists")
    axes.set_title("3-mixture, $T = 0$", loc="left")
    axes.legend(loc="upper right", handlelength=1.4)


def _correlated(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the energy of the mixture less that of a memory; open where some corrupted memory is lost to it."""
    axes.axhline(0, color=GREY, linewidth=0.5)
    for p in (2, 3, 4):
        body = dataset.sel(p=p)
        b, curve = body["difference_curve_overlap"].values, body["difference_curve"].values
        metastable = b <= float(body["memory_unstable_overlap"])
        axes.plot(b[metastable], curve[metastable], color=COLOURS[p])
        axes.plot(b[~metastable], curve[~metastable], color=COLOURS[p], linewidth=0.8, dashes=DASHED)
        energy = body["correlated_energy"]
        gap = energy.sel(start="majority") - energy.sel(start="corrupted memory")
        label = f"$p = {p}$, 0 at $b = {float(body['critical_memory_overlap']):.3f}$"
        restored = body["corrupted_restored"] == 1
        for dots, face, name in ((restored, COLOURS[p], label), (~restored, "white", None)):
            axes.errorbar(
                body["memory_overlap"], gap.mean("disorder").where(dots), np.where(dots, _error(gap), np.nan),
                color=COLOURS[p], marker=MARKERS[p], markerfacecolor=face, linestyle="none", label=name, **MARKER_STYLE,
            )  # fmt: skip
    axes.plot([], [], color="black", marker="o", markerfacecolor="white", markersize=3.8, linestyle="none",
              label="memory lost at $T = 0$")  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_xlabel("overlap of the memories, $b$")
    axes.set_ylabel("$(E_{mixture} - E_{memory})/N$")
    axes.set_title(f"3 memories, $T = 0$, $N = {dataset.attrs['n_spins_correlated']}$", loc="left")
    axes.legend(loc="upper right", handlelength=1.4)
