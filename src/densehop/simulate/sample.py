"""Monte-Carlo chains of the student (docs/theory.md, section 7).

A spin flips if and only if Delta E < T x noise, with one random number per attempt: logistic noise is the heat-bath
rule (flip with probability 1/(1 + exp(Delta E/T))), exponential noise the Metropolis rule (min(1, exp(-Delta E/T))),
and T = 0 keeps a spin whose field is zero. The rules differ in nothing else.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from densehop import checks
from densehop.errors import Interrupted, InvalidInput
from densehop.kernels.noise import LOGISTIC, make_noise
from densehop.simulate.blocks import Group
from densehop.simulate.chains import Attempts, Forms, Numbers, Record
from densehop.simulate.checkpoint import Arrays, Checkpoint, Keeper, put_back
from densehop.simulate.fingerprint import digest
from densehop.simulate.settings import Settings
from densehop.simulate.workers import count_workers, run_all
from densehop.streams import Purpose, Seed, generator, seed_sequence
from densehop.version import __version__

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
    symmetric: bool
    n_patterns: int
    version: str


def start_states(start: npt.ArrayLike | None, n_chains: int, n_spins: int, seed: Seed) -> Signs:
    """Return the chains' first states, (chain, N): random where `start` is None."""
    if start is None:
        draws = [generator(seed, Purpose.START, chain).integers(0, 2, n_spins) for chain in range(n_chains)]
        return (2 * np.stack(draws) - 1).astype(np.int8)
    shape: tuple[int | str, ...] = (n_chains, n_spins) if checks.as_array("start", start).ndim == 2 else (n_spins,)
    states = np.broadcast_to(checks.signs("start", start, shape), (n_chains, n_spins))
    return np.ascontiguousarray(states)


def run_chains(
    forms: Forms,
    settings: Settings,
    starts: Signs,
    references: Signs,
    choice: str = "auto",
    n_workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 60.0,
) -> Samples:
    """Run all chains on threads; the bits depend neither on the number of workers nor on the representation.

    `progress` is called from the threads with the number of sweeps just done.
    """
    threads = count_workers(n_workers)
    choice = forms.choices(choice, settings.n_chains, threads)
    results = _empty_results(forms, settings, len(references))
    spins = starts.copy()
    file = None
    if checkpoint is not None:
        file = _checkpoint_of(checkpoint, checkpoint_every, forms, settings, choice, spins, references)
    saved = file.read() if file else None
    if saved:
        _require_no_more(saved[0]["by_couplings"].shape[1], settings.n_sweeps)
        rows = [slice(*group["rows"]) for group in saved[1]["groups"]]
    else:
        rows = _groups(settings.n_chains, threads * (GROUPS_PER_WORKER if choice == "patterns" else 1))
    groups = []
    for part in rows:
        record = Record(references, results["trace"][part], results["snapshots"][part], settings.snapshot_every)
        by_couplings = results["by_couplings"][part]
        groups.append(Group(forms, settings, choice, threads, part, spins[part], record, by_couplings))
    if saved:
        put_back(saved[0], groups, saved[1]["groups"], results)
    _run(groups, threads, progress, Keeper(file, groups, results) if file else None)
    return _samples(forms, settings, spins, results)


def _run(groups: list[Group], n_workers: int, progress: Callable[[int], None] | None, keeper: Keeper | None) -> None:
    """Run the groups to their end; whatever stops them, the checkpoint is brought up to date first."""

    def report(group: Group, n_sweeps: int) -> None:
        if keeper is not None:
            keeper.keep(group)
        if progress is not None:
            progress(n_sweeps * len(group.states))

    before = sum(group.place.done * len(group.states) for group in groups)
    if progress is not None and before > 0:
        progress(before)
    if keeper is None:
        run_all([partial(group.run, report) for group in groups], n_workers)
        return
    keeper.write()
    try:
        run_all([partial(group.run, report) for group in groups], n_workers)
    except KeyboardInterrupt as error:
        keeper.write()
        done, asked = min(group.place.done for group in groups), groups[0].settings.n_sweeps
        raise Interrupted(
            f"stopped after {done} of {asked} sweeps, saved in '{keeper.path}': the same call goes on from there"
        ) from error
    except BaseException:
        keeper.write()
        raise
    keeper.write()


