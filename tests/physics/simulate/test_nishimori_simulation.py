"""What must hold exactly between a Bayes-optimal student and its teacher, at every N, and theory meeting simulation.

Bands are standard errors over independent disorders. With n disorders the deviation follows Student's t with n - 1
degrees of freedom; each band below is passed by a right program but for less than about 1 in 1,000 seeds.
"""

import numpy as np
import pytest

import densehop as dh
from densehop.diagnostics.overlaps import between_chains
from tests import naive

BAND = 4.0  # standard errors, for 24 or more disorders: 5e-4


def simulate(n_spins, n_examples, p, temperature, n_disorders, n_sweeps, n_burn_in):
    """Return per disorder: q* and q (chains from the pattern), energy per spin."""
    rows = []
    for disorder in range(n_disorders):
        pattern, examples = dh.draw_examples(n_spins, n_examples, p, temperature, seed=disorder)
        run = dh.PBodyHopfield(examples, p).sample(
            temperature, 2, n_sweeps, start=pattern, references=pattern, seed=disorder, snapshot_every=1
        )
        late = slice(n_burn_in, None)
        overlap = run.overlap[:, late].mean()
        rows.append((overlap, between_chains(run)[:, late].mean(), run.energy[:, late].mean() / n_spins))
    return np.array(rows).T


@pytest.mark.parametrize(
    ("p", "n_spins", "load", "temperature"), [(3, 20, 12.0, 3.0), (3, 40, 6.0, 2.5), (2, 60, 2.0, 3.5)]
)
def test_identities_hold_exactly_at_small_size(p, n_spins, load, temperature):
    """<E>/N = -lambda_N and q = q*, averaged over disorder, at sizes where chains cross between states.

    At even p both signs of the pattern are equally good and overlaps are gauged, so there only the energy is exact.
    """
    n_examples = dh.n_examples_for(load, n_spins, p)
    q_star, q, energy = simulate(n_spins, n_examples, p, temperature, 200, 400, 100)
    exact = -dh.signal_strength(n_spins, n_examples, p, temperature)
    found = dh.diagnostics.disorder_estimate(energy)
    assert abs(found.mean - exact) < BAND * found.error
    assert found.error < 0.05 * abs(exact)
    if p % 2 == 1:
        difference = dh.diagnostics.disorder_estimate(q_star - q)
        assert abs(difference.mean) < BAND * difference.error
        assert difference.error < 0.02
        assert 0.05 < q_star.mean() < 0.95


@pytest.mark.parametrize(("p", "n_examples"), [(3, 60), (5, 400)])
def test_identities_of_the_enumerated_posterior(p, n_examples):
    """The same without a Markov chain: all 2^10 states of the student, 300 disorders; off the line they fail."""
    n_spins, teacher_temperature = 10, 2.5
    states = naive.all_states(n_spins)
    exact = -dh.signal_strength(n_spins, n_examples, p, teacher_temperature)
    drawn = [dh.draw_examples(n_spins, n_examples, p, teacher_temperature, seed=disorder) for disorder in range(300)]
    disorders = [(pattern, dh.PBodyHopfield(examples, p).energy(states)) for pattern, examples in drawn]

    def deviations(temperature):
        rows = []
        for pattern, energies in disorders:
            weights = np.exp(-(energies - energies.min()) / temperature)
            weights /= weights.sum()
            mean = weights @ states
            rows.append(((mean @ pattern - mean @ mean) / n_spins, weights @ energies / n_spins - exact))
        return [estimate.mean / estimate.error for estimate in map(dh.diagnostics.disorder_estimate, np.array(rows).T)]

    assert np.abs(deviations(teacher_temperature)).max() < BAND
    assert np.abs(deviations(teacher_temperature / 2)).min() > 1.5 * BAND


def test_retrieval_overlap_meets_the_finite_size_theory():
    """p = 3, N = 128, T = 3.2, Gamma = 1.37: deep in global retrieval and far above the teacher's transition."""
    n_spins, temperature, load = 128, 3.2, 14.0
    n_examples = dh.n_examples_for(load, n_spins, 3)
    q_star, q, energy = simulate(n_spins, n_examples, 3, temperature, 24, 60, 10)
    theory = dh.theory.finite_size_overlap(n_spins, n_examples, 3, temperature)[1]
    found = dh.diagnostics.disorder_estimate(q_star)
    assert abs(found.mean - theory) < BAND * found.error
    assert found.error < 0.015
    difference = dh.diagnostics.disorder_estimate(q_star - q)
    assert abs(difference.mean) < BAND * difference.error
    found = dh.diagnostics.disorder_estimate(energy)
    assert abs(found.mean + dh.signal_strength(n_spins, n_examples, 3, temperature)) < BAND * found.error


def test_paramagnet_forgets_the_pattern():
    """Gamma = 0.3, far below the spinodal 1.076: started at the pattern, the student loses it."""
    n_spins, temperature = 100, 4.0
    n_examples = dh.n_examples_for(0.3 * temperature**2, n_spins, 3)
    q_star, q, _ = simulate(n_spins, n_examples, 3, temperature, 24, 150, 50)
    assert abs(q_star.mean()) < 0.05
    assert abs(q.mean()) < 0.05
