"""Classifiers of stored and of learned memories on real data, and as estimators among others."""

import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_iris, load_wine, make_blobs, make_moons
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.attacks.attacked_models import attacked_model


@pytest.fixture(scope="module")
def trained(digits):
    return DenseAssociativeClassifier(max_iter=15, random_state=0).fit(digits[0], digits[2])


@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_digits_are_learned(trained, digits):
    assert trained.score(digits[1], digits[3]) > 0.97
    right, wrong = 0.955, 0.005  # of smoothed labels; what is left of the loss at best
    least = -right * np.log(right) - 9 * wrong * np.log(wrong)
    assert trained.loss_curve_[-1] - least < 0.3 * (trained.loss_curve_[0] - least)
    probabilities = trained.predict_proba(digits[1])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (trained.classes_[probabilities.argmax(1)] == trained.predict(digits[1])).all()


def test_any_degree_works_in_single_precision(digits):
    for degree in (1, 2, 100, 1000):
        model = DenseAssociativeClassifier(degree=degree, max_iter=2, random_state=0)
        model.fit(digits[0].astype(np.float32), digits[2])
        scores = model.decision_function(digits[1].astype(np.float32))
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        assert model.score(digits[1], digits[3]) > 0.7


def test_stored_samples_classify(digits):
    model = DenseAssociativeClassifier(kind="stored", degree=30).fit(digits[0], digits[2])
    assert model.score(digits[1], digits[3]) > 0.98
    assert len(model.memories_) == len(digits[0])
    parts = DenseAssociativeClassifier(kind="stored", degree=30)
    parts.partial_fit(digits[0], digits[2], classes=range(10)).partial_fit(digits[0][:50], digits[2][:50])
    assert len(parts.memories_) == len(digits[0]) + 50


def test_stored_samples_are_the_same_in_whatever_parts_they_come(digits):
    images, classes = digits[0][:120], digits[2][:120]
    whole = DenseAssociativeClassifier(kind="stored", degree=30).fit(images, classes)
    parts = DenseAssociativeClassifier(kind="stored", degree=30)
    for part in (slice(0, 1), slice(1, 60), *(slice(row, row + 1) for row in range(60, 120))):
        parts.partial_fit(images[part], classes[part], classes=range(10))
    np.testing.assert_array_equal(parts.memories_, whole.memories_)
    np.testing.assert_array_equal(parts.decision_function(digits[1]), whole.decision_function(digits[1]))


@pytest.mark.parametrize("degree", [10, 30, 100])
@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_probabilities_of_stored_samples_are_calibrated(digits, degree):
    model = DenseAssociativeClassifier(kind="stored", degree=degree).fit(digits[0], digits[2])
    probabilities = model.predict_proba(digits[1])
    assert abs(probabilities.max(axis=1).mean() - model.score(digits[1], digits[3])) < 0.05
    assert log_loss(digits[3], probabilities) < 0.15
    model.set_params(inverse_temperature=0.3 * model.inverse_temperature_)
    assert log_loss(digits[3], model.predict_proba(digits[1])) > log_loss(digits[3], probabilities)


def test_the_first_part_settles_the_classes(digits):
    zeros = digits[2] == 0
    with pytest.raises(InvalidInput, match="partial_fit needs classes= in its first call"):
        DenseAssociativeClassifier().partial_fit(digits[0][zeros], digits[2][zeros])
    model = DenseAssociativeClassifier(10).partial_fit(digits[0][zeros], digits[2][zeros], classes=range(10))
    with pytest.raises(InvalidInput, match="classes must be those of the first call"):
        model.partial_fit(digits[0], digits[2], classes=range(12))


def test_a_model_read_as_a_memory_map_learns_on(digits, tmp_path):
    joblib.dump(DenseAssociativeClassifier(20, max_iter=2, random_state=0).fit(digits[0], digits[2]), tmp_path / "m")
    mapped, read = joblib.load(tmp_path / "m", mmap_mode="r"), joblib.load(tmp_path / "m")
    for model in (mapped, read):
        model.partial_fit(digits[0], digits[2])
    np.testing.assert_array_equal(mapped.memories_, read.memories_)


