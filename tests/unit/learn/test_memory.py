import pickle
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from densehop import DenseAssociativeMemory, InvalidInput, PBodyHopfield
from densehop.learn.memory import dynamics
from densehop.learn.memory.encoding import encoding_of
from densehop.learn.memory.interactions import INTERACTIONS, Interaction, partial_fields

SPINS = INTERACTIONS[:4]


def signs(seed, *shape):
    return np.random.default_rng(seed).choice([-1.0, 1.0], shape)


def naive_energy(name, degree, beta, memories, state):
    n = len(state)
    k = [float(state @ memory) for memory in memories]
    if name == "strict":
        products = sum(
            np.prod((state * memory)[list(c)]) for memory in memories for c in combinations(range(n), degree)
        )
        return -np.prod(range(1, degree + 1)) / n ** (degree - 1) * products
    if name == "attention":
        return -np.log(sum(np.exp(-beta / 2 * ((state - memory) ** 2).sum()) for memory in memories)) / beta
    if name == "exponential":
        return -np.log(sum(np.exp(beta * one) for one in k)) / beta
    return -n * sum((one / n if name == "power" else max(one / n, 0)) ** degree for one in k)


@pytest.mark.parametrize("name", INTERACTIONS)
def test_energies_of_recall_are_those_of_the_definition(name):
    memories, states = signs(0, 5, 8), signs(1, 7, 8)
    memory = DenseAssociativeMemory(name, degree=3, beta=0.7).fit(memories)
    result = memory.recall(states, known=np.ones(8, dtype=bool))
    expected = [naive_energy(name, 3, 0.7, memories, state) for state in states]
    np.testing.assert_allclose(result.energy, expected, rtol=1e-12)
    assert (result.patterns == states).all()
    assert (result.memory == (states @ memories.T).argmax(1)).all()
    np.testing.assert_allclose(result.overlap, (states @ memories.T).max(1) / 8)


@pytest.mark.parametrize("name", SPINS)
@pytest.mark.parametrize("degree", [2, 3, 4])
def test_a_field_is_half_the_cost_of_a_flip(name, degree):
    memories, states = signs(2, 6, 9), signs(3, 4, 9)
    interaction = Interaction(name, degree, 0.6, 9)
    for site in range(9):
        fields = interaction.fields((states @ memories.T) - states[:, [site]] * memories[:, site], memories[:, site])
        for state, field in zip(states, fields, strict=True):
            up, down = state.copy(), state.copy()
            up[site], down[site] = 1, -1
            cost = naive_energy(name, degree, 0.6, memories, down) - naive_energy(name, degree, 0.6, memories, up)
            assert field == pytest.approx(cost / 2, abs=1e-10)


def test_the_strict_energy_is_that_of_the_network():
    memories, states = signs(4, 30, 20), signs(5, 6, 20)
    interaction = Interaction("strict", 4, 1.0, 20)
    np.testing.assert_allclose(
        interaction.energies(states @ memories.T), PBodyHopfield(memories, 4).energy(states), rtol=1e-12
    )


@pytest.mark.parametrize("degree", [2, 3, 4])
def test_strict_relaxation_is_that_of_the_compiled_network(degree):
    memories, states = signs(6, 12, 30), signs(7, 40, 30)
    free = np.ones(states.shape, dtype=bool)
    ours = dynamics.relax_site_by_site(Interaction("strict", degree, 1.0, 30), memories, states, free, 100)
    assert ours.settled.all()
    assert (ours.states == PBodyHopfield(memories, degree).relax(states)).all()
    assert (DenseAssociativeMemory("strict", degree=degree).fit(memories).transform(states) == ours.states).all()


