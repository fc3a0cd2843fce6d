from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import SVC

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.attacks.attacked_models import AttackedModel, attacked_model
from densehop.learn.attacks.ball import Ball
from densehop.learn.attacks.methods import fgsm, pgd, random_search
from densehop.learn.attacks.nearest_examples import examples_of
from densehop.learn.attacks.robustness import robust_accuracy
from densehop.learn.classifier.scores import class_scores, input_gradient
from densehop.learn.data.datasets import load

RANGE = (0.0, 16.0)


@pytest.fixture(scope="module")
def data():
    digits = load("digits")
    return train_test_split(digits.images, digits.classes, test_size=0.3, stratify=digits.classes, random_state=0)


@pytest.fixture(scope="module")
def models(data):
    return {
        "linear": LogisticRegression(C=0.01, max_iter=500).fit(data[0], data[2]),
        "layers": MLPClassifier((20,), max_iter=300, random_state=0, tol=1e-2).fit(data[0], data[2]),
        "dense": DenseAssociativeClassifier(30, max_iter=8, random_state=0).fit(data[0], data[2]),
        "stored": DenseAssociativeClassifier(kind="stored", degree=30).fit(data[0], data[2]),
        "neighbour": KNeighborsClassifier(1).fit(data[0], data[2]),
    }


def in_double_precision(model):
    examples = examples_of(model)
    if examples is None:
        return attacked_model(model)
    wide = replace(
        examples.at_sharpness(examples.smoother[-1]),
        weights=examples.weights.astype(float),
        offsets=examples.offsets.astype(float),
    )
    return AttackedModel(model.classes_, wide.scores, wide.gradient)


@pytest.mark.parametrize("name", ["linear", "layers", "dense", "stored", "neighbour"])
def test_gradients_of_margins_meet_finite_differences(models, data, name):
    target = in_double_precision(models[name])
    inputs, truth = data[1][:5] + 0.01, data[3][:5]
    margins, gradient = target.ascent(inputs, truth)
    np.testing.assert_allclose(margins, target.margins(inputs, truth))
    for pixel in (20, 27, 36, 43):
        moved = [inputs.copy(), inputs.copy()]
        moved[0][:, pixel] += 1e-5
        moved[1][:, pixel] -= 1e-5
        numerical = (target.margins(moved[0], truth) - target.margins(moved[1], truth)) / 2e-5
        np.testing.assert_allclose(gradient[:, pixel], numerical, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["dense", "stored", "neighbour"])
def test_what_is_attacked_decides_as_the_model_does(models, data, name):
    """Scores without what all classes share order the classes as the model does."""
    found = attacked_model(models[name]).scores(data[1].astype(np.float32)).argmax(axis=1)
    assert (found == models[name].predict(data[1])).mean() > 0.998  # ties in single precision
    two = DenseAssociativeClassifier(kind="stored", degree=3)
    two.partial_fit(data[0][data[2] < 2][:40], data[2][data[2] < 2][:40], classes=range(10))  # classes without examples
    assert (attacked_model(two).scores(data[1].astype(np.float32)).argmax(axis=1) == two.predict(data[1])).all()


