"""Monte-Carlo chains of the student (docs/theory.md, section 7).

A spin flips if and only if Delta E < T x noise, with one random number per attempt: logistic noise is the heat-bath
rule (flip with probability 1/(1 + exp(Delta E/T))), exponential noise the Metropolis rule (min(1, exp(-Delta E/T))),
and T = 0 keeps a spin whose field is zero. The rules differ in nothing else.
"""

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from densehop.kernels.noise import LOGISTIC, make_noise
from densehop.simulate.blocks import Group
from densehop.simulate.chains import Arrays, Attempts, Forms, Numbers, Record
from densehop.simulate.runs import Run, split
from densehop.simulate.settings import Settings
from densehop.simulate.workers import count_workers, run_all
from densehop.version import __version__

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]

GROUPS_PER_WORKER = 8  # of chains on patterns, which gain nothing from each other's company


@dataclass(frozen=True, eq=False)
class Samples:
    """What the chains did; traces hold the state after each sweep, not the start.

    Attributes
    ----------
    spins : (chain, N) int8, the final states
    energy : (chain, sweep) float64, extensive
    overlap : (chain, sweep, reference) float64, per spin; where `symmetric`, gauged by the sign of its time average
    acceptance : (chain, sweep) float64, fraction of attempts that flipped
    snapshots : (chain, sweep // snapshot_every, N) int8, states after every `snapshot_every`-th sweep
    by_couplings : (chain, sweep) bool, whether the sweep ran on couplings, not patterns; it changes only the time taken
    settings : how they ran, with the seed
    interaction, p : the energy; p is None for the exponential
    symmetric : bool, whether xi and -xi have the same energy, as for even p
    n_patterns : int
    version : str, of densehop
    """

    spins: Signs
    energy: Floats
    overlap: Floats
    acceptance: Floats
    snapshots: Signs
    by_couplings: npt.NDArray[np.bool_]
    settings: Settings
    interaction: str
    p: int | None
    symmetric: bool
    n_patterns: int
    version: str

    def to_xarray(self) -> "xr.Dataset":
        """Return a Dataset over chain, sweep, reference and site (and snapshot, labelled by its sweep).

        Its attributes densehop_version, seed and parameters (JSON) say how to make it again; `.to_netcdf(path)`
        writes it.
        """
        from densehop.simulate import export  # noqa: PLC0415 (knows Samples; slow imports)

        return export.to_xarray(self)

    def to_arviz(self) -> Any:
        """Return energy and overlap as ArviZ's posterior, acceptance as sample_stats; sweeps are its draws.

        An InferenceData before ArviZ 1, a DataTree since. Needs `pip install 'densehop[arviz]'`, else `MissingPackage`.
        """
        from densehop.simulate import export  # noqa: PLC0415 (as above)

        return export.to_arviz(self)


def run_chains(run: Run) -> Samples:
    """Run all chains on threads; the bits depend neither on the number of workers nor on the representation."""
    terms = run.terms
    at_most = terms.n_workers * (GROUPS_PER_WORKER if terms.choice == "patterns" else 1)
    spins, results = run.carry_out(Group, split(terms.settings.n_chains, at_most))
    return _samples(terms.forms, terms.settings, spins, results)


def _samples(forms: Forms, settings: Settings, spins: Signs, results: Arrays) -> Samples:
    """Turn what the groups recorded into the units of physics."""
    trace = results["trace"]
    overlap = trace[:, :, 2:] / forms.n_spins
    return Samples(
        spins=spins,
        energy=forms.energies(trace[:, :, 0]),
        overlap=gauged(overlap, axis=1) if forms.table.symmetric else overlap,
        acceptance=trace[:, :, 1] / forms.n_spins,
        snapshots=results["snapshots"],
        by_couplings=results["by_couplings"],
        settings=settings,
        interaction=forms.table.interaction,
        p=forms.table.p,
        symmetric=forms.table.symmetric,
        n_patterns=forms.n_patterns,
        version=__version__,
    )


def relax(forms: Forms, states: Signs, n_workers: int | None = None) -> Signs:
    """Run T = 0 dynamics from each state (B, N) to its fixed point; each flip lowers the energy, so it ends."""
    result, threads = states.copy(), count_workers(n_workers)
    rows = split(len(states), GROUPS_PER_WORKER * threads)
    run_all([partial(_relax_some, forms, result[part]) for part in rows], threads)
    return result


def _relax_some(forms: Forms, states: Signs, stop: threading.Event) -> None:
    """Relax states (B, N) one after the other, in place."""
    shape = (1, 1, states.shape[1])
    attempts = Attempts(
        make_noise(LOGISTIC), np.empty((1, 1, 0), dtype=np.int64), np.full(shape, 0.5), np.zeros((1, 1)), 0
    )
    by_couplings = forms.starts_on_couplings(forms.workload(1, True))
    for index in range(len(states)):
        chain = forms.start(states[index : index + 1], by_couplings, 1)
        trace: Numbers = np.ones((1, 1, 2), dtype=forms.trace_type)
        record = Record(np.empty((0, shape[2]), dtype=np.int8), trace, np.empty((1, 0, shape[2]), dtype=np.int8), 0)
        while trace[0, 0, 1] > 0 and not stop.is_set():
            chain.run(attempts, record)


def gauged(traces: Floats, axis: int) -> Floats:
    """Fix the sign that even p leaves free: flip each trace whose mean over time (along `axis`) is negative."""
    return traces * np.where(traces.mean(axis=axis, keepdims=True) < 0, -1.0, 1.0)