@pytest.mark.parametrize(
    ("name", "degree"), [("rectified", 3), ("rectified", 20), ("exponential", 2), ("attention", 2)]
)
def test_no_step_of_all_sites_raises_the_energy(name, degree):
    real = name == "attention"
    random = np.random.default_rng(8)
    memories = random.uniform(-1, 1, (40, 25)) if real else signs(8, 40, 25)
    states = random.uniform(-1, 1, (30, 25)) if real else signs(9, 30, 25)
    interaction, free = Interaction(name, degree, 0.2, 25), random.random(states.shape) < 0.7
    present = np.ones_like(free)
    energies = []
    for n_steps in range(1, 6):
        moved = dynamics.relax_together(interaction, memories, states, free, present, n_steps, real=real).states
        assert (moved[~free] == states[~free]).all()
        energies.append([naive_energy(name, degree, 0.2, memories, state) for state in moved])
    assert (np.diff(energies, axis=0) <= 1e-9).all()
    assert np.diff(energies, axis=0).min() < -1e-3


@pytest.mark.parametrize(("name", "degree"), [("strict", 3), ("power", 3), ("rectified", 4), ("exponential", 2)])
def test_sampling_meets_enumeration_with_some_sites_clamped(name, degree):
    n, beta, temperature = 7, 0.8, 1.5
    memories = signs(10, 4, n)
    known = np.arange(n) < 2
    state = memories[0].copy()
    every = np.array([[*state[:2], *rest] for rest in product([-1, 1], repeat=n - 2)])
    weights = np.exp([-naive_energy(name, degree, beta, memories, one) / temperature for one in every])
    exact = weights @ every / weights.sum()
    free, start = np.tile(~known, (400, 1)), np.tile(np.where(known, state, 0), (400, 1))
    interaction = Interaction(name, degree, beta, n)
    means, last = dynamics.mean_spins(interaction, memories, start, free, temperature, 60, np.random.default_rng(0))
    assert (last[:, :2] == state[:2]).all()
    error = means.std(axis=0)[2:] / np.sqrt(len(means))
    assert (np.abs(means.mean(axis=0) - exact)[2:] < 4.5 * error).all()


@pytest.mark.parametrize("known", [None, np.arange(12) < 4])
def test_sampling_reports_confidence_and_repeats(known):
    memories = signs(11, 3, 12)
    memory = DenseAssociativeMemory("strict", degree=3, temperature=1.0, n_sweeps=400, random_state=3).fit(memories)
    first, second = memory.recall(memories, known), memory.recall(memories, known)
    assert (first.patterns == second.patterns).all()
    assert ((first.confidence >= 0.5) & (first.confidence <= 1)).all()
    cold = clone(memory).set_params(temperature=0.05).fit(memories).recall(memories, known)
    assert cold.confidence.mean() > first.confidence.mean()


def test_strict_fields_of_absent_sites():
    memories, state = signs(12, 5, 9), signs(13, 9)
    state[6:] = 0
    for p in (2, 3, 4):
        fields = partial_fields(p, (state @ memories.T)[None], np.array([6]))[0]
        for memory, field in zip(memories, fields, strict=True):
            expected = sum(np.prod((state * memory)[list(c)]) for c in combinations(range(6), p - 1))
            assert field == pytest.approx(expected)


def test_one_step_of_attention_is_the_posterior_mean():
    memories = signs(14, 6, 10)
    beta = np.log(0.8 / 0.2) / 2
    known = np.arange(10) < 6
    seen = memories[2].copy()
    seen[1] *= -1
    likelihood = [np.prod(np.where(seen[known] == memory[known], 0.8, 0.2)) for memory in memories]
    posterior = np.array(likelihood) / sum(likelihood)
    result = DenseAssociativeMemory("attention", beta=beta, max_steps=1).fit(memories).recall(seen[None], known)
    np.testing.assert_allclose(result.patterns[0, 6:], (posterior @ memories)[6:], rtol=1e-9)
    agree = [posterior[memories[:, i] == np.sign(result.patterns[0, i])].sum() for i in range(6, 10)]
    sharp = DenseAssociativeMemory("exponential", beta=beta).fit(memories).recall(seen[None], known)
    np.testing.assert_allclose((1 + np.abs(result.patterns[0, 6:])) / 2, np.maximum(agree, 1 - np.array(agree)))
    wanted = [posterior[memories[:, i] == sharp.patterns[0, i]].sum() for i in range(10)]
    np.testing.assert_allclose(sharp.confidence[0], wanted, rtol=1e-9)


