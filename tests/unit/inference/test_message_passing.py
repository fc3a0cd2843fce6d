"""What `message_passing` returns, refuses and warns of."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput
from densehop.inference import reaction
from densehop.inference.amp import infer
from densehop.inference.instance import Instance
from densehop.inference.iteration import Limits


@pytest.fixture
def without_onsager(monkeypatch):
    """Leave the reaction out of the fields, and only there."""
    for name in ("many_body", "pairwise"):
        real = getattr(reaction, name)
        monkeypatch.setattr(reaction, name, lambda m, *rest, real=real: real(m, *rest)._replace(coefficient=0 * m))


def data(p=3, n_spins=40, load=30.0, temperature=4.0, seed=0):
    return dh.draw_examples(n_spins, dh.n_examples_for(load, n_spins, p), p, temperature, seed=seed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"examples": [[1.0, np.nan]]}, "only \\+1 and -1"),
        ({"examples": [[1, 0], [1, -1]]}, "only \\+1 and -1, got 0"),
        ({"examples": [1, -1, 1]}, "shape \\(M, N\\)"),
        ({"examples": np.ones((0, 5))}, "shape \\(M, N\\), got \\(0, 5\\)"),
        ({"examples": [[1], [-1]]}, "at least 2 spins"),
        ({"p": 1}, "p must be an integer from 2 to 5"),
        ({"p": 6}, "p must be an integer from 2 to 5"),
        ({"p": 2.5}, "p must be an integer"),
        ({"temperature": 0}, "temperature must be a finite positive number"),
        ({"temperature": -1.0}, "temperature must be"),
        ({"temperature": math.nan}, "temperature must be"),
        ({"start": [0.1, 0.2]}, "start must have shape \\(5,\\)"),
        ({"start": [2.0, 0, 0, 0, 0]}, "start must lie between -1 and 1, got 2"),
        ({"start": [np.nan, 0, 0, 0, 0]}, "start must be finite"),
        ({"seed": -1}, "seed must be"),
        ({"damping": 1.0}, "damping must be a number from 0 to 0.999"),
        ({"max_iterations": 0}, "max_iterations must be"),
        ({"tolerance": 0}, "tolerance must be"),
        ({"n_workers": 0}, "n_workers must be"),
    ],
)
def test_wrong_input_is_one_line(change, message):
    arguments = {"examples": np.ones((3, 5)), "p": 3, "temperature": 2.0, **change}
    with pytest.raises(InvalidInput, match=message) as error:
        dh.message_passing(**arguments)
    assert "\n" not in str(error.value)


def test_result_has_one_magnetisation_for_each_spin_and_is_repeatable():
    pattern, examples = data()
    first = dh.message_passing(examples, 3, 4.0, start=pattern, n_workers=1)
    again = dh.message_passing(examples, 3, 4.0, start=pattern, n_workers=2)
    assert first.magnetisations.shape == (40,)
    assert (first.magnetisations == again.magnetisations).all()
    assert first.converged
    assert first.advice == ""
    assert first.residual < 1e-8
    assert len(first.overlaps) == first.n_iterations
    assert first.q == pytest.approx(np.mean(first.magnetisations**2), rel=1e-14)
    assert first.entropy == pytest.approx(first.free_entropy + first.energy / 4.0, rel=1e-12)
    np.testing.assert_array_equal(first.pattern, np.where(first.magnetisations < 0, -1, 1))


def test_random_starts_follow_the_seed():
    examples = data(p=2, load=8.0, seed=1)[1]
    one, two, other = (dh.message_passing(examples, 2, 4.0, seed=seed, max_iterations=500) for seed in (1, 1, 2))
    assert (one.magnetisations == two.magnetisations).all()
    assert one.overlaps[0] != other.overlaps[0]


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_gradient_of_the_free_entropy_is_the_tap_equation_and_needs_the_onsager_term(p):
    """N dPhi/dm_i = -atanh m_i + beta (h_i - reaction_i m_i), by finite differences at random magnetisations."""
    rng = np.random.default_rng(p)
    examples = (rng.integers(0, 2, (12, 10)) * 2 - 1).astype(np.int8)
    instance, m, step = Instance.checked(examples, p, 6.0, 1), rng.uniform(-0.9, 0.9, 10), 1e-5
    slopes = [
        (instance.tap(m + shift).free_entropy - instance.tap(m - shift).free_entropy) / (2 * step)
        for shift in step * np.eye(10)
    ]
    state = instance.tap(m)
    exact = -np.arctanh(m) + instance.beta * (state.fields - state.reaction.coefficient * m)
    np.testing.assert_allclose(10 * np.array(slopes), exact, rtol=0, atol=1e-7)
    assert np.abs(instance.beta * state.reaction.coefficient * m).max() > 1e-5  # what would be missing without it


ENERGIES = pytest.mark.parametrize(
    ("p", "n_spins", "load"), [(2, 40, 10.0), (3, 40, 30.0), (4, 32, 26.0), (5, 16, 28.0)]
)


def energies(p, n_spins, load):
    """Return -dPhi/dbeta along the fixed points that message passing finds, and u there."""
    pattern, examples = data(p, n_spins, load, seed=1)
    beta, step = 0.25, 1e-4
    low, here, high = (
        dh.message_passing(examples, p, 1 / (beta + shift), start=pattern, tolerance=1e-11, n_workers=1)
        for shift in (-step, 0, step)
    )
    assert max(low.residual, here.residual, high.residual) < 1e-9
    assert here.q > 0.3
    return -(high.free_entropy - low.free_entropy) / (2 * step), here.energy


@ENERGIES
def test_energy_is_the_temperature_derivative_of_the_free_entropy(p, n_spins, load):
    """At a fixed point -dPhi/dbeta = u, total and partial derivative being the same."""
    slope, energy = energies(p, n_spins, load)
    assert slope == pytest.approx(energy, rel=1e-7)


@pytest.mark.usefixtures("without_onsager")
@pytest.mark.filterwarnings("ignore:the state found is unstable")
@ENERGIES
def test_without_the_onsager_term_it_is_not(p, n_spins, load):
    """Where message passing ends then, the free entropy is not stationary."""
    slope, energy = energies(p, n_spins, load)
    assert slope != pytest.approx(energy, rel=2e-6)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_reaction_becomes_that_of_infinite_size(p):
    m = np.random.default_rng(0).uniform(-1, 1, 20_000)
    q, load, beta = np.mean(m**2), 3.0, 0.2
    found = reaction.pairwise(m, load, beta) if p == 2 else reaction.many_body(m, p, load, beta)
    stiffness = 1 - 2 * beta * (1 - q) if p == 2 else 1
    expected = load * beta * p * (p - 1) * q ** (p - 2) * (1 - q) / stiffness
    np.testing.assert_allclose(found.coefficient, expected, rtol=1e-3)
    if p > 2:
        assert found.free_entropy == pytest.approx(
            load * beta**2 / 2 * (1 - p * q ** (p - 1) + (p - 1) * q**p), rel=2e-3
        )


def test_beyond_the_stability_line_it_says_so():
    """Random memories at low temperature: a spin glass, in which no single state is to be believed."""
    examples = (np.random.default_rng(3).integers(0, 2, (200, 100)) * 2 - 1).astype(np.int8)
    with pytest.warns(RuntimeWarning, match="raise the temperature above 0.5"):
        result = dh.message_passing(examples, 2, 0.5, max_iterations=100)
    assert not result.converged
    assert result.advice


def test_the_unstable_paramagnet_is_not_believed():
    pattern, examples = data(p=2, n_spins=200, load=20.0)
    del pattern
    with pytest.warns(RuntimeWarning, match="unstable to replica symmetry breaking"):
        result = dh.message_passing(examples, 2, 4.0, start=np.zeros(200))
    assert result.residual == 0
    assert not result.converged


def test_too_few_iterations_are_no_convergence():
    pattern, examples = data()
    with pytest.warns(RuntimeWarning, match="did not converge .* max_iterations="):
        result = dh.message_passing(examples, 3, 4.0, start=pattern, max_iterations=2)
    assert not result.converged


@pytest.mark.parametrize("p", [2, 3])
def test_damped_tap_ends_at_the_same_fixed_point(p):
    pattern, examples = data(p, load=30.0 if p == 3 else 12.0, seed=1)
    passing = dh.message_passing(examples, p, 4.0, start=pattern, damping=0, tolerance=1e-10)
    damped = dh.message_passing(examples, p, 4.0, start=pattern, damping=0.5, tolerance=1e-10)
    assert damped.damping == 0.5
    np.testing.assert_allclose(passing.magnetisations, damped.magnetisations, atol=1e-7)


def test_patience_ends_an_iteration_that_comes_no_nearer_and_no_other():
    """The change of m has to halve in four steps: by 0.83 a step it does, by 0.85 it does not; nor in a cycle."""
    limits = Limits(max_iterations=100, tolerance=1e-3, patience=4)
    for factor, expected in ((0.83, 39), (0.85, 5), (1.0, 5)):
        changes = []
        while not changes or not limits.reached(changes, damping=0.0):
            changes.append(factor ** len(changes))
        assert len(changes) == expected
    assert not Limits(tolerance=1e-3).reached([1.0] * 400, damping=0.0)
    assert Limits(tolerance=1e-3).reached([0.6e-3], damping=0.3)
    assert not Limits(tolerance=1e-3).reached([0.8e-3], damping=0.3)


def test_a_glass_does_not_take_all_passes():
    examples = np.random.default_rng(0).choice([-1, 1], (9_000, 64))
    instance, start = Instance.checked(examples, 3, 2.0, 1), np.ones(64)
    short, long = (infer(instance, start, 0.0, Limits(200, 1e-6, patience)) for patience in (50, None))
    assert not long.converged
    assert long.n_iterations == 200
    assert 50 < short.n_iterations < 80


def test_many_bodies_whose_fields_vanish_are_the_paramagnet():
    """q^(p-2) leaves double precision on the way."""
    examples = (np.random.default_rng(0).integers(0, 2, (50, 30)) * 2 - 1).astype(np.int8)
    result = dh.message_passing(examples, 20, 2.0)
    assert result.converged
    assert result.q < 1e-6


@pytest.mark.parametrize("temperature", [1e-8, 0.3, 1.0])
def test_a_state_of_negative_entropy_is_not_believed(temperature):
    """The paramagnet solves the equations at every T, but no state of spins has less than one configuration."""
    examples = np.random.default_rng(0).choice([-1, 1], (400, 12))
    with pytest.warns(RuntimeWarning, match="entropy .* sample"):
        result = dh.message_passing(examples, 3, temperature, start=np.zeros(12))
    assert result.entropy < 0
    assert "is in another state" in result.advice


def test_the_paramagnet_of_many_examples_says_that_there_is_another_state():
    """Far within the pattern's phase, a start without knowledge; from the pattern there is nothing to warn of."""
    pattern, examples = data(load=36.0)
    with pytest.warns(RuntimeWarning, match="entropy"):
        lost = dh.message_passing(examples, 3, 4.0, start=np.zeros(len(pattern)))
    found = dh.message_passing(examples, 3, 4.0, start=pattern)
    assert found.advice == ""
    assert found.entropy > 0
    assert found.free_entropy > lost.free_entropy


def test_two_bodies_without_a_state_to_start_from_say_where_there_is_one():
    examples = np.random.default_rng(0).choice([-1, 1], (40, 12))
    with pytest.warns(RuntimeWarning, match=r"there is no state with q = 0 .* T < 2\(1 - q\) = 2; start from signs"):
        result = dh.message_passing(examples, 2, 1.5, start=np.zeros(12))
    assert not result.converged
    assert "paramagnet" not in dh.recover_pattern([[1, 1], [1, -1]], 2, 1.0).reason
