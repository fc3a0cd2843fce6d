"""Attacks on the student of an ordered teacher: equations against sampled examples, and against the model."""

import dataclasses

import numpy as np
import pytest

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.recipes import RECIPES
from densehop.recipes.recipe import reproduce
from densehop.recipes.robustness import adversarial_prototypes
from densehop.teacher import law
from densehop.theory.questions.prototypes import attacked_prototype


@pytest.mark.parametrize(("p", "count"), [(3, 1), (3, 4), (4, 3), (5, 8)])
@pytest.mark.parametrize("attack", [0.0, 0.4, 1.0])
def test_against_mean_field_dynamics_of_sampled_examples(p, count, attack):
    """Parallel mean-field updates of soft spins under sampled examples, large N; 5 standard errors of N sites."""
    rng, n, temperature, warm = np.random.default_rng(p), 20_000, 1.2, 1.0
    share = (1 + law.magnetisation(p, temperature)) / 2
    examples = np.where(rng.random((count, n)) < share, 1.0, -1.0)
    spins = np.where(rng.random(n) < attack, examples[0], 1.0)
    for _ in range(40):
        overlaps = examples @ spins / n
        spins = np.tanh(p * (overlaps ** (p - 1)) @ examples / warm)
    q_star, m = attacked_prototype(p, count, warm, temperature, attack)
    assert float(q_star) == pytest.approx(spins.mean(), abs=0.012)
    assert float(m) == pytest.approx(examples[0] @ spins / n, abs=0.012)


def test_a_single_example_is_followed():
    """M = 1: the student sits at the example, m = tanh(p m^(p-1)/T), and q* = m_T m."""
    q_star, m = attacked_prototype(3, 1, 1.2, 1.2, np.array([0.0, 1.0]))
    assert m == pytest.approx(np.tanh(3 * m**2 / 1.2), rel=1e-10)
    assert q_star == pytest.approx(law.magnetisation(3, 1.2) * m, rel=1e-12)


def test_a_disordered_teacher_is_refused():
    with pytest.raises(dh.OutOfRange, match="disordered above T_crit"):
        attacked_prototype(3, 3, 1.2, 1.6, 0.5)


def test_recipe(tmp_path):
    """Theory beside simulation, and the attack fails; band: finite size at N = 128 and 3 disorders."""
    size = adversarial_prototypes.Size(128, 3, 2, 16, (0.0, 0.5, 1.0), n_examples=(1, 5), n_curve=5)
    tiny = dataclasses.replace(RECIPES["adversarial-prototypes"], sizes={"tiny": size})
    data = reproduce(tiny, "tiny", tmp_path, 1, 1, NoProgress()).dataset
    assert data["q_star"].sizes == {"p": 2, "n_examples": 2, "disorder": 3, "fraction": 3}
    assert float(np.abs(data["q_star_mean"] - data["q_star_theory"]).max()) < 0.05
    assert float(data["q_star"].sel(n_examples=5).min()) > 0.98
    assert float(data["example_overlap"].min()) > 0.5  # at p = 4 half of the examples are near -xi*: turned over