def test_the_degree_is_chosen_by_what_it_tells():
    """Two interleaved half moons need prototypes, a linear rule features; a given degree is kept."""
    moons = make_moons(400, noise=0.15, random_state=0)
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 20))
    plane = rows, (rows[:, 0] + rows[:, 1] > 0).astype(int)
    exact = DenseAssociativeClassifier(class_energy="exact", random_state=0)
    assert exact.fit(*moons).degree_ == 10
    assert exact.fit(*plane).degree_ == 2
    assert DenseAssociativeClassifier(degree=5, max_iter=1).fit(*plane).degree_ == 5
    few = DenseAssociativeClassifier(max_iter=1).fit(rows[:50], plane[1][:50])
    assert few.degree_ == 10


@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_the_degree_of_stored_samples_is_the_likeliest(digits):
    images, classes = digits[0][:400], digits[2][:400]
    chosen = DenseAssociativeClassifier(kind="stored").fit(images, classes)
    fixed = [DenseAssociativeClassifier(kind="stored", degree=n).fit(images, classes) for n in (10, 30, 100, 300)]
    losses = [log_loss(digits[3], one.predict_proba(digits[1])) for one in fixed]
    assert chosen.degree_ in (10, 30, 100, 300)
    assert log_loss(digits[3], chosen.predict_proba(digits[1])) < min(losses) + 0.02


def test_columns_of_very_different_scale_are_named():
    rows, classes = load_wine(return_X_y=True)
    with pytest.warns(UserWarning, match=r"spreads \d+ times as wide as the median one.*StandardScaler"):
        DenseAssociativeClassifier(max_iter=1).fit(rows, classes)


def test_noise_does_not_drown_sparse_features():
    random = np.random.default_rng(0)
    inputs = np.where(random.random((200, 2000)) < 0.01, random.random((200, 2000)), 0).astype(np.float32)
    model = DenseAssociativeClassifier(class_energy="exact", max_iter=1, random_state=0)
    model.fit(inputs, np.arange(200) % 2)
    assert model.input_noise_ == pytest.approx(2 * np.sqrt(inputs.var(axis=0).mean()) / inputs.max(), rel=0.01)
    assert DenseAssociativeClassifier(max_iter=1, input_noise=0.3).fit(inputs, np.arange(200) % 2).input_noise_ == 0.3


def test_the_bits_do_not_depend_on_the_threads_of_blas(digits):
    fitted = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fitted.append(DenseAssociativeClassifier(max_iter=2, random_state=0).fit(digits[0], digits[2]).memories_)
    np.testing.assert_array_equal(*fitted)


def test_stored_samples_do_not_depend_on_the_units_of_the_data(digits):
    model = DenseAssociativeClassifier(kind="stored", degree=30).fit(digits[0], digits[2])
    moved = DenseAssociativeClassifier(kind="stored", degree=30).fit(255 * digits[0] / 16 - 40, digits[2])
    np.testing.assert_allclose(model.mean_, digits[0].mean(axis=0) / 2)  # half of the way from black, which is 0
    np.testing.assert_allclose(
        moved.decision_function(255 * digits[1] / 16 - 40), model.decision_function(digits[1]), rtol=1e-3, atol=1e-3
    )


def test_the_published_loss_learns(digits):
    model = DenseAssociativeClassifier(loss="published", degree=3, max_iter=15, random_state=0)
    assert model.fit(digits[0], digits[2]).score(digits[1], digits[3]) > 0.93


@pytest.mark.parametrize("degree", [3, 10, 30])
def test_the_published_loss_learns_two_features(degree):
    """The default step is as large as the class units here: it would leave every tanh saturated, most of them wrong."""
    features, classes = make_blobs(150, random_state=0)
    model = DenseAssociativeClassifier(loss="published", degree=degree, random_state=0).fit(features, classes)
    plain = DenseAssociativeClassifier(degree=degree, random_state=0).fit(features, classes)
    assert model.score(features, classes) > plain.score(features, classes) - 0.05
    assert model.loss_curve_[5] < model.loss_curve_[0]


@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_one_seed_gives_one_result_whatever_the_threads(trained, digits):
    again = DenseAssociativeClassifier(max_iter=15, random_state=0, n_jobs=2).fit(digits[0], digits[2])
    assert (again.memories_ == trained.memories_).all()
    np.testing.assert_allclose(again.predict_proba(digits[1]), trained.predict_proba(digits[1]), atol=1e-12)
    other = DenseAssociativeClassifier(max_iter=1, random_state=1).fit(digits[0], digits[2])
    assert (other.memories_ != trained.memories_).any()


