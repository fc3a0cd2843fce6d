import dataclasses
import sys
import threading
import time

import numpy as np
import pytest

import densehop as dh
from densehop.base.streams import Purpose, generator, seed_sequence
from densehop.base.workers import run_all
from densehop.errors import MissingPackage
from tests import naive


def random_network(p, n_patterns, n_spins, seed=0):
    return dh.PBodyHopfield(np.random.default_rng(seed).choice([-1, 1], (n_patterns, n_spins)), p=p)


@pytest.mark.parametrize("p", [2, 3, 4, 5])
@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("representation", ["patterns", "couplings"])
def test_trajectory_equals_the_naive_twin(p, dynamics, order, representation):
    """The kernel makes every decision of a loop that recomputes whole energies, attempt by attempt."""
    net = random_network(p, 7, 9)
    options = {"dynamics": dynamics, "order": order, "representation": representation if p <= 4 else "auto"}
    run = net.sample(1.3, n_chains=2, n_sweeps=6, seed=3, snapshot_every=1, **options)
    for chain in range(2):
        state = 2 * generator(3, Purpose.START, chain).integers(0, 2, 9) - 1
        key, site_key = (
            tuple(seed_sequence(3, purpose, chain).generate_state(2).tolist())
            for purpose in (Purpose.NOISE, Purpose.ORDER)
        )
        for sweep in range(6):
            uniform = naive.uniforms(key, sweep, 9)
            sites = np.floor(9 * naive.uniforms(site_key, sweep, 9)).astype(int) if order == "random" else range(9)
            metropolis = np.where(uniform < 1 / 8, -np.inf, -np.log((1 - uniform) / (7 / 8)))  # an eighth rests
            variates = np.log(uniform / (1 - uniform)) if dynamics == "heat-bath" else metropolis
            state = naive.sweep(state, net.patterns, p, 1.3, variates, sites)
            assert (run.snapshots[chain, sweep] == state).all()


@pytest.mark.parametrize("sharpness", [0.02, 0.4, 3.0, 40.0, 120.0])
@pytest.mark.parametrize("temperature", [0.8, 3.0])
def test_exponential_trajectory_equals_the_naive_twin(sharpness, temperature):
    """Weights are multiplied for 2500, 125, 16 and 1 flips before they are found anew; beyond b = 100 always."""
    net = dh.PBodyHopfield(random_network(3, 40, 24).patterns, interaction="exponential", sharpness=sharpness)
    run = net.sample(temperature, n_chains=1, n_sweeps=4, seed=5, snapshot_every=1, start=net.patterns[0])
    state, key = net.patterns[0].astype(int), seed_sequence(5, Purpose.NOISE, 0).generate_state(2).tolist()
    for sweep in range(4):
        for site, uniform in enumerate(naive.uniforms(tuple(key), sweep, 24)):
            flipped = state * np.where(np.arange(24) == site, -1, 1)
            before, after = (
                naive.interaction_energy(s, net.patterns, "exponential", sharpness=sharpness) for s in (state, flipped)
            )
            if after - before < temperature * np.log(uniform / (1 - uniform)):
                state = flipped
        assert (run.snapshots[0, sweep] == state).all()
        own = naive.interaction_energy(state, net.patterns, "exponential", sharpness=sharpness)
        assert run.energy[0, sweep] == pytest.approx(own, rel=1e-13)
    assert 0 < run.acceptance.mean() < 1


@pytest.mark.parametrize(("p", "n_spins"), [(2, 300), (3, 101), (4, 60), (6, 100)])
def test_records_equal_recomputation(p, n_spins):
    """Energy, overlap and acceptance after every sweep from the states themselves; p = 6 needs 64-bit amplitudes."""
    net = random_network(p, 50, n_spins)
    references = net.patterns[:3]
    run = net.sample(0.7, n_chains=2, n_sweeps=12, references=references, snapshot_every=1)
    states = run.snapshots.reshape(-1, n_spins)
    assert run.energy.ravel() == pytest.approx(net.energy(states), rel=1e-13)
    overlap = net.overlaps(states)[:, :3].reshape(2, 12, 3)
    if p % 2 == 0:
        overlap *= np.where(overlap[:, :3].mean(axis=1, keepdims=True) < 0, -1, 1)  # the first quarter
    assert run.overlap == pytest.approx(overlap, abs=1e-15)
    assert (run.snapshots[:, -1] == run.spins).all()
    changed = (run.snapshots[:, 1:] != run.snapshots[:, :-1]).mean(axis=2)
    assert run.acceptance[:, 1:] == pytest.approx(changed, abs=1e-15)
    assert 0 < run.acceptance.mean() < 1


