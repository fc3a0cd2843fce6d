"""log Z by temperature integration against enumeration, with error bars that cover, and beside message passing."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput
from densehop.simulate.free_entropy import log_ratio

TEMPERATURES = np.geomspace(3.0, 60.0, 10)


def integrated(examples, p, n_ladders=6, n_sweeps=300, start=None, seed=0):
    network = dh.PBodyHopfield(examples, p)
    run = network.temper(TEMPERATURES, n_ladders=n_ladders, n_sweeps=n_sweeps, start=start, seed=seed)
    random = dh.simulate.random_states(examples.shape[1], 1_200, seed=seed + 1)
    return dh.simulate.integrate_temperature(run, network.energy(random))


@pytest.mark.parametrize("p", [2, 3, 4])
def test_free_entropy_is_that_of_enumeration_within_its_error(p):
    _, examples = dh.draw_examples(10, dh.n_examples_for(20.0, 10, p), p, 4.0, seed=p)
    found = [integrated(examples, p, seed=2 * run) for run in range(8)]
    exact = np.array([dh.theory.log_partition_function(examples, p, t) / 10 for t in TEMPERATURES])
    distance = np.array([(run.free_entropy - exact) / run.error for run in found])
    assert np.sqrt(np.mean(distance**2)) < 1.8  # Student's t of 5 degrees of freedom: 1.29 over its factor 1.11
    low, high = (np.array([run.interval(0.95)[end] for run in found]) for end in (0, 1))
    assert ((low <= exact) & (exact <= high)).mean() > 0.85
    assert max(run.error.max() for run in found) < 0.04
    assert found[0].by_ladder.shape == (6, 10)


def test_one_ratio_is_exact_for_known_energies():
    """Gaussian energies of variance s^2: at beta + d the mean m is m - d s^2, log Z higher by -d m + d^2 s^2/2."""
    rng = np.random.default_rng(0)
    hot, step = rng.normal(-3.0, 2.0, 200_000), 0.4
    cold = rng.normal(-3.0 - step * 4.0, 2.0, 50_000)
    assert log_ratio(hot, cold, step) == pytest.approx(3.0 * step + step**2 * 2.0, abs=0.005)


def test_errors_are_those_of_students_t():
    levels = np.array([[1.80, 1.70], [1.81, 1.71], [1.83, 1.73]])
    found = dh.simulate.FreeEntropy(TEMPERATURES[:2], levels.mean(axis=0), np.array([0.01, 0.02]), levels, "")
    assert found.degrees_of_freedom == 2
    low, high = found.interval(0.95)
    assert high - low == pytest.approx(2 * np.array([0.01, 0.02]) * 4.3027 / 1.3213, rel=1e-4)  # tables of t
    assert np.allclose((low + high) / 2, found.free_entropy)
    with pytest.raises(InvalidInput, match="level must be between 0 and 1"):
        found.interval(1.0)


@pytest.mark.long
def test_errors_of_few_ladders_cover():
    """Three ladders of 300 small networks; standard errors without Student's factor would hold 58 %."""
    levels, held = (0.683, 0.95), np.zeros(2)
    for number in range(300):
        rng = np.random.default_rng(number)
        patterns, p = rng.choice([-1, 1], (int(rng.integers(3, 30)), 7)), 2 + number % 3
        network, ladder = dh.PBodyHopfield(patterns, p), float(rng.uniform(0.8, 3)) * np.geomspace(1, 20, 6)
        run = network.temper(ladder, 3, 300, seed=number)
        found = dh.simulate.integrate_temperature(run, network.energy(dh.simulate.random_states(7, 150, seed=number)))
        exact = dh.theory.log_partition_function(patterns, p, float(ladder[0])) / 7
        held += [low[0] <= exact <= high[0] for low, high in (found.interval(level) for level in levels)]
    for count, level in zip(held, levels, strict=True):
        assert abs(count / 300 - level) < 3.5 * np.sqrt(level * (1 - level) / 300)


def test_message_passing_has_the_same_free_entropy():
    pattern, examples = dh.draw_examples(24, dh.n_examples_for(40.0, 24, 3), 3, 4.0, seed=1)
    network = dh.PBodyHopfield(examples, 3)
    run = network.temper(np.geomspace(4.0, 40.0, 14), n_ladders=4, n_sweeps=2_000, start=pattern)
    random = network.energy(dh.simulate.random_states(24, 2_000, seed=1))
    found = dh.simulate.integrate_temperature(run, random)
    passing = dh.message_passing(examples, 3, 4.0, start=pattern)
    assert abs(found.free_entropy[0] - passing.free_entropy) < 4 * found.error[0] + 0.002
    assert found.error[0] < 0.006 * 1.2  # Student's factor of four ladders


def test_ladders_that_stay_where_they_started_are_not_believed():
    pattern, examples = dh.draw_examples(40, dh.n_examples_for(30.0, 40, 3), 3, 4.0, seed=1)
    network = dh.PBodyHopfield(examples, 3)
    run = network.temper([1.0, 10.0], n_ladders=2, n_sweeps=4, start=pattern)
    with pytest.warns(RuntimeWarning, match="in 2 of 2 ladders no chain went .*tune_ladder"):
        found = dh.simulate.integrate_temperature(run, [0.0, 0.0])
    assert found.advice


def test_one_ladder_has_no_error_bar():
    run = dh.PBodyHopfield(np.ones((2, 6)), 2).temper([5.0, 9.0], n_ladders=1, n_sweeps=60)
    assert math.isnan(dh.simulate.integrate_temperature(run, [0.0]).error[0])


def test_wrong_input_is_one_line():
    run = dh.PBodyHopfield(np.ones((2, 6)), 2).temper([5.0, 9.0], n_ladders=2, n_sweeps=60)
    with pytest.raises(InvalidInput, match="samples must come from"):
        dh.simulate.integrate_temperature(3, [0.0])
    with pytest.raises(InvalidInput, match="at least one for each of 2 ladders, got 1"):
        dh.simulate.integrate_temperature(run, [0.0])
    with pytest.raises(InvalidInput, match="warm_up must be"):
        dh.simulate.integrate_temperature(run, [0.0, 0.0], warm_up=1)
