import math

import numpy as np
import pytest

import densehop as dh
from tests import goodness, naive


@pytest.mark.parametrize("p", [2, 3, 4, 5])
@pytest.mark.parametrize("temperature", [0.8, 1.6, 4.0])
def test_law_against_enumeration(p, temperature):
    n = 10
    law = dh.teacher_law(n, p, temperature)
    probability = naive.teacher_probability(n, p, temperature)
    k = naive.all_states(n).sum(axis=1)
    enumerated = [probability[k == value].sum() for value in law.overlaps]
    assert law.probability == pytest.approx(enumerated, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "teacher_p"), [(2, 2), (3, 3), (4, 4), (5, 5), (4, 2), (6, 2), (4, 3), (5, 3), (2, 3), (3, 5)]
)
@pytest.mark.parametrize("temperature", [1.2, 3.0, 20.0])
def test_signal_and_noise_against_enumeration(p, teacher_p, temperature):
    """lambda_N = (M/N)(p!/N^(p-1)) <e_p> and rho_N = <e_{p-1}(other sites)^2>/C(N-1, p-1), over all 2^N examples."""
    n, n_examples = 9, 50
    probability = naive.teacher_probability(n, teacher_p, temperature)
    states = naive.all_states(n)
    mean = sum(w * naive.elementary_symmetric(p, s) for w, s in zip(probability, states, strict=True))
    signal = n_examples / n * math.factorial(p) / n ** (p - 1) * mean
    assert dh.signal_strength(n, n_examples, p, temperature, teacher_p) == pytest.approx(signal, rel=1e-10, abs=1e-12)
    square = sum(w * naive.elementary_symmetric(p - 1, s[1:]) ** 2 for w, s in zip(probability, states, strict=True))
    ratio = square / math.comb(n - 1, p - 1)
    assert dh.noise_ratio(n, p, temperature, teacher_p) == pytest.approx(ratio, rel=1e-12)


LIMITS = {  # lambda in units of M/N^(n p*/2 - n + 1), beta = 1/T* (docs/theory.md, section 3); corrections are O(1/N)
    (3, 3): lambda n, beta: 6 / n**2 * beta,
    (10, 10): lambda n, beta: math.factorial(10) / n**9 * beta,
    (4, 2): lambda n, beta: 3 / n**2 * (2 * beta / (1 - 2 * beta)) ** 2,
    (6, 3): lambda n, beta: math.factorial(6) / 2 * beta**2 / n**4,
    (4, 3): lambda n, beta: 4.5 * 24 / n**3 * beta**2,
    (5, 3): lambda n, beta: 9 * 120 / n**4 * beta**3,
    (6, 4): lambda n, beta: 8 * 720 / n**5 * beta**2,
}


@pytest.mark.parametrize(("p", "teacher_p"), LIMITS)
def test_signal_approaches_its_limits(p, teacher_p):
    """At N = 10,000, where a plain sum over k loses all digits for large p."""
    n, temperature = 10_000, 5.0
    expected = LIMITS[p, teacher_p](n, 1 / temperature)
    assert dh.signal_strength(n, 1, p, temperature, teacher_p) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("n", "p", "teacher_p"),
    [(1000, 3, 7), (400, 3, 9), (200, 171, 171), (60, 5, 9), (200, 8, 3), (300, 10, 10), (300, 2, 4)],
)
def test_signal_against_hundred_digits(n, p, teacher_p):
    """Sums over k of exact integers times 100-digit exponentials: what cancels in floating point shows."""
    exact = float(naive.exact_signal(n, p, teacher_p, 3.0))
    assert dh.signal_strength(n, 1, p, 3.0, teacher_p) == pytest.approx(exact, rel=1e-9)


def test_teacher_at_extreme_temperatures():
    """At T -> 0 examples are the pattern (or its opposite, even p*); the signal is then that of M perfect copies."""
    pattern, examples = dh.draw_examples(20, 5, 3, 1e-90)
    assert (examples == pattern).all()
    perfect = 10 * np.prod([1 - i / 50 for i in range(4)])
    for teacher_p in (2, 4):
        assert dh.signal_strength(50, 10, 4, 1e-90, teacher_p) == pytest.approx(perfect, rel=1e-12)
    assert dh.magnetisation(200, 1e-90) == 1.0
    assert dh.noise_ratio(1100, 500, 2.0) == pytest.approx(1.0, abs=1e-9)
    with pytest.raises(dh.InvalidInput, match="temperature must lie between 1e-100 and 1e"):
        dh.teacher_law(50, 3, 1e-308)


def test_odd_student_of_even_teacher_learns_nothing():
    with pytest.warns(UserWarning, match="odd p = 3 cannot learn from a teacher with even p = 2"):
        assert dh.signal_strength(50, 1000, 3, 4.0, teacher_p=2) == 0.0