@pytest.mark.parametrize("kind", ["learned", "stored"])
@pytest.mark.parametrize("degree", [2, 5])
def test_evidence_is_what_a_class_adds_to_the_sum_over_all_memories(data, degree, kind):
    model = DenseAssociativeClassifier(20, kind=kind, degree=degree, max_iter=2, random_state=0)
    model.fit(data[0][:60], data[2][:60])
    inputs = (data[1][:8] - model.mean_) * model.scale_
    network = model.network_.astype(float)
    expected = []
    for v in inputs:
        fields = network.visible @ v + network.class_fields()
        sums = np.maximum(fields, 0) ** degree
        expected.append(np.log([(sums[c] - sums.min(axis=0)).sum() for c in range(len(sums))]))
    np.testing.assert_allclose(attacked_model(model).scores(data[1][:8]), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["dense", "stored", "neighbour"])
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_attacks_stay_in_their_ball_and_gain_with_steps(models, data, norm, name):
    target = attacked_model(models[name])
    inputs, truth = data[1][:60].astype(np.float32), data[3][:60]
    ball = Ball(norm, 0.1 if norm == "linf" else 0.6, *RANGE)
    results = {steps: pgd(target, inputs, truth, ball, steps, restarts=1) for steps in (1, 3, 10, 30)}
    results["fgsm"] = fgsm(target, inputs, truth, ball)
    results["search"] = random_search(target, inputs, truth, ball, 100, (8, 8))
    for found in results.values():
        moved = (found - inputs) / 16
        size = np.abs(moved).max(axis=1) if norm == "linf" else np.linalg.norm(moved, axis=1)
        assert (size <= ball.size * (1 + 1e-5)).all()
        assert found.min() >= RANGE[0]
        assert found.max() <= RANGE[1]
    gains = [target.margins(results[steps], truth).mean() for steps in (1, 3, 10, 30)]
    assert target.margins(inputs, truth).mean() < gains[0]
    assert (np.diff(gains) > -1e-3).all()
    assert gains[-1] >= target.margins(results["fgsm"], truth).mean() - 1e-6
    assert target.margins(results["search"], truth).mean() > target.margins(inputs, truth).mean()


def test_the_best_attack_on_a_linear_model_of_three_classes_is_known():
    random = np.random.default_rng(0)
    inputs = random.uniform(0.3, 0.7, (50, 6))
    model = LogisticRegression(C=100).fit(inputs, np.digitize(inputs[:, 0], [0.43, 0.57]))
    truth = model.predict(inputs)
    target, ball = attacked_model(model), Ball("linf", 0.05, 0.0, 1.0)
    places = np.searchsorted(model.classes_, truth)
    scores = model.decision_function(inputs)
    bounds = np.full(len(inputs), -np.inf)
    for rival in range(len(model.classes_)):
        gap = model.coef_[rival] - model.coef_[places]
        margin = scores[:, rival] - scores[np.arange(50), places] + 0.05 * np.abs(gap).sum(axis=1)
        bounds = np.where(places == rival, bounds, np.maximum(bounds, margin))
    found = target.margins(pgd(target, inputs, places, ball, 40, 1), places)
    assert (found <= bounds + 1e-9).all()
    np.testing.assert_allclose(found, bounds, rtol=0.05, atol=0.05 * np.abs(bounds).max())


def test_robust_accuracy_is_the_worst_of_its_attacks(models, data):
    test = data[1][:40], data[3][:40]
    sizes = (0.2, 0.0, 0.05)
    curves = {
        name: robust_accuracy(
            model, *test, sizes, data_range=RANGE, transfer_from=[models["linear"]], steps=8, queries=40, shape=(8, 8)
        )
        for name, model in models.items()
    }
    for name, curve in curves.items():
        assert curve.sizes.tolist() == [0, 0.05, 0.2]
        assert curve.worst[0] == pytest.approx(models[name].score(*test))
        assert (np.diff(curve.worst) <= 0).all()
        assert all((curve.worst <= one + 1e-12).all() for one in curve.accuracy.values())
    assert curves["linear"].worst[-1] < 0.1
    assert list(curves["dense"].accuracy) == ["fgsm", "pgd", "transfer", "search"]
    assert list(curves["neighbour"].accuracy) == ["fgsm", "pgd", "smoothed", "transfer", "search"]
    unknown = KNeighborsClassifier(3).fit(data[0], data[2])
    black = robust_accuracy(
        unknown, *test, sizes, data_range=RANGE, transfer_from=[models["dense"]], steps=8, queries=40, shape=(8, 8)
    )
    assert list(black.accuracy) == ["transfer", "search"]
    assert black.worst[-1] < black.worst[0]


def along_the_whole_score(model):
    def gradient(inputs, choose):
        found = class_scores(model.network_, np.float32((inputs - model.mean_) * model.scale_))
        return found.scores, input_gradient(model.network_, found, choose(found.scores))

    return AttackedModel(model.classes_, model.decision_function, gradient)