def test_hidden_graded_values_do_not_count():
    memories = np.random.default_rng(15).uniform(0, 255, (20, 30))
    known = np.random.default_rng(16).random((20, 30)) < 0.5
    memory = DenseAssociativeMemory(beta=50.0).fit(memories)
    assert memory.encoding_.kind == "graded"
    np.testing.assert_allclose(memory.restore(memories, known), memories, atol=1e-6)
    marked = np.where(known, memories, np.nan)
    np.testing.assert_array_equal(memory.restore(marked), memory.restore(memories, known))
    assert (memory.restore(marked)[known] == memories[known]).all()


@pytest.mark.parametrize("name", INTERACTIONS)
def test_known_values_may_be_wrong(name):
    memories = signs(25, 4, 120)
    hidden = np.random.default_rng(26).random(memories.shape) < 0.3
    wrong = np.where(np.random.default_rng(27).random(memories.shape) < 0.1, -memories, memories)
    memory = DenseAssociativeMemory(name, degree=3).fit(memories)
    result = memory.recall(np.where(hidden, np.nan, wrong), clamp=False)
    np.testing.assert_allclose(result.patterns, memories, atol=1e-6)
    clamped = memory.restore(np.where(hidden, np.nan, wrong))
    assert (clamped[~hidden] == wrong[~hidden]).all()


@pytest.mark.parametrize("name", SPINS)
def test_random_memories_come_back(name):
    memories = signs(17, 5, 100)
    memory = DenseAssociativeMemory(name, degree=3).fit(memories)
    corrupted = np.where(np.random.default_rng(18).random(memories.shape) < 0.1, -memories, memories)
    assert (memory.transform(corrupted) == memories).all()
    known = np.random.default_rng(19).random(memories.shape) < 0.5
    assert (memory.restore(memories, known) == memories).all()


def test_digits_are_restored_no_worse_than_by_their_nearest_neighbour():
    images = load_digits(return_X_y=True)[0][:200]
    hidden = np.random.default_rng(20).random(images.shape) < 0.5
    pixels = np.where(images > 8, 16.0, 0.0)
    signs_ = pixels / 8 - 1
    nearest = pixels[(np.where(hidden, 0, signs_) @ signs_.T).argmax(1)]
    for name, bound in (("exponential", (nearest != pixels)[hidden].mean()), ("strict", 0.25)):
        memory = DenseAssociativeMemory(name, degree=2).fit(pixels)
        error = (memory.restore(np.where(hidden, np.nan, pixels)) != pixels)[hidden].mean()
        assert error <= bound + 1e-12
    assert error > 0.1  # two bodies fall into what the images share


def test_storing_more_and_pickling():
    memories = signs(21, 8, 16)
    whole = DenseAssociativeMemory().fit(memories)
    parts = DenseAssociativeMemory().partial_fit(memories[:3]).partial_fit(memories[3:])
    probes = signs(22, 5, 16)
    assert (whole.transform(probes) == parts.transform(probes)).all()
    assert (pickle.loads(pickle.dumps(whole)).transform(probes) == whole.transform(probes)).all()
    assert whole.transform(probes.astype(np.float32)).dtype == np.float32
    pipeline = make_pipeline(whole, KNeighborsClassifier(1)).fit(memories, np.arange(8))
    assert pipeline.score(memories, np.arange(8)) == 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"interaction": "cubic"}, "interaction must be one of 'strict'"),
        ({"interaction": "strict", "degree": 1}, "degree must be an integer"),
        ({"interaction": "strict", "encoding": "graded"}, "one of signs"),
        ({"beta": -1.0}, "beta must be"),
        ({"temperature": 1.0, "interaction": "attention"}, "temperature must be 0"),
        ({"max_steps": 0}, "max_steps must be"),
        ({"encoding": "ternary"}, "encoding must be one of"),
    ],
)
def test_wrong_parameters(parameters, message):
    with pytest.raises(InvalidInput, match=message):
        DenseAssociativeMemory(**parameters).fit(signs(23, 4, 6))


