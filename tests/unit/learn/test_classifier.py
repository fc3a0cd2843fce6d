import pickle
import warnings
from copy import deepcopy

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_iris, load_wine, make_blobs, make_moons
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.attacks.attacked_models import attacked_model
from densehop.learn.classifier.losses import CrossEntropy, Published
from densehop.learn.classifier.nearness import Nearness, nearest, nearness_of
from densehop.learn.classifier.scores import Memories, class_scores, input_gradient, memory_gradients
from densehop.learn.classifier.training import Adam, cosine


def random_network(degree, seed=0, k=5, n=7, c=3):
    random = np.random.default_rng(seed)
    return Memories(random.normal(size=(k, n)), 0.5 * random.normal(size=(k, c)), degree, 1e-3), random


@pytest.fixture(scope="module")
def digits():
    images, classes = load_digits(return_X_y=True)
    return train_test_split(images, classes, test_size=0.3, stratify=classes, random_state=0)


@pytest.fixture(scope="module")
def trained(digits):
    return DenseAssociativeClassifier(max_iter=15, random_state=0).fit(digits[0], digits[2])


@pytest.mark.parametrize("degree", [2, 3, 10])
def test_scores_are_logarithms_of_minus_the_energy_with_one_class_unit_on(degree):
    network, random = random_network(degree)
    inputs = random.normal(size=(4, 7)) * 3
    scores = class_scores(network, inputs, none=True).scores
    for row, v in zip(scores, inputs, strict=True):
        for score, units in zip(row, [*(2 * np.eye(3) - 1), -np.ones(3)], strict=True):
            fields = [x @ v + label @ units for x, label in zip(network.visible, network.labels, strict=True)]
            energy = -sum(max(field, network.floor) ** degree for field in fields)
            assert score == pytest.approx(np.log(-energy), rel=1e-12)


LOSSES = [CrossEntropy(2.0), Published(3.0, 1), Published(4.0, 2)]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("degree", [2, 5, 20])
def test_gradients_meet_finite_differences(loss, degree):
    network, random = random_network(degree)
    network = Memories(network.visible * (1 if degree < 20 else 0.3), network.labels, degree, 1e-3)
    inputs, classes = random.normal(size=(6, 7)), np.array([0, 1, 2, 0, 1, 2])
    found = class_scores(network, inputs, none=loss.none)
    _, upstream = loss(found.scores, classes)
    by_memory = memory_gradients(network, found, upstream, inputs)
    gradients = [*by_memory, input_gradient(network, found, upstream)]
    for place, gradient in enumerate(gradients):
        for index in [(0, 0), (2, 1), (4, 2)]:
            values = []
            for step in (1e-5, -1e-5):
                moved = [network.visible.copy(), network.labels.copy(), inputs.copy()]
                moved[place][index] += step
                changed = Memories(moved[0], moved[1], degree, 1e-3)
                values.append(loss(class_scores(changed, moved[2], none=loss.none).scores, classes)[0])
            numerical = (values[0] - values[1]) / 2e-5
            assert gradient[index] == pytest.approx(numerical, rel=1e-4, abs=1e-8 + 1e-6 * np.abs(gradient).max())


@pytest.mark.long  # compiling takes longer than all the rest
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("degree", [2, 10])
def test_gradients_meet_automatic_differentiation(degree):
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    network, random = random_network(degree, seed=1)
    inputs, classes = random.normal(size=(8, 7)).astype(np.float32), random.integers(0, 3, 8)

    def loss_of(visible, labels, v):
        fields = (v @ visible.T)[:, :, None] + (2 * labels - labels.sum(1, keepdims=True))[None]
        scores = jax.nn.logsumexp(degree * jnp.log(jnp.maximum(fields, 1e-3)), axis=1)
        return -jax.nn.log_softmax(2.0 * scores)[jnp.arange(8), classes].mean()

    expected = jax.grad(loss_of, argnums=(0, 1, 2))(network.visible, network.labels, inputs)
    found = class_scores(network, inputs)
    _, upstream = CrossEntropy(2.0)(found.scores, classes)
    ours = [*memory_gradients(network, found, upstream, inputs), input_gradient(network, found, upstream)]
    for mine, theirs in zip(ours, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-3, atol=2e-4 * np.abs(theirs).max())


