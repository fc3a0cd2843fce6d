"""Students of examples meet the theory, and what they hold of real digits (`make check-long` prints the tables)."""

import numpy as np
import pytest

import densehop as dh
from densehop.learn.data import datasets
from densehop.learn.students.group import StudentRegime
from densehop.learn.students.sampling import energy_depth, sample_students, signs_of_images

pytestmark = pytest.mark.long


def test_three_body_students_find_the_pattern_as_the_theory_says():
    """Started at the pattern: random starts do not find it in this time, and the verdict says so.

    The band: three standard errors over disorders and 0.015, what N = 128 still differs by (docs/theory.md, eq. 19).
    """
    n_spins, temperature = 128, 4.0
    n_examples = dh.n_examples_for(1.6 * temperature**2, n_spins, 3)
    overlap, mutual, energy, closest = [], [], [], []
    for seed in range(6):
        pattern, examples = dh.draw_examples(n_spins, n_examples, 3, temperature, seed=seed)
        found = sample_students(examples, 3, temperature, 4, 200, pattern=pattern, start=pattern, seed=seed)
        group = found.started
        assert group.regime is StudentRegime.FEATURE
        overlap.append(group.pattern_overlap.mean())
        mutual.append(group.q_mean)
        energy.append(group.energy.mean())
        closest.append(np.median(group.overlap) - found.chance)
    q, q_star = dh.theory.finite_size_overlap(n_spins, n_examples, 3, temperature)
    signal = dh.signal_strength(n_spins, n_examples, 3, temperature)
    for name, values, expected, finite_size in (
        ("q*", overlap, q_star, 0.015),
        ("q", mutual, q, 0.015),
        ("energy per spin", energy, -signal, 0.0),
    ):
        found = dh.diagnostics.disorder_estimate(values)
        print(f"{name}: {found.mean:.4f}({found.error:.4f}), theory {expected:.4f}")
        assert abs(found.mean - expected) < 3 * found.error + finite_size
    print(f"m with the closest example, less chance: {np.mean(closest):.3f}")
    assert np.mean(closest) < 0.1


def test_digits_teach_features_and_prototypes():
    data = datasets.load("digits")
    regimes = {}
    print(
        "\nset, M, p, T/depth: regime, q (spread), q with itself, m, relaxed m, share of energy, examples, starts agree"
    )
    for name, digit, n_images in (("zeros", 0, 178), ("all", None, 50), ("all", None, 1797)):
        examples = signs_of_images(data, n_images, digit)
        for p in (2, 3, 4, 6, 16):
            depth = energy_depth(examples, p)
            for relative in (0.3, 1.0, 2.0):
                found = sample_students(examples, p, relative * depth, 8, 400)
                group = found.group
                regimes[name, n_images, p, relative] = found.regime
                print(
                    f"{name:6} {n_images:5} {p:3} {relative:4} {found.regime:21} {group.q_mean:.2f} "
                    f"({group.q_spread:.2f}) {group.self_overlap:.2f} {np.median(group.overlap):.2f} "
                    f"{np.median(group.relaxed_overlap):.2f} {np.median(group.share):.2f} {group.n_examples_found} "
                    f"{found.verdict.equilibrated}"
                )
    assert regimes["all", 1797, 2, 0.3] is StudentRegime.FEATURE
    assert regimes["all", 50, 16, 0.3] is StudentRegime.PROTOTYPE
    assert regimes["zeros", 178, 3, 2.0] is StudentRegime.PARAMAGNET
    assert regimes["zeros", 178, 2, 0.3] is StudentRegime.FEATURE_AND_PROTOTYPE  # the mean zero is a zero
