import math

import numpy as np
import pytest

import densehop as dh
from tests import naive


@pytest.mark.parametrize("p", [2, 3, 4, 5])
@pytest.mark.parametrize("temperature", [0.8, 1.6, 4.0])
def test_law_against_enumeration(p, temperature):
    n = 10
    law = dh.teacher.teacher_law(n, p, temperature)
    probability = naive.teacher_probability(n, p, temperature)
    k = naive.all_states(n).sum(axis=1)
    enumerated = [probability[k == value].sum() for value in law.overlaps]
    assert law.probability == pytest.approx(enumerated, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "teacher_p"), [(2, 2), (3, 3), (4, 4), (5, 5), (4, 2), (6, 2), (4, 3), (5, 3), (2, 3), (3, 5)]
)
@pytest.mark.parametrize("temperature", [1.2, 3.0, 20.0])
def test_signal_and_noise_against_enumeration(p, teacher_p, temperature):
    """lambda_N = (M/N)(p!/N^(p-1)) <e_p>, and alpha p rho_N = M var(h_i xi*_i) of one example, over all 2^N of them."""
    n, n_examples = 9, 50
    probability = naive.teacher_probability(n, teacher_p, temperature)
    states = naive.all_states(n)
    mean = sum(w * naive.elementary_symmetric(p, s) for w, s in zip(probability, states, strict=True))
    signal = n_examples / n * math.factorial(p) / n ** (p - 1) * mean
    assert dh.signal_strength(n, n_examples, p, temperature, teacher_p) == pytest.approx(signal, rel=1e-10, abs=1e-12)
    others = [float(s[0]) * naive.elementary_symmetric(p - 1, s[1:].astype(float)) for s in states]
    fields = math.factorial(p) / n ** (p - 1) * np.array(others)  # strict: sums over sets of other sites
    variance = probability @ (fields - probability @ fields) ** 2
    ratio = n_examples * variance / (p * dh.load_of(n_examples, n, p))
    assert dh.teacher.noise_ratio(n, p, temperature, teacher_p) == pytest.approx(ratio, rel=1e-12)


def test_noise_where_fields_and_their_mean_vanish():
    """p = 3 of p* = 2 hears nothing on average, and at N = 5 two fields are 0: e_2 of four signs of sum 2 or -2."""
    n, probability, states = 5, naive.teacher_probability(5, 2, 3.0), naive.all_states(5)
    square = probability @ [naive.elementary_symmetric(2, s[1:].astype(float)) ** 2 for s in states]
    assert dh.teacher.noise_ratio(n, 3, 3.0, 2) == pytest.approx(2 / n**2 * square, rel=1e-12)


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_noise_of_random_examples_against_enumeration(p):
    """Covariance of a site's field at two states, alpha p (p-1)! e_{p-1}(k)/N^(p-1), k their overlap on other sites.

    At one state it is alpha p (N-1) ... (N-p+1)/N^(p-1), to which rho_N tends where the teacher is hot.
    """
    n, states = 8, naive.all_states(8).astype(float)
    field = math.factorial(p) / n ** (p - 1) * states[:, 0]
    here, there = np.ones(n), np.array([1, 1, -1, 1, 1, -1, 1, 1])
    found = [field * [naive.elementary_symmetric(p - 1, (s * state)[1:]) for s in states] for state in (here, there)]
    unit = p * dh.load_of(1, n, p) * math.factorial(p - 1) / n ** (p - 1)
    assert np.mean(found[0] * found[1]) == pytest.approx(unit * naive.elementary_symmetric(p - 1, there[1:]), abs=1e-12)
    assert np.mean(found[0] ** 2) == pytest.approx(unit * math.comb(n - 1, p - 1), rel=1e-12)
    assert dh.teacher.noise_ratio(n, p, 1e8) == pytest.approx(math.perm(n - 1, p - 1) / n ** (p - 1), rel=1e-6)


def test_noise_and_signal_of_one_teacher_are_as_bayes_wants_them():
    """lambda_N = rho_N alpha/T up to higher orders in 1/T: then q = q*, exact at every N, solves the equations."""
    for n, p, temperature in ((8, 3, 60.0), (12, 4, 60.0), (512, 3, 6.0), (30, 10, 40.0)):
        noise = dh.teacher.noise_ratio(n, p, temperature) * dh.load_of(1, n, p)
        assert dh.signal_strength(n, 1, p, temperature) * temperature == pytest.approx(noise, rel=0.01)


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
    assert dh.teacher.magnetisation(200, 1e-90) == 1.0
    assert dh.teacher.noise_ratio(50, 4, 1e-90) == pytest.approx(0, abs=1e-20)  # they do not differ
    assert dh.teacher.noise_ratio(1100, 500, 2.0) == pytest.approx(math.perm(1099, 499) / 1100**499, rel=1e-9)
    with pytest.raises(dh.InvalidInput, match="temperature must lie between 1e-100 and 1e"):
        dh.teacher.teacher_law(50, 3, 1e-308)


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
    assert dh.teacher.magnetisation(p, critical.temperature * 1.0001) == 0.0
    for temperature in (0.05, 0.5, 0.99 * critical.temperature):
        m = dh.teacher.magnetisation(p, temperature)
        assert m == pytest.approx(math.tanh(p * m ** (p - 1) / temperature), abs=1e-12)
        assert m > 0.05
