"""Retrieval on the Nishimori line at finite N: the pair (q, q*) solves its equations and tends to the theory."""

import math

import numpy as np
import pytest

import densehop as dh
from tests import naive_replicas


def test_finite_size_overlap_solves_its_equations():
    """The pair (q, q*) with signal lambda_N and load rho_N alpha, by adaptive quadrature; tends to the theory."""
    n, temperature = 256, 2.0
    n_examples = dh.n_examples_for(6.4, n, 3)
    q, q_star = dh.theory.finite_size_overlap(n, n_examples, 3, temperature)
    signal = dh.signal_strength(n, n_examples, 3, temperature)
    load = dh.teacher.noise_ratio(n, 3, temperature) * dh.load_of(n_examples, n, 3)
    mean, deviation = 3 * signal * q_star**2 / temperature, math.sqrt(3 * load * q**2) / temperature
    assert naive_replicas.gaussian_mean(lambda z: math.tanh(mean + deviation * z)) == pytest.approx(q_star, abs=1e-10)
    assert naive_replicas.gaussian_mean(lambda z: math.tanh(mean + deviation * z) ** 2) == pytest.approx(q, abs=1e-10)
    assert abs(q - q_star) < 5e-5  # exactly 0 at every N (Bayes)
    limit = dh.solve(dh.TeacherStudent.nishimori(3, 6.4, 2.0)).q_star
    sizes = 5_000, 20_000
    near, far = (dh.theory.finite_size_overlap(n, dh.n_examples_for(6.4, n, 3), 3, 2.0)[1] - limit for n in sizes)
    assert 0 < far < 3e-4
    assert near == pytest.approx(4 * far, rel=0.01)  # as 1/N


@pytest.mark.parametrize(("n", "n_examples", "temperature"), [(308, 365, 1.5158), (283, 3539, 1.5419)])
def test_weak_signal_has_no_finite_size_retrieval(n, n_examples, temperature):
    """Just above T_crit the noise outweighs the signal: only a spin glass with q* = 0 solves the equations."""
    with pytest.raises(dh.NoSolution, match="no retrieval solution at this size"):
        dh.theory.finite_size_overlap(n, n_examples, 3, temperature)


def test_finite_size_overlap_at_extremes():
    assert dh.theory.finite_size_overlap(100, 10**15, 3, 3.0) == (1.0, 1.0)
    with pytest.raises(dh.OutOfRange, match="the teacher is ordered below T_crit"):
        dh.theory.finite_size_overlap(100, 1000, 3, 1.2)
    with pytest.raises(dh.NoSolution, match="without examples"):
        dh.theory.finite_size_overlap(100, 0, 3, 2.0)


def test_finite_size_overlap_ends_at_its_spinodal():
    """Where lambda_N^2/(rho_N alpha) is Gamma_lR: the equations are those of infinite N, as q = q*."""
    n, n_examples = 160, dh.n_examples_for(6.0, 160, 3)
    exists = []
    for temperature in np.arange(2.3, 2.6, 0.002):
        try:
            exists.append(dh.theory.finite_size_overlap(n, n_examples, 3, float(temperature))[1])
        except dh.NoSolution:
            exists.append(math.nan)
    values = np.array(exists)
    last = np.flatnonzero(~np.isnan(values))[-1]
    ends = 2.3 + 0.002 * last
    gamma = dh.signal_strength(n, n_examples, 3, ends) ** 2 / (6.0 * dh.teacher.noise_ratio(n, 3, ends))
    assert gamma == pytest.approx(dh.nishimori_lines(3).gamma_local, rel=0.002)
    assert np.isnan(values[last + 1 :]).all()
    assert (np.diff(values[: last + 1]) < 0).all()
    steps = -np.diff(values[: last + 1])
    assert steps[-1] > 4 * steps[-20]  # a square root, not an early end
