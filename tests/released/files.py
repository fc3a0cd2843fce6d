"""One small file of each kind that densehop writes: what a version leaves behind, and the next one must open."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np

import densehop as dh
from densehop.base.arrays import Signs
from tests.command_line import PROGRAM

TEMPERATURE, RUN = 0.5, {"n_chains": 2, "seed": 1}
PLAN = """
name: released
seed: 1
problem: {model: direct, p: 3, load: [0.5], temperature: [0.4, 0.8]}
n_spins: 16
disorders: 1
starts: [example]
schedule: {n_chains: 2, n_sweeps: 40}
"""


def codes() -> Signs:
    """Return the memories: ten codes of 24 bits."""
    return (2 * np.random.default_rng(0).integers(0, 2, (10, 24)) - 1).astype(np.int8)


def network() -> dh.PBodyHopfield:
    """Return the network of the run and of its checkpoint."""
    return dh.PBodyHopfield(codes(), p=3)


def write(folder: Path) -> None:
    """Write one file of each kind into a folder."""
    np.save(folder / "codes.npy", codes())
    checkpoint = folder / "checkpoint.npz"
    run = network().sample(TEMPERATURE, n_sweeps=20, checkpoint=checkpoint, checkpoint_every=0, **RUN)
    run.to_xarray().to_netcdf(folder / "run.nc", engine="h5netcdf")
    diagram = dh.phase_diagram(3, coordinates=[0.2, 0.5], temperatures=[0.2, 0.6], boundaries=False)
    diagram.to_netcdf(folder / "diagram.nc", engine="h5netcdf")
    grid = dh.theory.solve_grid(dh.DirectModel, "retrieval", p=3, load=[0.2, 0.4], temperature=0.3)
    grid.to_netcdf(folder / "solutions.nc", engine="h5netcdf")
    _run("fit", "--data", folder / "codes.npy", "--out", folder / "memory.nc")
    with tempfile.TemporaryDirectory() as place:
        plan = Path(place, "plan.yaml")
        plan.write_text(PLAN)
        _run("run", plan, "--out", Path(place, "cells"), "--workers", 1)
        _run("collect", Path(place, "cells"), "--out", folder / "campaign.nc")


def _run(*arguments: object) -> None:
    subprocess.run([*PROGRAM, *map(str, arguments)], check=True, capture_output=True)