# T_crit and magnetisation from the tabulated theory (docs/theory.md, section 2); spinodals likewise
KNOWN = {2: (2.0, 0.0, 2.0), 3: (1.487908, 0.94806, 1.74775), 4: (1.451797, None, 1.98315), 5: (None, None, 2.256)}


@pytest.mark.parametrize("p", KNOWN)
def test_critical_temperature_known_numbers(p):
    found = dh.critical_temperature(p)
    for value, known in zip(
        (found.temperature, found.magnetisation, found.spinodal_temperature), KNOWN[p], strict=True
    ):
        assert known is None or value == pytest.approx(known, abs=1e-5 if p < 5 else 1e-3)


@pytest.mark.parametrize("p", range(2, 11))
def test_critical_temperature_by_free_entropy(p):
    """A second method, to 1e-8: the largest free entropy -(p-1) beta m^p + log 2cosh(p beta m^(p-1)) on a grid."""
    found = dh.critical_temperature(p)
    m = np.concatenate([np.linspace(1e-4, 0.9, 4001), 1 - np.logspace(-1, -9, 40001)])

    def gap(temperature):
        beta = 1 / temperature
        phi = -(p - 1) * beta * m**p + np.logaddexp(p * beta * m ** (p - 1), -p * beta * m ** (p - 1)) - math.log(2)
        return phi.max()

    step = 1e-8 if p > 2 else 1e-3
    assert gap(found.temperature + step) < 1e-13
    assert gap(found.temperature - step) > 1e-13 or p == 2
    assert gap(found.temperature - 1e-3) > 0


def test_critical_temperature_tends_to_the_random_energy_value():
    assert dh.critical_temperature(200).temperature == pytest.approx(1 / math.log(2), abs=1e-12)


@pytest.mark.parametrize("p", [2, 3, 7])
def test_magnetisation_solves_its_equation(p):
    critical = dh.critical_temperature(p)
    assert dh.magnetisation(p, critical.temperature * 1.0001) == 0.0
    for temperature in (0.05, 0.5, 0.99 * critical.temperature):
        m = dh.magnetisation(p, temperature)
        assert m == pytest.approx(math.tanh(p * m ** (p - 1) / temperature), abs=1e-12)
        assert m > 0.05


@pytest.mark.parametrize(("p", "temperature"), [(3, 1.2), (3, 2.0), (4, 1.2), (2, 3.0)])
def test_examples_follow_the_exact_law(p, temperature):
    """Counts of all 2^8 examples against enumeration; false alarm 1e-4. Draws come in more than one stream."""
    n, n_examples = 8, 40_000
    pattern, examples = dh.draw_examples(n, n_examples, p, temperature, seed=p)
    observed = np.bincount(naive.codes_of(examples * pattern), minlength=2**n)
    assert goodness.p_value(observed, naive.teacher_probability(n, p, temperature)) > 1e-4


def test_sites_are_exchangeable_at_large_n():
    """Every site is flipped equally often, in the rules for few, for about half and for most flips."""
    n, n_examples = 64, 20_000
    for p, temperature in ((3, 1.2), (3, 3.0), (4, 1.2)):
        pattern, examples = dh.draw_examples(n, n_examples, p, temperature, seed=1, pattern=np.ones(n))
        aligned = (examples * pattern).mean(axis=0)
        k = (examples * pattern).sum(axis=1) / n
        deviation = np.sqrt((1 - (k**2)).mean() / n_examples)
        assert np.abs(aligned - k.mean()).max() < 4.5 * deviation


def test_examples_are_reproducible_and_respect_the_pattern():
    pattern, examples = dh.draw_examples(30, 40_000, 3, 2.0, seed=5)
    again = dh.draw_examples(30, 40_000, 3, 2.0, seed=5)
    assert (pattern == again[0]).all()
    assert (examples == again[1]).all()
    given, _ = dh.draw_examples(30, 10, 3, 2.0, seed=5, pattern=-pattern)
    assert (given == -pattern).all()
    assert (dh.draw_examples(30, 40_000, 3, 2.0, seed=6)[1] != examples).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_spins": 1}, "n_spins must be an integer from 2"),
        ({"n_examples": 0}, "n_examples must be an integer >= 1, got 0"),
        ({"p": 1}, "p must be an integer from 2 to 30, got 1"),
        ({"temperature": 0.0}, "temperature must be a finite positive number, got 0"),
        ({"temperature": -2}, "temperature must be a finite positive number, got -2"),
        ({"temperature": math.inf}, "temperature must be a finite positive number, got inf"),
        ({"pattern": np.ones(29)}, r"pattern must have shape \(30,\), got \(29,\)"),
        ({"n_examples": 10**14}, r"drawing 10+ examples of 30 spins needs .* GiB"),
        ({"seed": "zero"}, "seed must be an integer >= 0, got 'zero'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.draw_examples(**{"n_spins": 30, "n_examples": 10, "p": 3, "temperature": 2.0, **arguments})
