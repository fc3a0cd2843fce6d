"""Monte-Carlo chains of the student (docs/theory.md, section 7).

A spin flips if and only if Delta E < T x noise, with one random number per attempt: logistic noise is the heat-bath
rule (flip with probability 1/(1 + exp(Delta E/T))), exponential noise the Metropolis rule (min(1, exp(-Delta E/T)), but
no attempt at one turn in eight, see `kernels/noise.py`), and T = 0 keeps a spin whose field is zero.
"""

import threading
from functools import partial

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.version import __version__
from densehop.base.workers import count_workers, run_all
from densehop.errors import InternalError
from densehop.kernels.record import Record
from densehop.simulate.attempts import cold_attempts
from densehop.simulate.blocks import Group
from densehop.simulate.chains import Arrays, Model, Numbers
from densehop.simulate.runs import Run, split
from densehop.simulate.samples import Samples
from densehop.simulate.settings import Settings

LONGEST_DESCENT = 100_000  # sweeps of T = 0 dynamics, a thousand times what it takes
CHECKED_EVERY = 64  # sweeps after which a descent that has not ended compares its energy with that of its state
GAUGE_SHARE = 4  # the first of so many equal parts of a trace fixes its sign
GROUPS_PER_WORKER = 8  # of chains on patterns
CHAINS_IN_GROUP = 8  # at least, for on few patterns they gain from each other's company


def run_chains(run: Run) -> Samples:
    """Run all chains on threads; the bits depend neither on the number of workers nor on the representation."""
    setup = run.setup
    at_most = setup.n_workers
    if setup.choice == "patterns":
        at_most = max(at_most, min(GROUPS_PER_WORKER * at_most, setup.settings.n_chains // CHAINS_IN_GROUP))
    if setup.on_device:
        at_most = 1
    spins, results = run.carry_out(Group, split(setup.settings.n_chains, at_most))
    return _samples(setup.model, setup.settings, spins, results)


def _samples(model: Model, settings: Settings, spins: Signs, results: Arrays) -> Samples:
    """Turn what the groups recorded into the units of physics."""
    trace = results["trace"]
    overlap = trace[:, :, 2:] / model.n_spins
    return Samples(
        spins=spins,
        energy=model.energies(trace[:, :, 0]),
        overlap=_gauged_run(overlap, settings) if model.table.symmetric else overlap,
        acceptance=trace[:, :, 1] / model.n_spins,
        snapshots=results["snapshots"],
        by_couplings=results["by_couplings"],
        settings=settings,
        interaction=model.table.interaction,
        p=model.table.p,
        symmetric=model.table.symmetric,
        n_patterns=model.n_patterns,
        version=__version__,
        sharpness=model.table.sharpness or None,
    )


def relax(model: Model, states: Signs, n_workers: int | None = None) -> Signs:
    """Run T = 0 dynamics from each state (B, N) to its fixed point; each flip lowers the energy, so it ends."""
    result, threads = states.copy(), count_workers(n_workers)
    rows = split(len(states), GROUPS_PER_WORKER * threads)
    run_all([partial(_relax_some, model, result[part]) for part in rows], threads)
    return result


def _relax_some(model: Model, states: Signs, stop: threading.Event) -> None:
    """Relax states (B, N) one after the other, in place."""
    n_spins = states.shape[1]
    attempts = cold_attempts(1, n_spins)
    by_couplings = model.starts_on_couplings(model.workload(1, True))
    for index in range(len(states)):
        chain = model.start(states[index : index + 1], by_couplings, 1)
        trace: Numbers = np.ones((1, 1, 2), dtype=model.trace_type)
        record = Record(np.empty((0, n_spins), dtype=np.int8), trace, np.empty((1, 0, n_spins), dtype=np.int8), 0)
        for sweep in range(1, LONGEST_DESCENT + 1):
            if stop.is_set():
                return
            chain.run(attempts, record)
            ends = trace[0, 0, 1] == 0
            if ends or sweep % CHECKED_EVERY == 0:
                chain.check()
            if ends:
                break
        else:
            raise InternalError(f"T = 0 dynamics did not end within {LONGEST_DESCENT} sweeps; please report it")


def _gauged_run(overlap: Floats, settings: Settings) -> Floats:
    """Fix the signs of overlaps (chain, sweep, reference); a schedule's chains choose their sign on the way."""
    if isinstance(settings.temperature, tuple):
        return overlap * np.where(overlap[:, -1:] < 0, -1.0, 1.0)
    return gauged(overlap, axis=1)


def gauged(traces: Floats, axis: int, n_first: int | None = None) -> Floats:
    """Fix the sign that even p leaves free by the mean over the first times (along `axis`), None: the first quarter.

    A trace whose first part has a negative mean is flipped as a whole. What is averaged after that part did not choose
    its own sign, so its mean is unbiased where the law has no preferred sign.
    """
    n_first = max(1, traces.shape[axis] // GAUGE_SHARE) if n_first is None else n_first
    first = np.take(traces, np.arange(min(n_first, traces.shape[axis])), axis=axis)
    return traces * np.where(first.sum(axis=axis, keepdims=True) < 0, -1.0, 1.0)
