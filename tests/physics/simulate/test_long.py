"""What takes longer than `make test` allows; run by `make check-long`."""

import math

import numpy as np
import pytest

import densehop as dh
from tests.physics.simulate.test_boltzmann import network, passes
from tests.physics.simulate.test_nishimori_simulation import BAND, simulate

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("n_spins", "n_disorders"), [(192, 48), (256, 32)])
def test_finite_size_theory_at_larger_sizes(n_spins, n_disorders):
    """p = 3, T = 2, Gamma = 1.6: the overlap follows (lambda_N, rho_N) and lies above the theory of infinite N."""
    n_examples = dh.n_examples_for(6.4, n_spins, 3)
    q_star, q, energy = simulate(n_spins, n_examples, 3, 2.0, n_disorders, 150, 20)
    theory = dh.theory.finite_size_overlap(n_spins, n_examples, 3, 2.0)[1]
    infinite = dh.solve(dh.TeacherStudent.nishimori(3, 6.4, 2.0)).q_star
    found, difference = dh.diagnostics.disorder_estimate(q_star), dh.diagnostics.disorder_estimate(q_star - q)
    print(f"N = {n_spins}: {found.mean:.4f} +- {found.error:.4f}, theory at N {theory:.4f}, at infinity {infinite:.4f}")
    print(f"  q* - q = {difference.mean:+.5f} +- {difference.error:.5f}")
    assert abs(found.mean - theory) < BAND * found.error
    assert found.error < 0.006
    assert abs(difference.mean) < BAND * difference.error
    measured = dh.diagnostics.disorder_estimate(energy)
    exact = -dh.signal_strength(n_spins, n_examples, 3, 2.0)
    print(f"  energy {measured.mean:.4f} +- {measured.error:.4f}, exact {exact:.4f}")
    assert abs(measured.mean - exact) < BAND * measured.error


@pytest.mark.parametrize(("p", "temperature"), [(2, 3.0), (3, 2.5), (4, 2.0), (5, 2.0)])
@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("order", ["sequential", "random"])
def test_exact_distribution_of_twelve_spins_long(p, temperature, dynamics, order):
    net = network(p, n_spins=12, n_patterns=20)
    assert passes(net, temperature, 100_000, dynamics=dynamics, order=order, seed=p)


def test_published_size_fits_and_runs():
    """N = 512, M = 393,216, the largest cell of the published figure: exact records, retrieval from the pattern."""
    n_spins, load, temperature = 512, 9.0, 2.0
    n_examples = dh.n_examples_for(load, n_spins, 3)
    assert n_examples == 393_216
    pattern, examples = dh.draw_examples(n_spins, n_examples, 3, temperature, seed=0)
    net = dh.PBodyHopfield(examples, p=3)
    run = net.sample(temperature, 2, 20, start=pattern, references=pattern)
    assert run.energy[:, -1] == pytest.approx(net.energy(run.spins), rel=1e-13)
    theory = dh.theory.finite_size_overlap(n_spins, n_examples, 3, temperature)[1]
    assert run.overlap[:, 5:].mean() == pytest.approx(theory, abs=5 * math.sqrt((1 - theory**2) / n_spins))
    assert np.ptp(run.acceptance[:, 5:]) < 0.1
