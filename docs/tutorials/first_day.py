r"""
First day of a physicist
========================

You know spin glasses and have one day. This tutorial goes once through what you will need most: a phase diagram of
your own, drawn for a column of your paper; its numbers as a table; a campaign of simulations with replica exchange;
the distribution :math:`P(q)` of overlaps below the transition; and a specific heat with error bars beside the theory.
The model is Hopfield's network, :math:`p = 2`, with so many memories that it is a spin glass.
"""

# %%
# A phase diagram of your own
# ---------------------------
# Store two memories for each spin, :math:`M = 2N`. With :math:`p = 2` the load is :math:`\alpha = 2M/N = 4`, and
# energies and temperatures are twice those of Amit, Gutfreund and Sompolinsky. You choose the window. With
# ``ansatz="1rsb"`` the spin glass has one step of replica symmetry breaking, and so have the lines of retrieval; the
# default, ``"rs"``, is faster, and hatches where replica symmetry is not to be trusted.
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import densehop as dh

load, temperatures = 4.0, [2.5, 4.0, 6.0, 9.0]
glass_temperature = 2 * (1 + np.sqrt(load / 2))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)  # replica symmetry is not exact in the glass: that is why
    plane = dh.phase_diagram(2, "direct", np.linspace(0, 6, 7), np.linspace(0, 10, 7), ansatz="1rsb")
    below, above = (dh.phase(dh.DirectModel(2, load, share * glass_temperature)) for share in (0.99, 1.01))
print(f"the glass begins at T = {glass_temperature:.3f}")
assert [below, above] == [dh.Phase.SPIN_GLASS, dh.Phase.PARAMAGNETIC]

# %%
# For a column of your paper
# --------------------------
# A column of a journal is 3.375 inches wide. At this ``width`` letters are smaller and the legend lies below. The
# result is a figure of Matplotlib: add to its axes what you like, here the four points that will be simulated, and save
# it with ``column.savefig("plane.pdf")``.
column = dh.plot.phase_diagram(plane, width=3.375)
column.axes[0].plot([load] * len(temperatures), temperatures, "k*")
assert column.get_size_inches()[0] == 3.375

# %%
# Memories are retrieved in the corner at small loads; your network is a spin glass at the two lower stars.
#
# Every function that draws takes ``ax``, axes of your own, and ``style``: "densehop", any style of Matplotlib for fonts
# and sizes, or None, which leaves fonts, sizes and colours to your own settings.
pair, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
dh.plot.phase_diagram(plane, ax=left, style=None)
dh.plot.phase_diagram(plane, ax=right)
left.set_title("style=None: your own settings")
right.set_title('style="densehop", the default')
assert pair.axes == [left, right]

