"""Recovery of a corrupted pattern: theory of prototypes against simulation and exact fixed points; the recipe."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.recipes import RECIPES
from densehop.recipes.recipe import reproduce
from densehop.recipes.robustness import prototype_or_feature
from densehop.recipes.robustness.prototype_or_feature import Features, Prototypes
from densehop.simulate.starts import states_at_overlap
from densehop.teacher import law
from densehop.theory.questions import prototypes
from densehop.theory.questions.prototypes import attacked_prototype, recovery


@pytest.mark.parametrize(("p", "count", "corruption"), [(3, 3, 0.2), (3, 3, 0.35), (4, 2, 0.25), (3, 1, 0.22)])
def test_every_sweep_against_simulation(p, count, corruption):
    """N = 6000, 4 disorders of 8 chains; within 4 standard errors, with 1/N for the size."""
    n, runs = 6000, []
    for seed in range(4):
        pattern, examples = dh.draw_examples(n, count, p, 1.2, seed=seed)
        examples = examples * np.where(examples.astype(int) @ pattern < 0, -1, 1)[:, None].astype(
            np.int8
        )  # for even p the same
        start = states_at_overlap(pattern, 1 - 2 * corruption, 8, seed=seed)
        run = dh.PBodyHopfield(examples, p).sample(1.2, 8, 5, start=start, seed=seed, references=pattern)
        runs.append(run.overlap.mean(axis=0).ravel())
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / 2
    expected = recovery(p, count, 1.2, 1.2, [1 - 2 * corruption], 5)[1:, 0]
    assert np.all(np.abs(mean - expected) < 4 * error + 10 / n)
    still = np.full_like(mean, 1 - 2 * corruption)
    assert np.abs(mean - still).max() > 50 * error.max()  # there is something to see


def test_ends_where_an_unattacked_student_stays():
    for p, count in ((3, 1), (3, 4), (4, 3), (5, 8)):
        end = recovery(p, count, 1.1, 1.2, [1.0], 60)[-1, 0]
        assert end == pytest.approx(float(attacked_prototype(p, count, 1.1, 1.2, 0.0)[0]), abs=1e-9)


def test_a_single_example_lets_go_at_its_barrier():
    """M = 1: the overlap k = m_T q* with the example must exceed the middle root of k = tanh(p k^(p-1)/T)."""
    barrier = brentq(lambda k: np.tanh(3 * k**2 / 1.2) - k, 0.2, 0.6)
    at = barrier / law.magnetisation(3, 1.2)
    lost, kept = recovery(3, 1, 1.2, 1.2, [at - 0.01, at + 0.01], 100)[-1]
    assert abs(lost) < 1e-3
    assert kept > 0.9


def test_twice_as_many_steps_change_nothing_visible(monkeypatch):
    starts = np.linspace(0, 1, 9)
    coarse = recovery(3, 3, 1.2, 1.2, starts, 10)
    monkeypatch.setattr(prototypes, "STEPS", 2 * prototypes.STEPS)
    assert np.abs(recovery(3, 3, 1.2, 1.2, starts, 10) - coarse).max() < 1e-4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"teacher_temperature": 1.6}, "disordered above T_crit"),
        ({"overlap": [1.2]}, "overlap"),
        ({"overlap": [np.nan]}, "overlap"),
        ({"n_examples": 0}, "n_examples"),
        ({"n_sweeps": 0}, "n_sweeps"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = {"p": 3, "n_examples": 3, "temperature": 1.2, "teacher_temperature": 1.2, "overlap": [0.5], "n_sweeps": 3}
    with pytest.raises((dh.InvalidInput, dh.OutOfRange), match=message):
        recovery(**{**given, **change})


REGIMES = (Prototypes(1.2, n_examples=5), Features(2.0, load=8.0))


def run_recipe(folder, regimes=REGIMES):
    size = prototype_or_feature.Size((64,), (0.0, 0.1, 0.3, 0.6), 3, 4, 16, regimes)
    tiny = dataclasses.replace(RECIPES["prototype-or-feature"], sizes={"tiny": size})
    return reproduce(tiny, "tiny", folder, 1, 1, NoProgress())


def test_recipe(tmp_path):
    """Undisturbed patterns stay, features lose what is 60% flipped, prototypes are back after a sweep as in theory."""
    made = run_recipe(tmp_path)
    data = made.dataset.isel(n_spins=0)
    assert data["phase"].values.tolist() == ["eR", "gR"]
    assert data["n_examples"].values.tolist() == [5, 5461]
    assert (data["success_mean"].sel(corruption=0.0) == 1).all()
    assert data["success_mean"].sel(corruption=0.6).values[1] == 0
    assert data["sweeps_median"].sel(corruption=0.1).values[0] == 1
    prototype = data.isel(regime=0)
    at = np.abs(prototype["curve_corruption"].values - 0.1).argmin()
    assert float(prototype["curve_sweeps"][at]) == 1
    assert float(data["q_star_theory"].values[0]) == pytest.approx(1, abs=1e-4)
    barrier = 1 - 2 * data["tolerance_theory"].values[1]
    a = 3 * (8.0 / 2.0**2) * barrier**2  # the barrier solves q = E tanh(a + sqrt(a) z), a = p Gamma q^(p-1)
    z, weights = np.polynomial.hermite_e.hermegauss(80)
    assert weights @ np.tanh(a + np.sqrt(a) * z) / weights.sum() == pytest.approx(barrier, abs=1e-10)
    assert "prototypes, M > 1: 5 examples" in made.table