@pytest.mark.parametrize(("p", "n_spins", "n_patterns"), [(6, 91, 1000), (4, 500, 2000), (3, 8191, 600)])
def test_fields_summed_in_several_chunks_are_exact(p, n_spins, n_patterns):
    """Terms of these sizes fit into 32 bits, sums of some tens of them do not."""
    net = random_network(p, n_patterns, n_spins)
    assert 8 <= net._model.pattern_store.fit.form.chunk < n_patterns / 32
    for start in (net.patterns[0], None):
        run = net.sample(1.0, n_chains=1, n_sweeps=2, start=start, seed=1)
        assert run.energy[:, -1] == pytest.approx(net.energy(run.spins), rel=1e-14)
    state = net.patterns[0].copy()
    relaxed = net.relax(state)
    assert (relaxed * net.local_fields(relaxed) >= 0).all()


@pytest.mark.parametrize("order", ["sequential", "random"])
def test_same_bits_with_any_number_of_workers(order):
    net = random_network(3, 300, 40)
    runs = [net.sample(2.0, 5, 30, seed=9, order=order, snapshot_every=7, n_workers=n) for n in (1, 2, 5)]
    for run in runs[1:]:
        for field in ("spins", "energy", "acceptance", "snapshots"):
            assert np.array_equal(getattr(run, field), getattr(runs[0], field))
    assert not np.array_equal(net.sample(2.0, 5, 30, seed=10, order=order).spins, runs[0].spins)


@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("sharpness", [None, 0.05, 1.0])
def test_length_of_the_inner_blocks_does_not_matter(order, sharpness, monkeypatch):
    """None: p = 3; else the exponential energy, whose weights are found anew after each sweep."""
    net = random_network(3, 60, 20)
    if sharpness:
        net = dh.PBodyHopfield(net.patterns, interaction="exponential", sharpness=sharpness)
    whole = net.sample(2.0, 2, 50, order=order, snapshot_every=4)
    monkeypatch.setattr("densehop.simulate.blocks.ATTEMPTS_PER_CALL", 120)
    pieces = net.sample(2.0, 2, 50, order=order, snapshot_every=4)
    assert np.array_equal(whole.energy, pieces.energy)
    assert np.array_equal(whole.snapshots, pieces.snapshots)


def test_chains_are_independent_and_examples_share_no_stream_with_chains():
    net = random_network(3, 60, 64)
    run = net.sample(50.0, n_chains=20, n_sweeps=1, seed=0)
    overlaps = run.spins.astype(int) @ run.spins.T / 64
    assert np.abs(overlaps[~np.eye(20, dtype=bool)]).max() < 4.5 / 8
    pattern, _ = dh.draw_examples(64, 1, 3, 5.0, seed=0)
    assert abs(pattern.astype(int) @ run.spins[0]) < 4.5 * 8


def test_zero_temperature_is_relaxation():
    net = random_network(3, 30, 40)
    start = np.random.default_rng(1).choice([-1, 1], (3, 40))
    run = net.sample(0.0, n_chains=3, n_sweeps=50, start=start)
    assert (run.spins == net.relax(start)).all()
    assert (np.diff(run.energy, axis=1) <= 0).all()


def test_result_carries_what_made_it():
    run = random_network(2, 5, 8).sample(1.5, n_chains=2, n_sweeps=3, seed=4, dynamics="metropolis")
    assert dataclasses.asdict(run.settings) == {
        "temperature": 1.5,
        "n_chains": 2,
        "n_sweeps": 3,
        "dynamics": "metropolis",
        "order": "sequential",
        "snapshot_every": 0,
        "seed": 4,
    }
    assert (run.interaction, run.p, run.n_patterns, run.version) == ("strict", 2, 5, dh.__version__)


def test_progress_counts_every_sweep():
    done = []
    random_network(3, 60, 20).sample(2.0, n_chains=3, n_sweeps=11, progress=done.append)
    assert sum(done) == 33
    with pytest.raises(dh.InvalidInput, match="progress must be a function or None, got 3"):
        random_network(3, 60, 20).sample(2.0, progress=3)


def test_interrupt_stops_the_chains_at_once():
    """Ctrl-C in a long run: the error comes through within moments, no chain runs on."""
    net = random_network(3, 20_000, 100)
    calls = []

    def interrupt(sweeps):
        calls.append(sweeps)
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        net.sample(2.0, n_chains=4, n_sweeps=20_000, progress=interrupt)
    assert time.monotonic() - began < 10
    assert len(calls) <= 4


def test_failing_task_stops_the_others():
    stopped = threading.Event()

    def waits(stop):
        stopped.set() if stop.wait(20) else None

    def fails(_stop):
        raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"):
        run_all([waits, fails], 2)
    assert stopped.is_set()


def test_an_accelerator_without_jax_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "densehop.accelerator.placed", None)
    monkeypatch.setitem(sys.modules, "densehop.accelerator.backend", None)
    net = dh.PBodyHopfield(np.ones((2, 5), dtype=int), 3)
    with pytest.raises(MissingPackage, match=r"needs the package jax.*pip install 'densehop\[accelerator\]'"):
        net.sample(1.0, n_sweeps=2, device="accelerator")
    assert net.sample(1.0, n_sweeps=2, device="auto").energy.shape == (1, 2)
