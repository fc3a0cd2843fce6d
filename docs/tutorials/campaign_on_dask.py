"""
A campaign on Dask
==================

One simulation is a call; a figure is a grid of them: sizes, loads, temperatures, disorders, starts. A *campaign* runs
such a grid from a plan, on the cores of this machine or on a Dask cluster, and loses nothing when it is stopped. Here
you write a plan, run it on Dask, kill it in the middle, resume it, and collect one labelled data set.
"""

# %%
# The plan
# --------
# A plan is a small file, YAML or TOML. Wherever one number may stand, a list or a range may, and every combination is
# run. This one asks: does a student find its teacher's pattern, from the pattern itself and from nothing?
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import densehop as dh

PLAN = """
name: overlap
seed: 0
problem:
  p: 3
  load: [6, 9]                              # alpha = M p!/N^(p-1)
  temperature: {from: 1.8, to: 3.8, points: 4}
  teacher_temperature: nishimori            # T* = T
n_spins: 96
disorders: 2
starts: [pattern, random]
schedule:
  n_chains: 4
  n_sweeps: 160
"""
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
(folder / "plan.yaml").write_text(PLAN)
n_cells = 2 * 4 * 2 * 2  # loads x temperatures x disorders x starts

# %%
# Run it
# ------
# All is done with three commands: ``run``, ``status``, ``collect``. In a shell you would type ``densehop run
# plan.yaml --out overlap --engine dask``; here a script does, and prints what came back. ``--engine dask`` alone
# starts a cluster on this machine; with ``--scheduler tcp://HOST:8786`` it takes yours. Workers need nothing but
# densehop.
RUN = ["run", "plan.yaml", "--out", "overlap", "--engine", "dask", "--workers", "2"]


def start(*arguments):
    """Start the command line and return its process."""
    words = [sys.executable, "-m", "densehop", *arguments]
    kept = os.environ | {"DASK_TEMPORARY_DIRECTORY": str(folder)}  # where Dask keeps its own files
    return subprocess.Popen(words, cwd=folder, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def densehop(*arguments):
    """Run the command line, print what it printed, return it and the exit code."""
    process = start(*arguments)
    output, errors = process.communicate()
    print(f"$ densehop {' '.join(arguments)}\n{output}{errors}exit code {process.returncode}")
    return output, process.returncode


# %%
# Kill it
# -------
# The worst that can happen is that the first process ends at once, without a chance to save anything, as in a power
# cut. We wait for the first results and send SIGKILL. (How many cells are finished by then depends on the moment;
# nothing else does.)
first = start(*RUN)
while not list((folder / "overlap").glob("cells/*.npz")) and first.poll() is None:
    time.sleep(0.05)
first.kill()
first.communicate()
print(f"killed: exit code {first.returncode}")
assert first.returncode == -signal.SIGKILL

# %%
# ``status`` tells what is left. Finished cells are files that are never written again. For scripts, its exit code is 1:
# cells are missing and no run is in progress.
left, code = densehop("status", "overlap")
done = int(left.split("of which finished ")[1].split(",")[0])
assert code == 1
assert 0 < done < n_cells

# %%
# Resume it
# ---------
# The same command goes on. It finds what is finished and computes the rest.
output, code = densehop(*RUN)
assert code == 0
assert f"overlap: {n_cells} cells" in output
assert ", 0 failed" in output
assert f"{done} were finished before" in output

# %%
# Collect it
# ----------
# One NetCDF file, the axes of the plan as dimensions.
densehop("collect", "overlap")
with xr.open_dataset(folder / "overlap" / "overlap.nc") as opened:
    data = opened.load()
print(data["q_star"].sizes)
print("variables:", ", ".join(str(name) for name in data.data_vars))
assert np.isfinite(data["q_star"]).all()

# %%
# Did the kill leave a trace? Random numbers belong to a cell, not to a run, so an undisturbed campaign in one process
# without Dask must give the same bits. We check it on a part of the grid, from Python: ``complete`` runs
# and collects.
problem = dh.campaign.Problem(p=(3,), load=(6.0,), temperature=(1.8, 3.8), teacher_temperature="nishimori")
schedule = dh.campaign.Schedule(n_chains=4, n_sweeps=160)
starts = (dh.campaign.Start(name="pattern", at="pattern"), dh.campaign.Start(name="random", at="random"))
part = dh.campaign.Grid(problem=problem, n_spins=(96,), disorders=1, starts=starts, schedule=schedule)
undisturbed = dh.campaign.complete(
    dh.campaign.Plan(name="part", grids=(part,)), folder / "part", dh.campaign.ThisProcess
)
same, undisturbed = xr.align(data, undisturbed, join="inner")
for name in ("q_star", "q_star_trace", "energy_trace"):
    assert np.array_equal(same[name], undisturbed[name])
print(f"{undisturbed['q_star'].size} cells agree to the last bit")

# %%
# Look at it
# ----------
# Means and error bars over disorders are one line each in xarray. The theory's line is for infinite N.
mean = data["q_star"].mean("disorder").squeeze()
error = (data["q_star"].std("disorder", ddof=1) / np.sqrt(data.sizes["disorder"])).squeeze()
figure, panels = plt.subplots(1, 2, figsize=(7.5, 3.2), sharey=True, layout="constrained")
for axes, load in zip(panels, data["alpha"].values, strict=True):
    end = np.sqrt(load / dh.nishimori_lines(3).gamma_local) * (1 - 1e-9)
    curve = np.append(np.arange(1.6, end, 0.02), end)
    axes.plot(curve, [dh.solve(dh.TeacherStudent.nishimori(3, load, t)).q_star for t in curve], "k-", label="theory")
    for begin, marker in (("pattern", "o"), ("random", "s")):
        here = {"alpha": load, "start": begin}
        axes.errorbar(
            data["temperature"], mean.sel(here), error.sel(here), fmt=marker, capsize=3, label=f"from {begin}"
        )
    axes.set(xlabel="temperature $T = T^*$", title=f"load {load:g}")
panels[0].set_ylabel("overlap with the pattern $q^*$")
panels[0].legend(frameon=False)

# %%
# Circles follow the line and outlive it a little: so few sweeps of so few spins have not forgotten yet. Squares stay
# near zero, because from nothing hardly a chain finds the pattern: it is there, but hard to find.
cold = mean.sel(temperature=1.8)
assert (cold.sel(start="pattern") > 0.9).all()
assert (abs(cold.sel(start="random")) < 0.5).all()
scratch.cleanup()