def test_adam_is_that_of_the_definition():
    array, mean, square = np.array([1.0, -2.0]), 0.0, 0.0
    expected, adam = array.copy(), Adam.over([array])
    for step, rate in enumerate([0.1, 0.05], start=1):
        gradient = np.array([0.3, -4.0]) * step
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        expected -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        adam.step([array], [gradient], rate)
    np.testing.assert_allclose(array, expected, rtol=1e-5)
    assert list(cosine(2.0, 2)) == pytest.approx([2.0, 1.0])


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
    model = DenseAssociativeClassifier(max_iter=1, random_state=0).fit(inputs, np.arange(200) % 2)
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


@pytest.mark.parametrize("interaction", ["rectified", "exponential"])
@pytest.mark.parametrize("kind", ["learned", "stored"])
def test_rows_that_training_says_nothing_about_have_even_probabilities(digits, kind, interaction):
    """Images of one grey, or far out of range: nearly equal, in the order of `predict`, and counted in a warning."""
    train, test, train_classes, _ = digits
    model = DenseAssociativeClassifier(20, kind=kind, interaction=interaction, max_iter=5, random_state=0)
    model.fit(train[:400], train_classes[:400])
    greys = np.tile(np.linspace(0, 16, 9)[:, None], 64)
    asked = np.vstack([greys, test[:20] * 10, test[:20] + 100])
    with pytest.warns(UserWarning, match="49 of 49 rows"):
        found = model.predict_proba(asked)
    assert found.max() < 0.11
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (model.classes_[found.argmax(axis=1)] == model.predict(asked)).all()
    with pytest.warns(UserWarning, match="9 of 20 rows"):
        beside = model.predict_proba(sp.csr_array(np.vstack([greys, test[:11]])))[9:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = model.predict_proba(test[:11])
        model.predict(asked)
    np.testing.assert_allclose(beside, alone)


@pytest.mark.parametrize("kind", ["learned", "stored"])
def test_images_that_are_no_digits_are_not_told_with_confidence(digits, kind):
    """Inverted digits, shuffled pixels and noise: none above 0.9; other digits keep what they had."""
    train, test, train_classes, _ = digits
    model = DenseAssociativeClassifier(50, kind=kind, random_state=0, max_iter=10).fit(train[:600], train_classes[:600])
    random = np.random.default_rng(0)
    strange = np.vstack([16 - test[:100], random.permuted(test[:100], axis=1), random.uniform(0, 16, (100, 64))])
    with pytest.warns(UserWarning, match="300 of 300 rows are of nearly one value"):
        found = model.predict_proba(strange)
    assert found.max() < 0.2
    assert (model.classes_[found.argmax(axis=1)] == model.predict(strange)).all()
    plain = deepcopy(model)
    plain._nearness = Nearness(model._nearness.rows, np.inf)
    same = (model.predict_proba(test) == plain.predict_proba(test)).all(axis=1)
    assert same.mean() > 0.99


def test_the_reach_of_training_rows_is_that_of_their_distances():
    """Against cdist, copies left out; later parts widen it, and few rows or features say nothing."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(80, 9)).astype(np.float32)
    rows[40] = rows[3]
    found, across = nearness_of(rows), cdist(rows, rows)
    across[across == 0] = np.inf
    assert found.reach == pytest.approx(1.1 * across.min(axis=1).max(), rel=1e-5)
    assert (found.strange(rows) == 0).all()
    far = np.full((1, 9), 50, dtype=np.float32)
    assert found.strange(far) == 1
    assert found.wider(far).strange(far) == 0
    assert nearness_of(rows[:20]).strange(far) == 0
    assert nearness_of(rows[:, :5]).strange(far[:, :5]) == 0
    assert nearness_of(np.ones((60, 9), dtype=np.float32)).strange(far) == 0
    half = nearest(0.5 * rows + 0.5 * far, rows)
    np.testing.assert_allclose(half, cdist(0.5 * rows + 0.5 * far, rows).min(axis=1), rtol=1e-4)


def test_rows_like_later_parts_are_no_strangers(digits):
    """`partial_fit` knows the range of all its parts; a row of one value is known where training had one."""
    train, classes = digits[0][:100], digits[2][:100]
    model = DenseAssociativeClassifier(20, random_state=0).partial_fit(train, classes, np.unique(classes))
    later = np.vstack([train[:50] * 10, np.full((1, 64), 8.0)])
    model.partial_fit(later, classes[:51])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_proba(later)


def test_of_few_features_nothing_is_strange():
    rows = np.random.default_rng(0).normal(size=(100, 2))
    model = DenseAssociativeClassifier(degree=2, max_iter=2, random_state=0).fit(rows, rows[:, 0] > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_proba([[0.5, 0.5], [9.0, -9.0]])
