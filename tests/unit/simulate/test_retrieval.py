"""Batched overlaps, fields and synchronous dynamics beside loops over spins, patterns and p-tuples."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.energies import tables
from densehop.simulate.retrieval import RetrievalStore, digits_of, reduce_integers
from tests import naive


def signs(seed, *shape):
    return np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), shape)


def near_and_far(net, n_random=9, n_near=5):
    """Return random states, stored vectors, their opposites, and stored vectors with a few spins turned."""
    near = net.patterns[np.arange(n_near) % net.n_patterns]
    turned = near.copy()
    turned[:, : net.n_spins // 8] *= -1
    return np.concatenate([signs(7, n_random, net.n_spins), near, -near, turned])


def exact_fields(net, states):
    """Return the doubled fields from the tables, in integers of any size: sums of halves of 64 bits have room."""
    count, patterns = tables.agreements(states, net.patterns), net.patterns.astype(np.int64)
    high, low = np.divmod(net.table.even[count], 2**31)
    from_even = (high @ patterns).astype(object) * 2**31 + low @ patterns
    return from_even + states * net.table.odd.astype(object)[count].sum(axis=1, keepdims=True)


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6])
def test_fields_and_steps_are_those_of_all_tuples(p):
    net = dh.PBodyHopfield(signs(p, 7, 8), p=p)
    states = near_and_far(net, 4, 3)
    fields = net._stepper.fields(states)
    assert fields.tolist() == [naive.doubled_fields(state, net.patterns, p) for state in states]
    expected = [naive.synchronous_step(state, net.patterns, p) for state in states]
    assert (net._stepper.step(states) == expected).all()


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6])
@pytest.mark.parametrize(
    ("n_spins", "n_patterns"), [(6, 1), (31, 33), (64, 32), (65, 1025), (100, 2080), (203, 1057), (1001, 150)]
)
def test_fields_are_the_exact_integers(p, n_spins, n_patterns):
    net = dh.PBodyHopfield(signs(n_spins, n_patterns, n_spins), p=p)
    states = near_and_far(net)
    fields = net._stepper.fields(states)
    assert (fields == exact_fields(net, states)).all()
    assert (0.5 * net.table.scale * fields.astype(float) == net.local_fields(states)).all()


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("p", [3, 5])
def test_any_number_of_large_overlaps(p, share):
    """Few are added pattern by pattern, many digit by digit."""
    patterns = signs(0, 100, 1000)
    patterns[: int(share * 100)] = patterns[0]
    patterns[1 : int(share * 100) : 7] *= -1
    net = dh.PBodyHopfield(patterns, p=p)
    states = np.concatenate([signs(1, 2, 1000), patterns[:3], -patterns[:3]])
    assert (net._stepper.fields(states) == exact_fields(net, states)).all()


def test_fields_up_to_the_limit_of_64_bits():
    """Partial sums may wrap around, the fields do not."""
    for p, n_spins in ((24, 64), (7, 1000), (4, 32_000), (12, 150)):
        table = dh.energies.strict_table(p, n_spins)
        largest = max(int(np.abs(values).max()) for values in (table.energy, table.even, table.odd))
        n_patterns = min((2**63 - 1) // (2 * largest), 50_000 // n_spins + 1)
        patterns = np.tile(signs(p, 1, n_spins), (n_patterns, 1))
        patterns[::3] = signs(p + 1, *patterns[::3].shape)
        net = dh.PBodyHopfield(patterns, p=p)
        states = near_and_far(net, 2, 2)
        assert (net._stepper.fields(states) == exact_fields(net, states)).all()


@pytest.mark.parametrize(("p", "n_spins"), [(2, 2), (3, 3), (2, 9), (3, 1000), (4, 900), (5, 64), (30, 60), (9, 9)])
def test_digits_make_up_the_table(p, n_spins):
    table = dh.energies.strict_table(p, n_spins)
    even, odd, constant, unit = reduce_integers(table)
    digits, factors, rest = digits_of(even, unit)
    found = constant + (factors.astype(object)[:, np.newaxis] * digits).sum(axis=0)
    assert (found == constant + factors[0] * digits[0].astype(object) + rest).all()
    assert (found[1:-1] == table.even[1:-1]).all()
    assert (odd[1:-1] == table.odd[1:-1]).all()
    assert found[0] - odd[0] == table.even[0] - table.odd[0]
    assert found[-1] + odd[-1] == table.even[-1] + table.odd[-1]
    assert digits[0, n_spins // 2] == 0
    assert unit == 1 or math.gcd(*even) == 1 or len(set(even)) == 1


def test_digits_of_huge_values():
    values = [0, -1, 2**15, -(2**15), 2**62, -(2**62), 12345678901]
    digits, factors, _ = digits_of(values, 1)
    assert (factors.astype(object)[:, np.newaxis] * digits).sum(axis=0).tolist() == values


def test_overlaps_are_counted():
    for n_spins, n_patterns in ((5, 3), (64, 65), (77, 1030)):
        net = dh.PBodyHopfield(signs(1, n_patterns, n_spins), p=2)
        states = near_and_far(net)
        expected = states.astype(int) @ net.patterns.T.astype(int) / n_spins
        assert net.overlaps(states) == pytest.approx(expected, abs=1e-15)
        assert (net.overlaps(states) == 2 * tables.agreements(states, net.patterns) / n_spins - 1).all()


def test_largest_overlaps_with_ties():
    """At 9 spins and 2,000 patterns most overlaps are equal: the first pattern comes first."""
    net = dh.PBodyHopfield(signs(2, 2000, 9), p=2)
    states = signs(3, 20, 9)
    overlaps = net.overlaps(states)
    for n_largest in (1, 2, 37, 2000):
        values, indices = net.largest_overlaps(states, n_largest)
        assert (indices == np.argsort(-overlaps, axis=1, kind="stable")[:, :n_largest]).all()
        assert (values == np.take_along_axis(overlaps, indices, axis=1)).all()
    value, index = net.largest_overlaps(states[0])
    assert value.shape == index.shape == (1,)


def follow(state, patterns, p, max_steps):
    """Return state, number of steps and period, from the whole path."""
    path = [state]
    for step in range(max_steps):
        path.append(naive.synchronous_step(path[-1], patterns, p))
        if (path[-1] == path[-2]).all():
            return path[-2], step, 1
        if step > 0 and (path[-1] == path[-3]).all():
            return path[-3], step - 1, 2
    return path[-1], max_steps, 0


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("max_steps", [1, 2, 3, 40])
def test_whole_paths(p, max_steps):
    """From 40 states: transients, fixed points, and at even p cycles of two."""
    net = dh.PBodyHopfield(signs(p + 4, 9, 8), p=p)
    states = naive.all_states(8)[::6]
    result = net.retrieve(states, max_steps)
    expected = [follow(state, net.patterns, p, max_steps) for state in states]
    assert (result.states == [state for state, _, _ in expected]).all()
    assert result.n_steps.tolist() == [steps for _, steps, _ in expected]
    assert result.period.tolist() == [period for _, _, period in expected]
    assert (result.converged == (result.period == 1)).all()
    if max_steps == 40:
        assert set(result.period) == {1, 2}
        assert result.n_steps.max() > 1
    else:
        assert 0 in result.period


def test_two_spins_that_disagree_alternate():
    net = dh.PBodyHopfield([[1, -1]], p=2)
    result = net.retrieve([[1, 1], [1, -1]])
    assert result.states.tolist() == [[1, 1], [1, -1]]
    assert result.period.tolist() == [2, 1]
    assert result.advice == "1 of 2 states alternate between two; relax() always ends in a fixed point"
    assert net.retrieve([1, 1], max_steps=1).advice == (
        "1 of 1 states did not settle within max_steps; raise it, or use relax()"
    )
    assert net.retrieve([1, -1]).advice == ""


def test_a_single_state_gives_scalars():
    net = dh.PBodyHopfield(signs(0, 5, 40), p=3)
    result = net.retrieve(net.patterns[2])
    assert result.states.shape == (40,)
    assert result.n_steps.shape == result.period.shape == result.converged.shape == ()
    assert result.converged


def test_zero_fields_keep_their_spins():
    """Two opposite patterns at p = 3 cancel: every state is a fixed point."""
    pattern = np.ones(6, dtype=np.int8)
    states = naive.all_states(6)
    result = dh.PBodyHopfield([pattern, -pattern], p=3).retrieve(states)
    assert (result.states == states).all()
    assert result.converged.all()
    assert (result.n_steps == 0).all()


def test_corrupted_memories_come_back():
    net = dh.PBodyHopfield(signs(0, 40, 100), p=3)
    corrupted = net.patterns.copy()
    corrupted[:, :20] = signs(1, 40, 20)
    result = net.retrieve(corrupted)
    assert (result.states == net.patterns).all()
    assert result.converged.all()


def test_bits_depend_neither_on_workers_nor_on_blocks(monkeypatch):
    net = dh.PBodyHopfield(signs(0, 700, 60), p=3)
    states = signs(1, 300, 60)
    first, overlaps = net.retrieve(states, n_workers=1), net.overlaps(states)
    largest = net.largest_overlaps(states, 3, n_workers=1)

    def same():
        result = net.retrieve(states, n_workers=3)
        for name in ("states", "n_steps", "period"):
            assert (getattr(result, name) == getattr(first, name)).all()
        assert (net.overlaps(states) == overlaps).all()
        for one, other in zip(net.largest_overlaps(states, 3, n_workers=3), largest, strict=True):
            assert (one == other).all()

    same()
    for module in ("representations.bit_overlaps", "retrieval"):
        monkeypatch.setattr(f"densehop.simulate.{module}.STATES_AT_ONCE", 24)
        monkeypatch.setattr(f"densehop.simulate.{module}.PATTERNS_AT_ONCE", 96)
    same()
    monkeypatch.setattr("densehop.simulate.representations.bit_overlaps.PACKED_AT_ONCE", 64)
    words = net._words.words
    del net._words, net._stepper
    same()
    assert (net._words.words == words).all()


@pytest.mark.parametrize("p", [2, 3, 4])
def test_relaxation_on_couplings_gives_the_same_bits(p):
    net = dh.PBodyHopfield(signs(p, 800, 24), p=p)
    states = signs(5, 30, 24)
    before = net.relax(states)
    net.sample(1.0, n_sweeps=1, representation="couplings")
    assert net._model.coupling_store is not None
    assert (net.relax(states) == before).all()


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("retrieve", {"max_steps": 0}, "max_steps must be an integer >= 1, got 0"),
        ("retrieve", {"n_workers": 0}, "n_workers must be an integer >= 1, got 0"),
        ("retrieve", {"states": np.ones((3, 9))}, r"states must have shape \(B, 20\), got \(3, 9\)"),
        ("retrieve", {"states": np.zeros(20)}, r"states must hold only \+1 and -1"),
        ("largest_overlaps", {"n_largest": 0}, "n_largest must be an integer from 1 to 6, got 0"),
        ("largest_overlaps", {"n_largest": 7}, "n_largest must be an integer from 1 to 6, got 7"),
        ("largest_overlaps", {"states": np.ones(19)}, r"states must have shape \(20,\), got \(19,\)"),
        ("overlaps", {"states": np.ones((2, 2, 20))}, r"states must have shape \(B, 20\), got \(2, 2, 20\)"),
    ],
)
def test_wrong_arguments_are_refused(method, arguments, message):
    net = dh.PBodyHopfield(signs(0, 6, 20), p=3)
    with pytest.raises(dh.InvalidInput, match=message):
        getattr(net, method)(**{"states": np.ones((2, 20)), **arguments})


@pytest.mark.parametrize("method", ["retrieve", "overlaps", "largest_overlaps"])
def test_what_does_not_fit_into_memory_is_refused(monkeypatch, method):
    net = dh.PBodyHopfield(signs(0, 6, 20), p=3)
    monkeypatch.setattr("densehop.base.checks.free_memory", lambda: 10)
    with pytest.raises(dh.InvalidInput, match=r"of? ?\w* ?\d+ states needs \d+\.\d GiB, but 0\.0 GiB are free"):
        getattr(net, method)(np.ones((2, 20)))


def test_the_predicted_memory_is_enough():
    net = dh.PBodyHopfield(signs(0, 300, 100), p=3)
    held = net._words.words.nbytes + 8 * 150 * 100
    assert held < RetrievalStore.bytes_needed(150, 100, 300, 1) < 20 * held