@pytest.mark.parametrize("name", ["stored", "neighbour"])
def test_gradients_find_what_a_long_search_finds(models, data, name):
    """Along the whole score of stored memories, full of what all classes share, they find less."""
    target, ball = attacked_model(models[name]), Ball("linf", 0.2, *RANGE)
    inputs, truth = data[1][:50].astype(np.float32), data[3][:50]

    def standing(found):
        return (target.margins(found, truth) <= 0).mean()

    here = standing(pgd(target, inputs, truth, ball, 20, 2))
    assert here < standing(random_search(target, inputs, truth, ball, 200, (8, 8)))
    if name == "stored":
        assert here < standing(pgd(along_the_whole_score(models[name]), inputs, truth, ball, 20, 2)) - 0.05


def test_what_is_refused(models, data):
    test = data[1][:4], data[3][:4]
    with pytest.raises(InvalidInput, match="norm must be one of"):
        robust_accuracy(models["linear"], *test, [0.1], "l1", data_range=RANGE)
    with pytest.raises(InvalidInput, match="low < high"):
        robust_accuracy(models["linear"], *test, [0.1], data_range=(1, 0))
    with pytest.raises(InvalidInput, match="among those"):
        robust_accuracy(models["linear"], test[0], [10, 11, 12, 13], [0.1], data_range=RANGE)
    with pytest.raises(InvalidInput, match="64 pixels"):
        robust_accuracy(models["linear"], *test, [0.1], data_range=RANGE, shape=(7, 8))
    with pytest.raises(InvalidInput, match="inputs must be finite"):
        robust_accuracy(models["dense"], np.where(test[0] == 0, np.nan, test[0]), test[1], [0.1], data_range=RANGE)
    for given, message in (((0, 1), "must hold the inputs, which reach from 0 to 16"), ((0, np.inf), "finite")):
        with pytest.raises(InvalidInput, match=message):
            robust_accuracy(models["dense"], *test, [0.1], data_range=given)
    with pytest.raises(InvalidInput, match="64 columns, as when fitted, got 60"):
        robust_accuracy(models["dense"], test[0][:, :60], test[1], [0.1], data_range=RANGE)
    with pytest.raises(InvalidInput, match="use inputs"):
        robust_accuracy(models["dense"], sp.csr_array(test[0]), test[1], [0.1], data_range=RANGE)
    with pytest.raises(NotFittedError):
        attacked_model(DenseAssociativeClassifier())
    with pytest.raises(InvalidInput, match="no known gradient"):
        attacked_model(KNeighborsClassifier(3).fit(data[0], data[2])).ascent(*test)


SHORT = {"steps": 5, "restarts": 1, "queries": 10}


@pytest.mark.parametrize("degree", [1, 1.2, 2])
def test_gradients_of_small_degrees_meet_finite_differences(data, degree):
    """Where the weaker field lies below the floor it does not move: at degree 1 both would cancel otherwise."""
    model = DenseAssociativeClassifier(30, degree=degree, max_iter=8, random_state=0).fit(data[0], data[2])
    target, inputs, truth = attacked_model(model), data[1][:20], data[3][:20]
    _, gradient = target.ascent(inputs, truth)
    steps = 1e-5 * np.eye(64)
    numerical = [(target.margins(inputs + e, truth) - target.margins(inputs - e, truth)) / 2e-5 for e in steps]
    assert np.linalg.norm(gradient - np.transpose(numerical)) < 1e-4 * np.linalg.norm(numerical)
    left = robust_accuracy(model, data[1][:60], data[3][:60], 1.0, "l2", data_range=RANGE, steps=20, queries=1)
    assert left.worst[0] < 0.2


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("copies", [1, 2])
def test_nearest_neighbours_of_repeated_and_distant_rows(data, shift, copies):
    rows, classes = np.tile(data[0], (copies, 1)) + shift, np.tile(data[2], copies)
    model, asked = KNeighborsClassifier(1).fit(rows, classes), data[1][:50] + shift
    found = robust_accuracy(model, asked, data[3][:50], [0, 0.1], data_range=(shift, shift + 16), **SHORT)
    plain = robust_accuracy(
        KNeighborsClassifier(1).fit(*data[::2]), data[1][:50], data[3][:50], [0, 0.1], data_range=RANGE, **SHORT
    )
    assert found.worst[0] == model.score(asked, data[3][:50])
    np.testing.assert_allclose(found.worst, plain.worst, atol=0.021)


