import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import check_estimator

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.attacks.attacked_models import attacked_model
from densehop.learn.attacks.robustness import robust_accuracy
from densehop.learn.classifier.parameters import epochs_of
from densehop.learn.classifier.sharpness import likeliest_sharpness
from densehop.learn.image_tasks import memories_in_use


@pytest.fixture(scope="module")
def digits():
    images, classes = load_digits(return_X_y=True)
    return train_test_split(images / 16, classes, test_size=0.3, stratify=classes, random_state=0)


@pytest.fixture(scope="module")
def certified(digits):
    model = DenseAssociativeClassifier(100, objective="certified", radius=0.6, max_iter=15, random_state=0)
    return model.fit(digits[0], digits[2])


def test_scores_are_log_odds_of_memories_with_gaussian_noise():
    random = np.random.default_rng(0)
    samples, classes, weights = random.normal(size=(9, 4)), np.arange(9) % 3, random.uniform(0.5, 2, 9)
    model = DenseAssociativeClassifier(interaction="exponential", kind="stored", sharpness=1.7)
    model.fit(samples, classes, weights)
    known = list(zip(samples, weights, classes, strict=True))
    for x, found in zip(samples + 0.5, model.predict_proba(samples + 0.5), strict=True):
        odds = [sum(w * np.exp(-1.7 * ((x - s) ** 2).sum() / 2) for s, w, c in known if c == one) for one in range(3)]
        np.testing.assert_allclose(found, np.array(odds) / sum(odds), rtol=1e-5)
    assert model.sharpness_ == pytest.approx(1.7)


def test_the_sharpness_makes_left_out_samples_likeliest():
    samples, classes = make_blobs(60, centers=3, cluster_std=3.0, random_state=0)

    def loss(log_sharpness):
        total = 0.0
        for row in range(60):
            rest = np.arange(60) != row
            weights = np.exp(-np.exp(log_sharpness) * ((samples[row] - samples[rest]) ** 2).sum(axis=1) / 2)
            odds = np.array([weights[classes[rest] == one].sum() for one in range(3)])
            odds = np.log(odds / odds.sum())
            total -= odds[classes[row]] + odds.mean() / 60
        return total

    best = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    assert likeliest_sharpness(samples, classes) == pytest.approx(best, rel=0.01)


@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_stored_and_learned_memories_classify_digits(digits):
    stored = DenseAssociativeClassifier(interaction="exponential", kind="stored").fit(digits[0], digits[2])
    learned = DenseAssociativeClassifier(interaction="exponential", max_iter=15, random_state=0)
    learned.fit(digits[0], digits[2])
    for model in (stored, learned):
        assert model.score(digits[1], digits[3]) > 0.975
        probabilities = model.predict_proba(digits[1])
        assert log_loss(digits[3], probabilities) < 0.1
        assert np.isfinite(model.decision_function(digits[1].astype(np.float32))).all()


def test_certified_training_proves_more_than_stored_samples(digits, certified):
    images, classes = digits[1][:200], digits[3][:200]
    stored = DenseAssociativeClassifier(interaction="exponential", kind="stored").fit(digits[0], digits[2])
    proved = [
        ((model.certified_radius(images) > 0.6) & (model.predict(images) == classes)).mean()
        for model in (certified, stored)
    ]
    assert certified.score(digits[1], digits[3]) > 0.97
    assert proved[0] > proved[1]


def test_certified_accuracy_is_at_most_the_attacked_one(digits, certified):
    images, classes = digits[1][:100], digits[3][:100]
    for norm, sizes in (("l2", [0.3, 0.6, 0.9]), ("linf", [0.03, 0.08, 0.12])):
        right, radii = certified.predict(images) == classes, certified.certified_radius(images, norm)
        curve = robust_accuracy(
            certified, images, classes, sizes, norm, data_range=(0.0, 1.0), steps=20, restarts=1, queries=100
        )
        for size, inputs, worst in zip(sizes, curve.inputs, curve.worst, strict=True):
            proved = right & (radii > size)
            assert (certified.predict(inputs[proved]) == classes[proved]).all()
            assert proved.mean() <= worst
            assert proved.mean() > worst - 0.3