def test_sparse_and_pickled_models_predict_the_same(trained, digits):
    expected = trained.decision_function(digits[1])
    for matrix in (sp.csr_matrix(digits[1]), sp.csc_array(digits[1])):
        np.testing.assert_allclose(trained.decision_function(matrix), expected, rtol=1e-12)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(trained)).decision_function(digits[1]), expected)
    sparse = DenseAssociativeClassifier(max_iter=2, random_state=0).fit(sp.csr_matrix(digits[0]), digits[2])
    dense = DenseAssociativeClassifier(max_iter=2, random_state=0).fit(digits[0], digits[2])
    np.testing.assert_allclose(sparse.memories_, dense.memories_, atol=1e-5)


def test_partial_fit_learns_in_epochs(digits):
    model = DenseAssociativeClassifier(random_state=0)
    for _ in range(8):
        model.partial_fit(digits[0], digits[2], classes=np.arange(10))
    assert model.score(digits[1], digits[3]) > 0.95
    assert model.n_iter_ == 8
    with pytest.raises(InvalidInput, match="classes of the first call"):
        model.partial_fit(digits[0], digits[2] + 5)


@pytest.mark.parametrize("changed", [{"degree": 3}, {"kind": "learned"}], ids=str)
def test_another_energy_needs_another_fit(digits, changed):
    model = DenseAssociativeClassifier(degree=30, kind="stored").fit(digits[0][:100], digits[2][:100])
    expected = model.predict(digits[1])
    model.set_params(**changed)
    for ask in (
        lambda: model.predict(digits[1]),
        lambda: attacked_model(model),
        lambda: model.partial_fit(*digits[::2]),
    ):
        with pytest.raises(InvalidInput, match=r"when fitted and is .* now: fit again, or set it back"):
            ask()
    model.set_params(degree=30, kind="stored", inverse_temperature=5.0)  # of the probabilities only
    assert (model.predict(digits[1]) == expected).all()


def test_early_stopping_keeps_the_best(digits):
    lines = []
    model = DenseAssociativeClassifier(
        early_stopping=True, n_iter_no_change=3, max_iter=40, random_state=0, verbose=lines.append
    ).fit(digits[0], digits[2])
    assert model.n_iter_ < 40
    assert np.argmax(model.validation_scores_) == model.n_iter_ - 4
    assert sum("loss" in line for line in lines) == model.n_iter_


def test_few_features_work_too():
    features, classes = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[classes]
    pipeline = make_pipeline(StandardScaler(), DenseAssociativeClassifier(20, random_state=0))
    assert cross_val_score(pipeline, features, names, cv=3).mean() > 0.92


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_memories": 0}, "n_memories must be an integer >= 1"),
        ({"degree": 0.5}, "degree must be at least 1"),
        ({"loss": "hinge"}, "loss must be one of 'cross_entropy', 'published'"),
        ({"kind": "lazy"}, "kind must be one of"),
        ({"learning_rate": -1.0}, "learning_rate must be"),
        ({"input_noise": -0.1}, "input_noise must be"),
    ],
)
def test_wrong_parameters(parameters, message):
    with pytest.raises(InvalidInput, match=message):
        DenseAssociativeClassifier(**parameters).fit([[0.0], [1.0]], [0, 1])


def test_one_class_is_no_problem_to_solve():
    with pytest.raises(InvalidInput, match="at least 2 classes"):
        DenseAssociativeClassifier().fit([[0.0], [1.0]], [3, 3])


@pytest.mark.filterwarnings("ignore")  # the checks warn about what they provoke
@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(DenseAssociativeClassifier(), marks=pytest.mark.long),
        pytest.param(DenseAssociativeClassifier(loss="published"), marks=pytest.mark.long),
        pytest.param(DenseAssociativeClassifier(early_stopping=True), marks=pytest.mark.long),
        DenseAssociativeClassifier(max_iter=10, learning_rate=0.1),
        DenseAssociativeClassifier(kind="stored"),
    ],
    ids=["default", "published", "early_stopping", "short", "stored"],
)
def test_scikit_learns_checks(estimator):
    names = ["check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"]
    learned = estimator.kind == "learned"
    reason = "training draws samples and batches at random" if learned else "memories are kept in single precision"
    expected = dict.fromkeys(names, reason)
    results = check_estimator(estimator, on_skip=None, expected_failed_checks=expected)
    statuses = [result["status"] for result in results]
    skipped = [result["check_name"] for result in results if result["status"] == "skipped"]
    print(f"{estimator}: {statuses.count('passed')} checks passed, skipped: {skipped}")
    assert set(skipped) <= {"check_array_api_input"}  # scikit-learn runs it only where SCIPY_ARRAY_API is set
    assert statuses.count("passed") >= 50
