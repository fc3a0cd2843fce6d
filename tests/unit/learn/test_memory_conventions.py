"""The memory under scikit-learn's conventions: parameters, masks, encodings, tables and its own checks."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from densehop import DenseAssociativeMemory, InvalidInput
from densehop.learn.memory.encoding import encoding_of
from tests.unit.learn.test_memory import signs


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