def test_the_attacked_gradient_is_that_of_the_scores(digits, certified):
    target, images = attacked_model(certified), digits[1][:5]
    upstream = np.random.default_rng(0).normal(size=(5, 10))
    gradient = target.gradient(images, lambda _: upstream)[1]
    for place in (10, 30):
        moved = np.zeros(64)
        moved[place] = 1e-2
        ends = [(target.scores(images + sign * moved) * upstream).sum(axis=1) for sign in (1, -1)]
        np.testing.assert_allclose(gradient[:, place], (ends[0] - ends[1]) / 2e-2, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("interaction", ["rectified", "exponential"])
@pytest.mark.parametrize("kind", ["stored", "learned"])
def test_weights_count_as_copies(interaction, kind):
    """A class of a hundred times the weight takes the overlap of two clouds; balancing gives it back."""
    samples, classes = make_blobs([180, 20], centers=[[0, 0], [1.0, 0]], cluster_std=1.0, random_state=0)
    model = DenseAssociativeClassifier(20, interaction=interaction, kind=kind, max_iter=100, random_state=0)
    plain = model.fit(samples, classes).predict(samples).mean()
    heavy = model.fit(samples, classes, np.where(classes == 1, 100.0, 1.0)).predict(samples).mean()
    balanced = model.set_params(class_weight="balanced").fit(samples, classes).predict(samples).mean()
    model.set_params(class_weight=None)
    left_out = model.fit(samples, classes, np.where(np.arange(200) < 20, 0.0, 1.0)).predict_proba(samples)
    without = model.fit(samples[20:], classes[20:]).predict_proba(samples)
    assert plain < balanced < heavy
    np.testing.assert_allclose(left_out, without, rtol=1e-5, atol=1e-9)
    assert len(model.memories_) == (180 if kind == "stored" else 20)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"interaction": "cubic"}, "interaction must be one of 'rectified', 'exponential'"),
        ({"objective": "certified", "kind": "stored"}, "it needs kind='learned'"),
        ({"objective": "certified", "interaction": "rectified"}, "needs kind='learned' and interaction='exponential'"),
        ({"interaction": "exponential", "degree": 3.0}, "degree has no meaning for interaction='exponential'"),
        ({"sharpness": 1.0}, "sharpness has no meaning for interaction='rectified'"),
        ({"radius": 0.0}, "radius must be"),
        ({"norm": "l1"}, "norm must be one of"),
    ],
)
def test_what_does_not_go_together_is_refused(parameters, message):
    with pytest.raises(InvalidInput, match=message):
        DenseAssociativeClassifier(**parameters).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator",
    [
        DenseAssociativeClassifier(interaction="exponential", kind="stored"),
        pytest.param(DenseAssociativeClassifier(interaction="exponential"), marks=pytest.mark.long),
        pytest.param(DenseAssociativeClassifier(objective="certified"), marks=pytest.mark.long),
        pytest.param(DenseAssociativeClassifier(objective="certified", norm="linf"), marks=pytest.mark.long),
    ],
    ids=str,
)
def test_scikit_learns_checks(estimator):
    learned = estimator.kind == "learned"
    names = ["check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"]
    expected = dict.fromkeys(names, "training draws samples and batches at random") if learned else {}
    results = check_estimator(estimator, on_skip=None, expected_failed_checks=expected)
    statuses = [result["status"] for result in results]
    assert {result["check_name"] for result in results if result["status"] == "skipped"} <= {"check_array_api_input"}
    assert statuses.count("passed") >= 50


def test_memories_in_use_are_counted(digits, certified):
    stored = DenseAssociativeClassifier(interaction="exponential", kind="stored", sharpness=1e5)
    stored.fit(digits[0], digits[2])
    assert memories_in_use(stored, digits[0][:50], digits[2][:50]) == pytest.approx(1)  # each finds itself
    assert 1 <= memories_in_use(certified, digits[1][:50], digits[3][:50]) < 20


@pytest.mark.parametrize(("n_samples", "epochs"), [(100, 30), (2_500, 24), (4_000, 15), (60_000, 15)])
def test_certified_training_is_short_since_its_proofs_get_worse_with_more(n_samples, epochs):
    """As docs/practice.md says; a given number stays."""
    model = DenseAssociativeClassifier(objective="certified")
    assert epochs_of(model, n_samples, linear=False) == epochs
    assert epochs_of(model.set_params(max_iter=7), n_samples, linear=False) == 7
    assert epochs_of(DenseAssociativeClassifier(interaction="exponential"), n_samples, linear=False) == 60
