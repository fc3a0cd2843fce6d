import copy
import dataclasses
import inspect
import pickle

import numpy as np
import pytest

import densehop as dh
from densehop.base import checks
from densehop.simulate.settings import RunKeywords
from tests import naive


@pytest.fixture
def net():
    return dh.PBodyHopfield(np.random.default_rng(1).choice([-1, 1], (6, 20)), p=3)


def test_shapes_follow_the_batch(net):
    one, batch = net.patterns[0], net.patterns[:4]
    assert net.energy(one).shape == ()
    assert net.energy(batch).shape == (4,)
    assert net.local_fields(one).shape == (20,)
    assert net.local_fields(batch).shape == (4, 20)
    assert net.overlaps(one).shape == (6,)
    assert net.overlaps(batch).shape == (4, 6)
    assert net.relax(one).shape == (20,)


def test_overlaps_are_per_spin(net):
    expected = net.patterns.astype(int) @ net.patterns.T.astype(int) / 20
    assert net.overlaps(net.patterns) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_relaxation_ends_in_a_fixed_point_below_the_start(p):
    rng = np.random.default_rng(p)
    net = dh.PBodyHopfield(rng.choice([-1, 1], (30, 24)), p=p)
    start = rng.choice([-1, 1], (8, 24)).astype(np.int8)
    end = net.relax(start)
    assert (end * net.local_fields(end) >= 0).all()
    assert (net.energy(end) <= net.energy(start)).all()
    assert (net.energy(end) < net.energy(start)).any()


def test_relaxation_restores_a_corrupted_memory():
    rng = np.random.default_rng(0)
    memories = rng.choice([-1, 1], (40, 100)).astype(np.int8)
    corrupted = memories.copy()
    corrupted[:, :20] = rng.choice([-1, 1], (40, 20))
    assert (dh.PBodyHopfield(memories, p=3).relax(corrupted) == memories).all()


def test_zero_field_keeps_the_spin():
    """Two opposite patterns at p = 3 cancel: every field is zero and every state a fixed point."""
    pattern = np.ones(6, dtype=np.int8)
    states = naive.all_states(6)
    assert (dh.PBodyHopfield([pattern, -pattern], p=3).relax(states) == states).all()


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ([[1, -1, 0]], r"patterns must hold only \+1 and -1, got 0 at index \(0, 2\)"),
        ([[1.0, np.nan]], r"patterns must hold only \+1 and -1, got nan at index \(0, 1\)"),
        ([1, -1], r"patterns must have shape \(M, N\), got \(2,\)"),
        (np.empty((0, 5)), r"patterns must have shape \(M, N\), got \(0, 5\)"),
        ([["a", "b"]], "patterns must hold numbers"),
        ([[True, False]], "patterns must hold numbers"),
        ([[1, -1], [1]], r"patterns must have rows of equal length, got \[\[1, -1\], \[1\]\]"),
    ],
)
def test_wrong_patterns_are_refused(patterns, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.PBodyHopfield(patterns, p=2)


@pytest.mark.parametrize("p", [1, 0, -3, 2.5, "3", True, None])
def test_wrong_p_is_refused(p):
    with pytest.raises(dh.InvalidInput, match="p must be an integer from 2 to 20"):
        dh.PBodyHopfield(np.ones((1, 20)), p=p)


def test_p_larger_than_the_system_is_refused():
    with pytest.raises(dh.InvalidInput, match="p must be an integer from 2 to 4, got 5"):
        dh.PBodyHopfield(np.ones((1, 4)), p=5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": -1.0}, "temperature must be a finite number >= 0, got -1"),
        ({"temperature": np.nan}, "temperature must be a finite number >= 0, got nan"),
        ({"temperature": "hot"}, "temperature must be a finite number >= 0, got 'hot'"),
        ({"n_chains": 0}, "n_chains must be an integer >= 1, got 0"),
        ({"n_sweeps": 2.5}, "n_sweeps must be an integer >= 1, got 2.5"),
        ({"start": np.ones(19)}, r"start must have shape \(20,\), got \(19,\)"),
        ({"start": np.ones((3, 20)), "n_chains": 2}, r"start must have shape \(2, 20\), got \(3, 20\)"),
        ({"references": np.zeros(20)}, r"references must hold only \+1 and -1"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"dynamics": "glauber"}, "dynamics must be one of 'heat-bath', 'metropolis'; got 'glauber'"),
        ({"order": "checkerboard"}, "order must be one of 'sequential', 'random'"),
        ({"representation": "tensor"}, "representation must be one of 'auto', 'patterns', 'couplings'; got 'tensor'"),
        ({"n_workers": 0}, "n_workers must be an integer >= 1, got 0"),
        ({"n_sweeps": 10**12}, r"sampling needs \d+\.\d GiB, but"),
    ],
)
def test_wrong_sampling_arguments_are_refused(net, arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        net.sample(**{"temperature": 1.0, "n_sweeps": 2, **arguments})


def test_wrong_interaction_is_refused():
    with pytest.raises(dh.InvalidInput, match="interaction must be one of 'strict'"):
        dh.PBodyHopfield(np.ones((1, 4)), p=2, interaction="cubic")


def test_network_owns_its_patterns():
    """Changing the caller's array later cannot leave the network half changed."""
    patterns = np.random.default_rng(0).choice(np.array([-1, 1], dtype=np.int8), (5, 12))
    net = dh.PBodyHopfield(patterns, p=3)
    before = net.energy(net.patterns[0])
    patterns[:] = 1
    assert net.energy(net.patterns[0]) == before
    with pytest.raises(ValueError, match="read-only"):
        net.patterns[0, 0] = 1


def test_numpy_scalars_are_numbers():
    """Narrow NumPy types neither overflow nor change the physics."""
    net = dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (50, 300)), p=np.int8(3))
    plain = net.sample(0.5, n_chains=3, n_sweeps=5, start=net.patterns[0])
    narrow = net.sample(np.float16(0.5), n_chains=np.int8(3), n_sweeps=np.int16(5), start=net.patterns[0])
    assert np.array_equal(plain.energy, narrow.energy)
    assert plain.settings == narrow.settings
    assert dh.draw_examples(np.int16(300), np.int32(10), np.int8(3), np.float32(4.0))[1].shape == (10, 300)


