"""Replica exchange: bits, checkpoints, what it reports, and ladders tuned by measured rates."""

from types import SimpleNamespace

import numpy as np
import pytest

import densehop as dh
from densehop.base.streams import Purpose
from densehop.simulate import tuning
from densehop.simulate.tempering import _round_trips, swap_rates

TEMPERATURES = (0.8, 1.3, 2.1)
RESULTS = ("spins", "energy", "overlap", "acceptance", "snapshots", "chain", "swap_rate", "round_trips")


def network(p=3, n_spins=20, n_patterns=60):
    return dh.PBodyHopfield(np.random.default_rng(p).choice([-1, 1], (n_patterns, n_spins)), p)


def same(first, second):
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in RESULTS)


@pytest.mark.parametrize("p", [2, 3])
def test_records_are_those_of_the_states(p):
    net = network(p)
    run = net.temper(TEMPERATURES, 2, 40, references=net.patterns[:2], snapshot_every=1)
    assert run.snapshots.shape == (2, 3, 40, 20)
    assert run.energy == pytest.approx(net.energy(run.snapshots.reshape(-1, 20)).reshape(2, 3, 40), rel=1e-12)
    overlap = net.overlaps(run.snapshots.reshape(-1, 20))[:, :2].reshape(2, 3, 40, 2)
    assert run.overlap == pytest.approx(np.abs(overlap) if p == 2 else overlap, abs=1e-15)
    assert (run.snapshots[:, :, -1] == run.spins).all()
    assert (np.sort(run.chain, axis=1) == np.arange(3)[:, np.newaxis]).all()
    assert np.all(np.diff(run.energy.mean(axis=(0, 2))) > 0)


@pytest.mark.parametrize("options", [{}, {"order": "random"}, {"exchange_every": 4}, {"representation": "couplings"}])
def test_one_seed_one_result(options):
    runs = [network().temper(TEMPERATURES, 3, 50, seed=7, snapshot_every=5, n_workers=n, **options) for n in (1, 3)]
    assert same(*runs)
    if "representation" not in options:
        assert same(runs[0], network().temper(TEMPERATURES, 3, 50, seed=7, snapshot_every=5, **options,
                                              representation="patterns"))  # fmt: skip
    assert not same(runs[0], network().temper(TEMPERATURES, 3, 50, seed=8, snapshot_every=5, **options))


@pytest.mark.parametrize("every", [1, 3])
def test_interrupted_run_ends_with_the_same_bits(every, tmp_path):
    options = {"n_ladders": 2, "n_sweeps": 100, "exchange_every": every, "snapshot_every": 7, "seed": 3}
    whole, path = network().temper(TEMPERATURES, **options), tmp_path / "run.npz"

    class StopAfter:
        left = 4

        def __call__(self, _n_sweeps):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

    with pytest.raises(dh.errors.Interrupted, match="of 100 sweeps"):
        network().temper(TEMPERATURES, **options, checkpoint=path, progress=StopAfter())
    assert same(whole, network().temper(TEMPERATURES, **options, checkpoint=path))
    with pytest.raises(dh.InvalidInput, match="temperatures was"):
        network().temper((0.8, 1.3, 2.2), **options, checkpoint=path)
    with pytest.raises(dh.InvalidInput, match="exchange_every was"):
        network().temper(TEMPERATURES, **{**options, "exchange_every": 5}, checkpoint=path)


def test_samples_at_one_temperature():
    run = network().temper(TEMPERATURES, 4, 60, references=network().patterns[0], snapshot_every=2)
    at = run.at(1)
    assert np.array_equal(at.energy, run.energy[:, 1])
    assert (at.settings.temperature, at.settings.n_chains, at.overlap.shape) == (1.3, 4, (4, 60, 1))
    assert dh.diagnostics.between_chains(at).shape == (6, 30)
    with pytest.raises(dh.InvalidInput, match="index must be an integer from 0 to 2, got 3"):
        run.at(3)


def testswap_rates_count_neighbours_that_changed_places():
    """Three chains; pair (1, 2) swaps after sweep 0, (0, 1) tries after sweep 1 and 3, (1, 2) again after 2."""
    level = np.array([[[0, 0, 1, 1, 1], [1, 2, 2, 2, 2], [2, 1, 0, 0, 0]]])
    assert swap_rates(level, 1) == pytest.approx([0.5, 0.5])