# %%
# The same from the shell, with the data as NetCDF beside the figure, and as tables for any other program::
#
#     densehop phase-diagram --p 2 --ansatz 1rsb --coordinate-range 0,6 --temperature-range 0,10 --csv --out plane
#
# The numbers
# -----------
# Whatever densehop computes is a labelled dataset of xarray. ``load`` is called ``alpha`` in it. A line is a set of
# points with errors; two lines of Pandas make a table of it.
line = plane[["glass_static_alpha", "glass_static_temperature", "glass_static_error"]].to_dataframe()
print(line.iloc[:: len(line) // 4].to_csv(index=False))
expected = 2 * (1 + np.sqrt(line["glass_static_alpha"] / 2))  # Amit, Gutfreund and Sompolinsky (1987), in our units
np.testing.assert_allclose(line["glass_static_temperature"], expected, rtol=1e-9)

# %%
# A small campaign
# ----------------
# A plan describes a grid of simulations. Below the transition single chains stay where they are. So every chain becomes
# a ladder of replica exchange: ``exchange_with`` lists the temperatures above the cell's own, where copies of the
# network move more freely and pass their states down.
PLAN = """
name: glass
seed: 1
problem: {model: direct, p: 2, load: 4, temperature: [2.5, 4, 6, 9]}
n_spins: 64
disorders: 4                        # draws of the memories, another four at each temperature
schedule:
  n_chains: 4
  n_sweeps: 800
  observable: energy                # what the verdict looks at; m, a memory's overlap, is 0 here
  exchange_with: [3.2, 4, 5, 6, 7.5, 9]
"""
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
(folder / "glass.yaml").write_text(PLAN)
plan = dh.campaign.read_plan(folder / "glass.yaml")
data = dh.campaign.complete(plan, folder / "glass", dh.campaign.ThisProcess)
data = data.squeeze(["p", "n_spins", "alpha", "start"])
print(data["swap_rate"].mean("disorder").to_pandas().round(2))  # nan: fewer temperatures above the cell's own
print(f"{int(data['equilibrated'].sum())} of {data['equilibrated'].size} cells are equilibrated")
assert data["equilibrated"].mean() > 0.8
assert data["swap_rate"].min() > 0.2  # all neighbours exchange

# %%
# In the shell this is ``densehop run glass.yaml --out glass``, which uses all cores and survives any interruption.
# ``densehop collect glass --csv`` writes the results to ``glass/glass.nc`` and to tables beside it, one for each set of
# dimensions: ``glass.csv`` has a row for each cell, ``glass-agreeing.csv`` has :math:`P(q)`.
command = [sys.executable, "-m", "densehop", "collect", "glass", "--no-traces", "--csv"]
subprocess.run(command, cwd=folder, env=os.environ, check=True, capture_output=True)
table = pd.read_csv(folder / "glass/glass.csv")
print(table[["temperature", "disorder", "energy", "energy_error", "equilibrated"]].iloc[::4].to_string(index=False))
np.testing.assert_allclose(table["energy"], data["energy"].values.ravel())

# %%
# The distribution of overlaps
# ----------------------------
# Each cell holds ``q_probability``, the share of pairs of chains that agree at so many sites, ``agreeing``: an overlap
# of :math:`q = 2\,\mathrm{agreeing}/N - 1`. At even :math:`p` it is symmetric. Divide by the spacing of the possible
# values, :math:`2/N`, for a density.
n_spins = 64
overlap = 2 * data["agreeing"] / n_spins - 1
density = data["q_probability"].mean("disorder") * n_spins / 2
figure, axes = plt.subplots(figsize=(3.375, 2.8), layout="constrained")
for temperature in temperatures:
    axes.plot(overlap, density.sel(temperature=temperature), label=f"$T = {temperature:g}$")
axes.set(xlabel="overlap $q$", ylabel="$P(q)$", xlim=(-1, 1), ylim=(0, None))
axes.legend(frameon=False)
width = np.sqrt((data["q_probability"] * overlap**2).sum("agreeing")).mean("disorder")
print(width.to_pandas().round(3))
np.testing.assert_allclose(density.sum("agreeing") * 2 / n_spins, 1)
assert (np.diff(width) < 0).all()  # the colder, the wider

# %%
# In the paramagnet the overlap of two copies is Gaussian around 0. In the glass it is broad. Two peaks at
# :math:`\pm q_{EA}` with a plateau between them need larger sizes and more than four disorders.
#
# The specific heat against the theory
# ------------------------------------
# ``specific_heat`` takes energies, extensive, without the burn-in, and returns :math:`C = \mathrm{d}u/\mathrm{d}T` from
# their fluctuations, with an error bar that knows the memory of the chains. That is the error of one disorder; the
# scatter over disorders is larger here, and ``disorder_estimate`` takes it.


def measured(temperature):
    """Return the specific heat of each disorder at a temperature."""
    heats = []
    for disorder in data["disorder"].values:
        cell = data.sel(temperature=temperature, disorder=disorder)
        energies = n_spins * cell["energy_trace"].values[:, int(cell["n_burn_in"]) :]
        heats.append(dh.diagnostics.specific_heat(energies, temperature, n_spins).mean)
    return heats


def predicted(temperature, step=1e-3):
    """Return the specific heat in the limit of large N, by a difference of energies."""
    branch, ansatz = ("spin_glass", "1rsb") if temperature < glass_temperature else ("paramagnet", "rs")
    above, below = (dh.DirectModel(2, load, temperature + shift) for shift in (step, -step))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # more steps of breaking would change the glass further
        return (dh.solve(above, branch, ansatz).energy - dh.solve(below, branch, ansatz).energy) / (2 * step)


estimates = [dh.diagnostics.disorder_estimate(np.array(measured(temperature))) for temperature in temperatures]
for temperature, estimate in zip(temperatures, estimates, strict=True):
    print(f"T = {temperature:g}: C = {estimate.mean:.3f} +- {estimate.error:.3f}, theory {predicted(temperature):.3f}")
    assert abs(estimate.mean - predicted(temperature)) < 4 * estimate.error + 0.1 * predicted(temperature)

# %%
curve = np.concatenate([np.linspace(2.2, 4.8, 9), np.linspace(4.85, 9.5, 24)])
figure, axes = plt.subplots(figsize=(3.375, 2.8), layout="constrained")
axes.plot(curve, [predicted(one) for one in curve], "k-", label="theory, large $N$")
means, errors = [one.mean for one in estimates], [one.error for one in estimates]
axes.errorbar(temperatures, means, errors, fmt="o", label=f"Monte Carlo, $N = {n_spins}$")
axes.set(xlabel="temperature $T$", ylabel="specific heat $C$", ylim=(0, None))
axes.legend(frameon=False)
scratch.cleanup()

# %%
# The theory has a cusp at the transition. At 64 spins the measured values lie a few per cent beside it, and they differ
# between disorders; larger sizes come closer. From here: the other tutorials, the page on campaigns for longer runs,
# and the page on theory for each equation with its source.
