"""
Reproduce a published figure
============================

Each published figure of this field that densehop covers is a *recipe*: what to compute, at a quick and at the
published size, how to draw it, and how far simulation and theory are apart. Here you reproduce one at its quick size,
read its data and its deviations, and draw it anew your own way; then you open the data of a figure that took an hour.
"""

# %%
# Which figures are there?
# ------------------------
# In a shell: ``densehop reproduce --list``.
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import densehop
from densehop.recipes import RECIPES
from densehop.recipes.recipe import reproduce

for recipe in RECIPES.values():
    print(f"{recipe.name:28} {recipe.title}")

# %%
# From Python
# -----------
# We take the attack on prototypes: a teacher below its critical temperature shows examples that are near copies of
# its pattern, and then one of them overwrites a part of the pattern. Does the student come back? ``reproduce`` writes
# a picture (PNG and PDF) and the data (NetCDF), and returns the data and a table.
scratch = tempfile.TemporaryDirectory()
made = reproduce(RECIPES["adversarial-prototypes"], "quick", Path(scratch.name), n_workers=1)
print(made.table)
print("written:", ", ".join(path.name for path in made.files))

# %%
# ``n_workers=1`` keeps all in this process. With more, worker processes import your script, so put the call under
# ``if __name__ == "__main__":``. The command ``densehop reproduce adversarial-prototypes --size quick --seed 0`` does
# the same; simulated cells stay in a folder beside the picture, so the command resumes after an interruption, and its
# numbers are the same bits:
command = [sys.executable, "-m", "densehop", "reproduce", "adversarial-prototypes", "--out", scratch.name]
again = subprocess.run(command, check=True, capture_output=True, text=True).stdout
print(again.splitlines()[0])
assert made.table in again

# %%
# What the data hold
# ------------------
# Simulated values for each disorder, means and errors over disorders, the theory at the same points and on a fine
# grid for lines. Attributes hold the seed, the size, the version and all parameters: what you need to make the file
# again.
data = made.dataset
print(data["q_star"].sizes)
for name in ("q_star", "q_star_mean", "q_star_error", "q_star_theory", "curve_q_star_theory", "curve_features"):
    print(f"{name:20} {data[name].dims}")

# %%
# How far apart are simulation and theory?
# ----------------------------------------
# Look at deviations in standard errors first, and at plain differences where nothing varied: with few disorders, an
# error bar is itself uncertain.
difference = data["q_star_mean"] - data["q_star_theory"]
error = data["q_star_error"]
deviation = (difference / error.where(error > 1e-3)).values
deviation = deviation[np.isfinite(deviation)]
print(f"largest difference {float(abs(difference).max()):.4f}")
print(
    f"{deviation.size} points with an error bar: root mean square {np.sqrt(np.mean(deviation**2)):.2f} standard errors"
)
assert abs(difference).max() < 0.02
assert np.sqrt(np.mean(deviation**2)) < 3

# %%
# Draw it your way
# ----------------
# The recipe's own picture is ``RECIPES[...].draw(data)``. For yours you need nothing but the data set.
figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
for number, n_examples in enumerate(data["n_examples"].values[:2]):
    here = data.sel(p=3, n_examples=n_examples)
    axes.errorbar(here["fraction"], here["q_star_mean"], here["q_star_error"], fmt=f"C{number}o", markersize=4)
    axes.plot(here["curve_fraction"], here["curve_q_star_theory"], f"C{number}", label=f"$M = {n_examples}$")
axes.plot(data["curve_fraction"], data["curve_features"].sel(p=3), "k--", label="disordered teacher")
axes.set(xlabel=r"fraction overwritten, $\epsilon$", ylabel="overlap with the pattern, $q^*$")
axes.legend(frameon=False, loc="center left")
assert (data["q_star_mean"].sel(p=3).min("fraction") > 0.9).all()

# %%
# Dots lie within 0.02 of the lines, and the lines are flat: even a pattern that is wholly replaced by an example
# comes back. The student of a disordered teacher (dashed) is lost beyond one half.
#
# The published size
# ------------------
# Quick sizes take seconds and show the effect; published sizes are in ``docs/figures/`` of the repository, data and
# all, with a page for each figure that says what agrees and what does not. Open the data with xarray:
figures = Path(densehop.__file__).parents[2] / "docs/figures"  # densehop installed from a clone
with xr.open_dataset(figures / "nishimori-overlap.nc") as opened:
    published = opened.load()
print(f"{published.attrs['size']} size, seed {published.attrs['seed']}, {published.attrs['n_cells']} simulations")
print(published["q_star"].sizes)

# %%
# Overlap against temperature at the largest load, :math:`N = 512`, from the pattern: dots with error bars over
# disorders, the theory at infinite :math:`N` as a line. A hollow dot has not settled.
shown = published.sel(n_spins=512, start="pattern", alpha=published["alpha"].max())
settled = shown["settled"].astype(bool)
curve, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
axes.plot(shown["curve_temperature"], shown["curve_q_star_theory"], "k-", label="theory")
for chosen, face, label in ((settled, "C0", "settled"), (~settled, "white", "not settled")):
    at = shown.where(chosen)
    axes.errorbar(
        at["temperature"],
        at["q_star_mean"],
        at["q_star_error"],
        fmt="C0o",
        markerfacecolor=face,
        capsize=2,
        label=label,
    )
axes.set(xlabel="temperature $T = T^*$", ylabel="overlap with the pattern $q^*$")
axes.legend(frameon=False)

# %%
# Filled dots follow the line; at the transition, where chains need longest, they leave it, and most are hollow. In
# numbers, where retrieval is global and the signal of this size is near its limit:
claimed = (shown["phase"] == "gR") & (shown["signal_ratio"] < 1.2)
apart = abs(shown["q_star_mean"] - shown["q_star_theory"]).where(claimed)
print(f"{int(claimed.sum())} points: {float(apart.median()):.4f} from the theory at infinite N in the middle,", end=" ")
print(f"at most {float(apart.max()):.4f}, at T = {float(shown['temperature'][int(apart.argmax('temperature'))]):.3f}")
assert claimed.sum() > 3
assert apart.median() < 0.01
assert apart.max() < 0.05
scratch.cleanup()