def test_round_trips_count_from_the_bottom():
    walks = {(0, 1, 2, 1, 0): 1, (2, 1, 0, 1, 2, 2, 0): 1, (0, 0, 1, 0): 0, (0, 2, 0, 2, 0, 1): 2, (1, 1): 0, (2, 0): 0}
    for walk, trips in walks.items():
        level = np.array([[walk, np.ones_like(walk), np.ones_like(walk)]])
        assert _round_trips(level)[0] == trips


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperatures": (1.0,)}, "temperatures must be at least 2, positive and rising"),
        ({"temperatures": (2.0, 1.0)}, "temperatures must be at least 2, positive and rising"),
        ({"temperatures": (0.0, 1.0)}, "temperatures must be at least 2, positive and rising"),
        ({"temperatures": (1.0, np.nan)}, "temperatures must be finite"),
        ({"n_ladders": 0}, "n_ladders must be an integer >= 1, got 0"),
        ({"exchange_every": 0}, "exchange_every must be an integer >= 1, got 0"),
        ({"start": np.ones((2, 20))}, r"start must have shape \(6, 20\), got \(2, 20\)"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        network().temper(**{"temperatures": TEMPERATURES, "n_sweeps": 5, **arguments})


def test_tuned_ladder_has_the_rates_asked_for():
    net = network(3, 60, 200)
    ladder = net.tune_ladder(0.8, 4.0, swap_rate=0.4, seed=1)
    assert ladder.converged
    assert (ladder.temperatures[0], ladder.temperatures[-1]) == (0.8, 4.0)
    again = net.temper(ladder.temperatures, 4, 1000, seed=int(Purpose.SWAP))
    print(len(ladder.temperatures), again.swap_rate)
    assert again.swap_rate.min() > 0.15
    assert again.swap_rate.max() < 0.8


def test_tuned_rates_are_those_of_a_long_run():
    """p = 3, load 2: the first trial of 300 sweeps is far from equilibrium, and its rates from those of a long run."""
    _, examples = dh.draw_examples(n_spins=40, n_examples=533, p=3, temperature=1e3, seed=0)
    net = dh.PBodyHopfield(examples, p=3)
    ladder = net.tune_ladder(0.5, 2.5, seed=1)
    assert ladder.converged
    assert ladder.n_trials > 1
    run = net.temper(ladder.temperatures, 4, 4_000, seed=2)
    print(run.swap_rate - ladder.swap_rate)
    assert np.abs(run.swap_rate - ladder.swap_rate).max() < 0.1
    assert (ladder.swap_rate_error <= 0.03).all()


def test_rates_that_change_from_trial_to_trial_are_not_promised(monkeypatch):
    """As wanted in every trial, but 0.3 in one and 0.5 in the next."""
    drifting = iter([0.3, 0.5] * 20)
    measured = lambda _run: tuning.Rates(np.array([next(drifting)]), np.array([0.01]))  # noqa: E731
    monkeypatch.setattr(tuning.Rates, "of", measured)
    lengths = []

    def trial(_temperatures, _start, _number, n_sweeps):
        lengths.append(n_sweeps)
        return SimpleNamespace(spins=np.ones((2, 2, 8), dtype=np.int8))

    with pytest.warns(UserWarning, match="still change from trial to trial; use more n_sweeps"):
        ladder = tuning.tune(tuning.LadderRequest(1.0, 2.0, 0.4, 2), trial, 100)
    assert not ladder.converged
    assert lengths[:5] == [100, 400, 1600, 6400, 6400]


def test_ladder_that_cannot_be_had_says_so():
    with pytest.warns(UserWarning, match=r"the swap rates range from .*, 0.9 was wanted; use more n_sweeps"):
        ladder = network(3, 60, 200).tune_ladder(0.5, 8.0, swap_rate=0.9, n_sweeps=50, max_temperatures=3)
    assert not ladder.converged
    with pytest.raises(dh.InvalidInput, match="hottest must be above coldest = 2, got 1"):
        network().tune_ladder(2.0, 1.0)
    with pytest.raises(dh.InvalidInput, match="n_sweeps must be an integer >= 3, got 2"):
        network().tune_ladder(1.0, 2.0, n_sweeps=2)
    with pytest.raises(dh.InvalidInput, match=r"swap_rate must be from 0.01 to 0.9, got 1"):
        network().tune_ladder(1.0, 2.0, swap_rate=1.0)