@pytest.mark.parametrize(
    "changed", [{"interaction": "strict"}, {"degree": 2}, {"beta": 3.0}, {"encoding": "binary"}], ids=str
)
def test_what_a_fit_has_settled_needs_another_fit(changed):
    memories = signs(28, 4, 20)
    memory = DenseAssociativeMemory("rectified", degree=6).fit(memories)
    before = memory.transform(memories)
    memory.set_params(**changed)
    name, value = next(iter(changed.items()))
    for ask in (memory.transform, memory.restore, memory.recall, memory.partial_fit):
        with pytest.raises(InvalidInput, match=rf"{name} was .* when fitted and is {value!r} now: fit again"):
            ask(memories)
    assert (memory.fit(memories).transform(memories) == before).all()


def test_what_a_fit_has_not_settled_takes_effect_at_once():
    memories = np.random.default_rng(29).uniform(0, 1, (6, 30))
    memory = DenseAssociativeMemory("attention", beta=0.3).fit(memories)
    once = memory.set_params(max_steps=1).recall(memories)
    assert once.n_steps == 1
    for changed, message in (({"max_steps": 0}, "max_steps must be"), ({"temperature": 1.0}, "temperature must be 0")):
        with pytest.raises(InvalidInput, match=message):
            clone_of(memory).set_params(**changed).transform(memories)


def clone_of(fitted):
    return pickle.loads(pickle.dumps(fitted))


def test_wrong_masks():
    memory = DenseAssociativeMemory().fit(signs(24, 4, 6))
    with pytest.raises(InvalidInput, match=r"known must be booleans of shape \(6,\) or \(2, 6\)"):
        memory.restore(signs(0, 2, 6), known=[True])
    with pytest.raises(InvalidInput, match="nan where known"):
        memory.restore([[np.nan] * 6], known=np.ones(6, dtype=bool))
    with pytest.raises(ValueError, match="expecting 6 features"):
        memory.restore(signs(0, 2, 5))


def test_encodings_return_what_they_took():
    data = np.array([[0.0, 3.0], [7.0, 10.0]])
    graded = encoding_of(data, "auto", spins=False)
    np.testing.assert_allclose(graded.decode(graded.encode(data)), data)
    assert encoding_of(data, "auto", spins=True).encode(data).tolist() == [[-1, -1], [1, 1]]
    assert encoding_of(np.array([[0.0, 1.0]]), "auto", spins=False).kind == "binary"
    assert encoding_of(np.zeros((1, 2)), "graded", spins=False).encode(np.zeros((1, 2))).tolist() == [[-1, -1]]


@pytest.mark.filterwarnings("ignore")  # the checks warn about what they provoke
@pytest.mark.parametrize(
    "estimator",
    [
        DenseAssociativeMemory(),
        DenseAssociativeMemory("attention"),
        DenseAssociativeMemory("rectified", degree=10),
        DenseAssociativeMemory("power", degree=2),
    ],
    ids=lambda estimator: estimator.interaction,
)
def test_scikit_learns_checks(estimator):
    results = check_estimator(estimator, on_skip=None)
    statuses = [result["status"] for result in results]
    skipped = [result["check_name"] for result in results if result["status"] == "skipped"]
    print(f"{estimator}: {statuses.count('passed')} checks passed, skipped: {skipped}")
    assert set(skipped) <= {"check_array_api_input"}  # scikit-learn runs it only where SCIPY_ARRAY_API is set
    assert statuses.count("passed") >= 40


def test_restored_rows_come_as_tables_where_that_is_asked():
    rows = pd.DataFrame(signs(30, 6, 5), columns=list("abcde"), index=range(10, 16))
    memory = DenseAssociativeMemory().fit(rows).set_output(transform="pandas")
    hidden = rows.where(np.random.default_rng(0).random(rows.shape) < 0.8)
    for restored in (memory.transform(rows), memory.restore(hidden)):
        assert isinstance(restored, pd.DataFrame)
        assert restored.columns.tolist() == list("abcde")
        assert restored.index.tolist() == rows.index.tolist()
    assert isinstance(DenseAssociativeMemory().fit(rows).restore(hidden), np.ndarray)