def _empty_results(forms: Forms, settings: Settings, n_references: int) -> Arrays:
    """Return what the groups fill."""
    n_chains, n_sweeps, every = settings.n_chains, settings.n_sweeps, settings.snapshot_every
    return {
        "trace": np.zeros((n_chains, n_sweeps, 2 + n_references), dtype=forms.trace_type),
        "snapshots": np.zeros((n_chains, n_sweeps // every if every else 0, forms.n_spins), dtype=np.int8),
        "by_couplings": np.zeros((n_chains, n_sweeps), dtype=np.bool_),
    }


def _groups(n_chains: int, at_most: int) -> list[slice]:
    """Split the chains."""
    parts = np.array_split(np.arange(n_chains), min(at_most, n_chains))
    return [slice(int(chains[0]), int(chains[-1]) + 1) for chains in parts]


def _checkpoint_of(
    path: str | Path, every: float, forms: Forms, settings: Settings, choice: str, starts: Signs, references: Signs
) -> Checkpoint:
    """Return the checkpoint of a run, which names all that its results depend on but the number of sweeps."""
    seed = seed_sequence(settings.seed)
    identity = {
        "patterns and energy": forms.fingerprint(),
        "start": digest(starts),
        "references": digest(references),
        "representation": choice,
        "seed": [seed.entropy, list(seed.spawn_key)],
        **{
            name: getattr(settings, name) for name in ("temperature", "n_chains", "dynamics", "order", "snapshot_every")
        },
    }
    return Checkpoint.at(path, every, identity)


def _require_no_more(n_saved: int, n_sweeps: int) -> None:
    if n_saved > n_sweeps:
        raise InvalidInput(f"n_sweeps must be at least {n_saved}, which the checkpoint holds, got {n_sweeps}")


def _samples(forms: Forms, settings: Settings, spins: Signs, results: Arrays) -> Samples:
    """Turn what the groups recorded into the units of physics."""
    trace = results["trace"]
    overlap = trace[:, :, 2:] / forms.n_spins
    return Samples(
        spins=spins,
        energy=forms.energies(trace[:, :, 0]),
        overlap=gauged(overlap, axis=1) if forms.symmetric else overlap,
        acceptance=trace[:, :, 1] / forms.n_spins,
        snapshots=results["snapshots"],
        by_couplings=results["by_couplings"],
        settings=settings,
        symmetric=forms.symmetric,
        n_patterns=forms.n_patterns,
        version=__version__,
    )


def relax(forms: Forms, states: Signs, n_workers: int | None = None) -> Signs:
    """Run T = 0 dynamics from each state (B, N) to its fixed point; each flip lowers the energy, so it ends."""
    result, threads = states.copy(), count_workers(n_workers)
    rows = _groups(len(states), GROUPS_PER_WORKER * threads)
    run_all([partial(_relax_some, forms, result[part]) for part in rows], threads)
    return result


def _relax_some(forms: Forms, states: Signs, stop: threading.Event) -> None:
    """Relax states (B, N) one after the other, in place."""
    shape = (1, 1, states.shape[1])
    attempts = Attempts(
        make_noise(LOGISTIC), np.empty((1, 1, 0), dtype=np.int64), np.full(shape, 0.5), np.zeros((1, 1)), 0
    )
    for index in range(len(states)):
        chain = forms.start(states[index : index + 1], False, 1)
        trace: Numbers = np.ones((1, 1, 2), dtype=forms.trace_type)
        record = Record(np.empty((0, shape[2]), dtype=np.int8), trace, np.empty((1, 0, shape[2]), dtype=np.int8), 0)
        while trace[0, 0, 1] > 0 and not stop.is_set():
            chain.run(attempts, record)


def gauged(traces: Floats, axis: int) -> Floats:
    """Fix the sign that even p leaves free: flip each trace whose mean over time (along `axis`) is negative."""
    return traces * np.where(traces.mean(axis=axis, keepdims=True) < 0, -1.0, 1.0)