def test_large_batches_go_in_blocks(monkeypatch):
    net = dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (40, 12)), p=4)
    states = np.random.default_rng(1).choice([-1, 1], (30, 12))
    energy, fields = net.energy(states), net.local_fields(states)
    monkeypatch.setattr("densehop.energies.tables.STATES_AT_ONCE", 7)
    monkeypatch.setattr("densehop.energies.tables.PATTERNS_AT_ONCE", 9)
    assert np.array_equal(net.energy(states), energy)
    assert np.array_equal(net.local_fields(states), fields)


def test_hopeless_sizes_are_refused_at_once():
    for p, n_spins in ((100, 32767), (3000, 6000), (1000, 2000)):
        with pytest.raises(dh.InvalidInput, match="overflows exact 64-bit fields"):
            dh.energies.strict_table(p, n_spins)


@pytest.mark.parametrize("arguments", [{"p": 3}, {"p": 2, "interaction": "rectified"}, {"interaction": "exponential"}])
def test_used_network_can_be_pickled_and_copied(net, arguments):
    used = dh.PBodyHopfield(net.patterns, **arguments)
    run = used.sample(1.0, n_sweeps=3)
    used.retrieve(net.patterns)
    for twin in (pickle.loads(pickle.dumps(used)), copy.deepcopy(used)):
        assert repr(twin) == repr(used)
        assert not twin.patterns.flags.writeable
        assert np.array_equal(twin.sample(1.0, n_sweeps=3).energy, run.energy)


def test_many_short_chains_are_refused_before_they_fill_memory(net, monkeypatch):
    """States and the random numbers of one sweep are most of it."""
    measured = 17 * 20_000 * net.n_spins  # bytes, by tracemalloc
    monkeypatch.setattr(checks, "free_memory", lambda: measured)
    with pytest.raises(dh.InvalidInput, match="sampling needs"):
        net.sample(1.0, n_chains=20_000, n_sweeps=1)


@pytest.mark.parametrize(
    ("patterns", "arguments", "message"),
    [
        ([[1]], {"p": 2}, "the number of spins must be an integer from 2 to 32767, got 1"),
        (np.ones((1, 4)), {"p": 10**400, "interaction": "rectified"}, "p must be an integer from 2 to 1000000"),
        (np.ones((1, 4)), {"interaction": "exponential", "sharpness": 1e-9}, "sharpness must be from 1e-06 to 300"),
        (np.ones((1, 4)), {"interaction": "exponential", "sharpness": 301}, "sharpness must be from 1e-06 to 300"),
    ],
)
def test_energies_that_cannot_be_kept_are_refused(patterns, arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.PBodyHopfield(patterns, **arguments)


def test_flat_exponential_tends_to_the_mean_pattern(net):
    """E = -(log M)/b - mean_a k_a - O(b): the smallest sharpness still has right fields."""
    flat = dh.PBodyHopfield(net.patterns, interaction="exponential", sharpness=1e-6)
    assert flat.local_fields(net.patterns[0]) == pytest.approx(net.patterns.mean(axis=0), abs=1e-4)


def test_temperatures_that_are_no_schedule_are_refused(net):
    with pytest.raises(dh.InvalidInput, match="temperature must have rows of equal length"):
        net.sample([[1.0], [1.0, 2.0]])
    assert np.array_equal(net.sample(np.array(0.5), n_sweeps=3).energy, net.sample(0.5, n_sweeps=3).energy)


@pytest.mark.parametrize("method", [dh.PBodyHopfield.sample, dh.PBodyHopfield.temper])
def test_signatures_show_the_options_with_their_defaults(method):
    shown = inspect.signature(method).parameters
    options = {field.name: field.default for field in dataclasses.fields(dh.simulate.RunOptions)}
    assert {name: shown[name].default for name in options} == options
    assert all(shown[name].kind is inspect.Parameter.KEYWORD_ONLY for name in options)
    assert RunKeywords.__annotations__.keys() == options.keys()
    assert all(name in method.__doc__ for name in shown if name != "self")


def test_an_option_that_is_none_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'dynamic'"):
        dh.PBodyHopfield([[1, -1, 1]], 2).sample(1.0, dynamic="metropolis")