@pytest.mark.filterwarnings("ignore:the scores that are attacked")
def test_ties_of_all_classes_count_as_the_model_counts_them(data):
    """Stored memories at degree 1 leave many inputs without a difference between the classes."""
    model = DenseAssociativeClassifier(kind="stored", degree=1).fit(data[0], data[2])
    found = robust_accuracy(model, data[1][:100], data[3][:100], 0.0, data_range=RANGE, **SHORT)
    assert found.worst[0] == model.score(data[1][:100], data[3][:100])


def test_two_classes_and_models_with_decisions_only(data):
    few = data[2] < 2
    asked = data[1][data[3] < 2][:30], data[3][data[3] < 2][:30]
    for model in (
        LogisticRegression(max_iter=500),
        MLPClassifier((10,), max_iter=300, random_state=0),
        DenseAssociativeClassifier(10, max_iter=5, random_state=0),
        SVC(),
    ):
        told = pytest.warns(UserWarning, match="only the search") if isinstance(model, SVC) else nullcontext()
        with told:
            found = robust_accuracy(model.fit(data[0][few], data[2][few]), *asked, [0, 0.5], data_range=RANGE, **SHORT)
        assert found.worst[0] == model.score(*asked)
        assert found.worst[1] < found.worst[0]
    target = attacked_model(LogisticRegression(max_iter=500).fit(data[0][few], data[2][few]))
    moved = asked[0] + 1e-4 * target.ascent(*asked)[1]
    assert (target.margins(moved, asked[1]) > target.margins(*asked)).all()


def test_the_attacked_inputs_turn_the_model(models, data):
    asked = data[1][:40], data[3][:40]
    found = robust_accuracy(models["dense"], *asked, [0, 0.2], data_range=RANGE, **SHORT)
    turned = ~np.isin(found.turned_by[1], ["", "mistake"])
    assert turned.any()
    assert (models["dense"].predict(found.inputs[1][turned]) != asked[1][turned]).all()
    assert np.abs(found.inputs[1] - asked[0]).max() <= 0.2 * 16 * (1 + 1e-6)
    assert ((found.turned_by[1] == "").mean()) == found.worst[1]
    assert "40 inputs" in repr(found)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler()], ids=repr)
def test_gradients_go_through_scalers(scaler):
    images, classes = load_digits(return_X_y=True)
    inner = [LogisticRegression(max_iter=500), DenseAssociativeClassifier(10, degree=3, max_iter=2, random_state=0)]
    for last in inner:
        pipeline = make_pipeline(scaler, "passthrough", last).fit(images[:300], classes[:300])
        target = attacked_model(pipeline)
        inputs, truth = images[300:303] + 0.5, classes[300:303]
        _, uphill = target.ascent(inputs, truth)
        step = 1e-4 * np.sign(uphill)
        rise = target.margins(inputs + step, truth) - target.margins(inputs - step, truth)
        np.testing.assert_allclose(rise, 2 * (uphill * step).sum(axis=1), rtol=1e-3)
        assert (target.scores(inputs).argmax(axis=1) == pipeline.predict(inputs)).all()


def test_a_pipeline_that_hides_its_gradient_says_so():
    images, classes = load_digits(return_X_y=True)
    model = make_pipeline(PCA(20), LogisticRegression(max_iter=500)).fit(images[:300], classes[:300])
    with pytest.warns(UserWarning, match="only the search without gradients runs"):
        found = robust_accuracy(model, images[300:320], classes[300:320], [0.0, 0.1], data_range=(0, 16), queries=10)
    assert list(found.accuracy) == ["search"]
    np.testing.assert_allclose(found.radii, [0, 1.6])
    assert "at 0.1 of the range (1.6)" in repr(found)
