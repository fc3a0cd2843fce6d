import importlib

import numpy as np
import pytest

import densehop as dh
from densehop.kernels import planted as kernel
from tests import goodness, naive

N_SPINS, N_EXAMPLES = 9, 20_000
PLANTED = np.random.default_rng(3).choice([-1, 1], (4, N_SPINS))
METHODS = ["exact", "chains"]


def fit(n_patterns, p, temperature, method, n_sweeps=25):
    """Compare the counts of all 2^9 examples with enumeration; return the p-value."""
    patterns = PLANTED[:n_patterns]
    drawn = dh.teacher.draw_examples_of_many(patterns, N_EXAMPLES, p, temperature, n_sweeps, seed=p, method=method)
    observed = np.bincount(naive.codes_of(drawn.examples), minlength=2**N_SPINS)
    return goodness.p_value(observed, naive.boltzmann(patterns, p, temperature))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("n_patterns", "p", "temperature"), [(2, 2, 2.0), (2, 3, 2.0), (3, 4, 3.0), (4, 3, 2.5), (2, 5, 9.0)]
)
def test_examples_follow_the_law_of_the_direct_model(n_patterns, p, temperature, method):
    """False alarm 1e-4 each."""
    assert fit(n_patterns, p, temperature, method) > 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_states_of_lowest_energy_at_vanishing_temperature(method):
    """Two patterns, p = 2: all states of lowest energy, each as often as any other."""
    patterns = np.array([[1] * 8, [1] * 4 + [-1] * 4])
    drawn = dh.teacher.draw_examples_of_many(patterns, 20_000, 2, 1e-90, seed=1, method=method)
    energies = np.array([naive.energy(state, patterns, 2) for state in naive.all_states(8)])
    lowest = np.isclose(energies, energies.min())
    observed = np.bincount(naive.codes_of(drawn.examples), minlength=2**8)
    assert observed[~lowest].sum() == 0
    assert goodness.p_value(observed[lowest], np.full(lowest.sum(), 1 / lowest.sum())) > 1e-4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("wrong", ["choices", "weight"])
def test_a_wrong_law_is_caught(monkeypatch, method, wrong):
    """All counts of a group taken for equally likely; an energy that is 10% off."""
    module = importlib.import_module("densehop.teacher.several_patterns")
    if wrong == "choices":
        of = module._Groups.of

        def flat(patterns):
            groups = of(patterns)
            return module._Groups(groups.sites, groups.sizes, groups.same, 0 * groups.log_choices)

        monkeypatch.setattr(module._Groups, "of", flat)
        assert fit(2, 3, 2.0, method) < 1e-8
    else:
        strict = dh.energies.strict_table

        def scaled(p, n_spins):
            table = strict(p, n_spins)
            object.__setattr__(table, "scale", 1.1 * table.scale)
            return table

        monkeypatch.setattr(module.tables, "strict_table", scaled)
        assert fit(2, 3, 2.0, method) < 1e-8


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("p", "temperature"), [(3, 1.2), (4, 1.3), (2, 1.5), (3, 3.0)])
def test_one_pattern_is_the_teacher_of_the_exact_law(p, temperature, method):
    """One pattern is one group: a single sweep forgets everything, at any temperature."""
    n = 40
    pattern = np.random.default_rng(1).choice([-1, 1], n)
    drawn = dh.teacher.draw_examples_of_many(
        pattern[np.newaxis], 30_000, p, temperature, n_sweeps=1, seed=4, method=method
    )
    observed = np.bincount((drawn.examples @ pattern + n) // 2, minlength=n + 1)
    assert goodness.p_value(observed, dh.teacher.teacher_law(n, p, temperature).probability) > 1e-4
    assert drawn.forgot_start
    assert drawn.exact == (method == "exact")


def test_chains_agree_with_the_exact_law_at_large_n():
    """Energies of 3 patterns of 80 spins in both methods, and a verdict that the starts are forgotten."""
    patterns = np.random.default_rng(2).choice([-1, 1], (3, 80))
    network = dh.PBodyHopfield(patterns, 3)
    exact, chains = (
        dh.teacher.draw_examples_of_many(patterns, 10_000, 3, 2.5, seed=seed, method=method)
        for seed, method in enumerate(METHODS)
    )
    energies = [network.energy(drawn.examples) for drawn in (exact, chains)]
    error = np.sqrt(sum(values.var() / len(values) for values in energies))
    assert abs(energies[0].mean() - energies[1].mean()) < 4.5 * error
    assert chains.forgot_start
    assert "forgot their start" in chains.reason


@pytest.mark.parametrize("p", [3, 4])
def test_chains_that_remember_their_start_say_so(p):
    patterns = np.random.default_rng(2).choice([-1, 1], (3, 100))
    with pytest.warns(UserWarning, match="did not forget their start in 20 sweeps .* use more sweeps; .* raise"):
        drawn = dh.teacher.draw_examples_of_many(patterns, 400, p, 0.7, n_sweeps=20, method="chains")
    assert not drawn.forgot_start


def test_few_chains_allow_no_verdict():
    drawn = dh.teacher.draw_examples_of_many(PLANTED, 5, 3, 5.0, method="chains")
    assert not drawn.forgot_start
    assert drawn.reason == "cannot tell whether the chains forgot their start: draw at least 40 examples"


@pytest.mark.parametrize("method", METHODS)
def test_threads_do_not_change_the_examples(method):
    expected, again = (
        dh.teacher.draw_examples_of_many(PLANTED, 3_000, 3, 4.0, 5, seed=1, n_workers=n, method=method).examples
        for n in (1, 3)
    )
    assert (expected == again).all()


def test_a_count_follows_its_law():
    """The draw of one count from unnormalised logarithms, against numpy's search in the cumulative law."""
    rng = np.random.default_rng(0)
    log_law = rng.normal(900, 30, 12)
    cumulative = np.cumsum(np.exp(log_law - log_law.max()))
    for uniform in rng.random(200):
        expected = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
        assert kernel.draw(uniform, log_law, np.empty(12), 11) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patterns": [[1, 2], [1, 1]]}, r"patterns must hold only \+1 and -1, got 2"),
        ({"patterns": [1, 1]}, r"patterns must have shape \(P, N\)"),
        ({"n_examples": 0}, "n_examples must be an integer >= 1, got 0"),
        ({"n_examples": 10**14}, "drawing 10+ examples of 9 spins needs"),
        ({"p": 10}, "p must be an integer from 2 to 9, got 10"),
        ({"temperature": 0.0}, "temperature must be a finite positive number, got 0"),
        ({"n_sweeps": 0}, "n_sweeps must be an integer >= 1, got 0"),
        ({"method": "fast"}, "method must be one of 'auto', 'exact', 'chains'; got 'fast'"),
        ({"patterns": np.random.default_rng(0).choice([-1, 1], (5, 200)), "method": "exact"}, "use fewer patterns"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.teacher.draw_examples_of_many(
            **{"patterns": PLANTED, "n_examples": 10, "p": 3, "temperature": 2.0, **arguments}
        )
