"""Class values to first order: scores, gradients, what is chosen, and proofs."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_moons
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.attacks.attacked_models import attacked_model
from densehop.learn.attacks.robustness import robust_accuracy
from densehop.learn.certificates.roots import last_positive
from densehop.learn.classifier import linear_learner
from densehop.learn.classifier.linear_blocks import Block, Blocks
from densehop.learn.classifier.linear_scores import LinearMemories
from densehop.learn.classifier.losses import CrossEntropy
from densehop.learn.classifier.parameters import epochs_of
from densehop.learn.classifier.scores import Memories, class_scores


def random_memories(degree, k=6, n=5, c=3, size=1.0):
    random = np.random.default_rng(0)
    parts = random.normal(size=(k, n)), random.normal(size=k), size * random.normal(size=(k, c)), random.normal(size=c)
    return LinearMemories(*parts, degree), random


@pytest.fixture(scope="module")
def digits():
    images, classes = load_digits(return_X_y=True)
    return train_test_split(images / 16, classes, test_size=0.3, stratify=classes, random_state=0)


@pytest.fixture(scope="module")
def fitted(digits):
    return DenseAssociativeClassifier(random_state=0).fit(digits[0], digits[2])


@pytest.mark.parametrize("degree", [2, 3, 7.5])
def test_scores_are_what_small_class_units_change_in_the_energy(degree):
    """exp(score) of the exact energy is sum F(h + a_c); its differences between classes are those of 2 zeta F'(h)."""
    network, random = random_memories(degree, size=1e-6)
    inputs = random.normal(size=(4, 5))
    with_bias = np.hstack([network.visible, network.biases[:, None]])
    exact = Memories(with_bias, network.labels / 2, degree, 1e-12)
    energies = np.exp(class_scores(exact, np.hstack([inputs, np.ones((4, 1))])).scores)
    found = network.scores(inputs) - network.thresholds
    np.testing.assert_allclose(found[:, 1:] - found[:, :1], energies[:, 1:] - energies[:, :1], rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("degree", [2, 3, 7.5])
def test_the_gradient_by_inputs_meets_finite_differences(degree):
    network, random = random_memories(degree)
    inputs, upstream = random.normal(size=(4, 5)), random.normal(size=(4, 3))
    found = network.input_gradient(inputs, upstream)
    for place in range(5):
        step = 1e-6 * np.eye(5)[place]
        rise = (network.scores(inputs + step) - network.scores(inputs - step)) / 2e-6
        np.testing.assert_allclose(found[:, place], (rise * upstream).sum(axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("degree", [2, 3, 5])
def test_training_descends_along_the_gradient(digits, degree):
    """The gradients that Adam gets are those of the loss, by differences in double precision, without dropout."""
    model = DenseAssociativeClassifier(8, class_energy="linear", degree=degree, inverse_temperature=1.0, max_iter=2)
    learner = model.set_params(random_state=0, input_noise=0.0).fit(digits[0], digits[2])._learner
    learner.dropout, trainer = 0.0, learner.trainer
    trainer.arrays = [array.astype(np.float64) for array in trainer.arrays]
    inputs, classes = model._scaling.apply(digits[1][:20], np.float64), digits[3][:20]
    caught = []
    trainer.adam.step = lambda _arrays, gradients, *_: caught.append(gradients)
    trainer.batch_size = 20
    learner.epoch(inputs, classes, None, 1.0, 0.0, iter([0.0]), np.random.default_rng(0))
    loss = CrossEntropy(1.0, 0.05)
    for array, gradient in zip(trainer.arrays, caught[0], strict=True):
        for index in {np.unravel_index(flat, array.shape) for flat in (0, array.size // 2, array.size - 1)}:
            kept, values = array[index], []
            for moved in (kept + 1e-6, kept - 1e-6):
                array[index] = moved
                values.append(loss(learner.network.scores(inputs), classes)[0])
            array[index] = kept
            assert gradient[index] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-7)


def test_any_number_of_threads_trains_the_same_memories(monkeypatch):
    """1,200 memories are three blocks; two epochs on one thread, on two and on three."""
    monkeypatch.setattr(linear_learner, "LEAST_WORK", 0)
    rows = np.random.default_rng(0).normal(size=(400, 5)).astype(np.float32)
    classes = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    model = DenseAssociativeClassifier(1200, class_energy="linear", degree=3, inverse_temperature=1.0, random_state=0)
    model.set_params(max_iter=2, input_noise=0.1)
    networks = [deepcopy(model).set_params(n_jobs=n_jobs).fit(rows, classes).network_ for n_jobs in (1, 2, 3)]
    for other in networks[1:]:
        for name in ("visible", "biases", "labels", "thresholds"):
            assert (getattr(other, name) == getattr(networks[0], name)).all()


def test_blocks_add_up_to_the_gradient_of_all_memories():
    """Beside one block of them all, without dropout; each block drops the share that it is told."""
    network, random = random_memories(3, k=7)
    values, inputs = (network.visible, network.biases, network.labels), random.normal(size=(4, 5))
    every = Block(*values, 3.0, 0, random)
    parts = [Block(*(value[part] for value in values), 3.0, 0, random) for part in (slice(0, 3), slice(3, 7))]
    scores = sum(part.scores(inputs) for part in parts)
    np.testing.assert_allclose(scores, every.scores(inputs))
    np.testing.assert_allclose(scores + network.thresholds, network.scores(inputs))
    upstream = random.normal(size=scores.shape)
    found = zip(*(part.gradients(inputs, upstream) for part in parts), strict=True)
    for expected, pieces in zip(every.gradients(inputs, upstream), found, strict=True):
        np.testing.assert_allclose(np.concatenate(pieces), expected)
    every.dropped = 64
    every.scores(np.ones((20_000, 5)))
    assert (every.fields == 0).mean() == pytest.approx(0.25, abs=0.01)  # of 140,000, three standard errors are 0.004


def test_inputs_are_moved_to_where_their_loss_rises_fastest():
    """Beside 300 random directions; nowhere where no memory has a field."""
    network, random = random_memories(3, k=7, size=0.1)
    values, classes = (network.visible, network.biases, network.labels), np.array([0, 2, 1, 0])
    parts = [Block(*(value[part] for value in values), 3.0, 0, random) for part in (slice(0, 3), slice(3, 7))]
    blocks = Blocks(parts, network.thresholds, np.zeros(1), CrossEntropy(1.0, 0.05))
    inputs = random.normal(size=(4, 5))
    uphill = blocks.uphill(inputs, classes)
    np.testing.assert_allclose(np.linalg.norm(uphill, axis=1), 1)

    def losses(moved):
        return np.array([blocks.loss(network.scores(moved[i : i + 1]), classes[i : i + 1])[0] for i in range(4)])

    steepest = losses(inputs + 1e-4 * uphill)
    for directions in random.normal(size=(300, 4, 5)):
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        assert (losses(inputs + 1e-4 * directions / lengths) < steepest).all()
    network.biases[...] = -1e3
    assert not blocks.uphill(inputs, classes).any()


def test_given_noise_takes_the_place_of_moving_inputs(digits):
    """The default moves by a twentieth of the distance between classes, in the units of the network."""
    inputs, classes = digits[0][:200], digits[2][:200]
    model = DenseAssociativeClassifier(100, class_energy="linear", degree=2, inverse_temperature=1.0, max_iter=1)
    squares = ((2 * inputs[:, None] - 2 * inputs) ** 2).sum(axis=2)
    squares[classes[:, None] == classes] = np.inf
    distance = np.median(np.sqrt(squares.min(axis=1)))
    model.fit(inputs, classes)
    assert (model.input_noise_, model._learner.radius) == (0, pytest.approx(distance / 20, rel=1e-5))
    model.set_params(input_noise=0.2).fit(inputs, classes)
    assert (model.input_noise_, model._learner.radius) == (0.2, 0)


@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_digits_are_told_as_well_as_by_a_support_vector_machine(fitted, digits):
    assert fitted.class_energy_ == "linear"
    assert fitted.score(digits[1], digits[3]) > 0.98
    assert log_loss(digits[3], fitted.predict_proba(digits[1])) < 0.08


@pytest.mark.filterwarnings("ignore:1 of 540 rows")  # which lies a little further out than those of training
def test_the_temperature_of_probabilities_is_chosen_on_what_is_held_out(fitted, digits):
    """Smoothed labels make the training's own probabilities too timid."""
    assert fitted.inverse_temperature_ > 1
    plain = deepcopy(fitted).set_params(inverse_temperature=1.0)
    assert log_loss(digits[3], fitted.predict_proba(digits[1])) < log_loss(digits[3], plain.predict_proba(digits[1]))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("degree", [2, 3, 6])
def test_no_perturbation_within_the_radius_changes_the_decision(degree, seed):
    """Nine sets of memories, 15 inputs, two norms, 200 random and 40 climbing perturbations each: 65,000."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(90, 4))
    classes = (rows[:, 0] + rows[:, 1] ** 2 > 0.8).astype(int) + (rows[:, 2] > 1)
    model = DenseAssociativeClassifier(12, class_energy="linear", degree=degree, max_iter=20, random_state=0)
    inputs = model.fit(rows, classes) and rows[:15]
    target, decisions = attacked_model(model), model.predict(inputs)
    for norm in ("l2", "linf"):
        radii = model.certified_radius(inputs, norm)
        assert (radii > 0.01).sum() > 7
        for x, radius, decision in zip(inputs, radii, decisions, strict=True):
            steps = random.normal(size=(200, 4))
            sizes = np.abs(steps).max(axis=1) if norm == "linf" else np.linalg.norm(steps, axis=1)
            tried = [x + radius * steps / sizes[:, None]]
            moved = x[None]
            for _ in range(40):
                uphill = target.ascent(moved, np.array([np.searchsorted(model.classes_, decision)]))[1]
                if norm == "linf":
                    moved = np.clip(moved + 0.2 * radius * np.sign(uphill), x - radius, x + radius)
                else:
                    change = moved + 0.2 * radius * uphill / max(np.linalg.norm(uphill), 1e-300) - x
                    moved = x + change * min(1, radius / max(np.linalg.norm(change), 1e-300))
                tried.append(moved)
            tried = x + (np.vstack(tried) - x) * (1 - 1e-9)
            assert (model.predict(tried) == decision).all()


def test_roots_are_approached_from_where_functions_are_positive():
    """Against closed forms: 1 - x/r, cubes, a step, and guesses on either side of the root or far out."""
    roots = np.array([0.3, 0.7, 2.5, 1e-6, 1.9])
    kinds = [lambda x, r: 1 - x / r, lambda x, r: 1 - (x / r) ** 3, lambda x, r: np.where(x < r, 1.0, -np.inf)]
    for guess in (0.1, 1.0, 50.0):
        for function in kinds:

            def gap(places, which, function=function):
                return function(places, roots[which])

            every, ends = np.arange(5), np.full(5, 3.0)
            found = last_positive(gap, gap(np.zeros(5), every), ends, gap(ends, every), guess * roots)
            assert (gap(found, every) > 0).all()
            np.testing.assert_allclose(found, roots, rtol=1e-3)


def test_one_memory_that_decides_is_certified_nearly_exactly():
    """f = 2 max(x, 0) against a threshold of 1: the boundary is at x = 1/2, where the drive is straight."""
    model = DenseAssociativeClassifier(1, class_energy="linear", degree=2, max_iter=1, inverse_temperature=1.0)
    model.fit([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [0, 1, 1, 0])
    values = [[[1.0, 0.0]], [0.0], [[0.0, 1.0]], [1.0, 0.0], [0.0]]
    model._learner.trainer.arrays = [np.array(value, dtype=np.float64) for value in values]
    model._learner.gain = 1.0
    np.testing.assert_allclose(model.certified_radius([[2.0, 0.3], [0.9, -0.2]]), [1.5, 0.4], rtol=1e-3)
    np.testing.assert_allclose(model.certified_radius([[2.0, 0.3]], "linf"), 1.5, rtol=1e-3)


@pytest.mark.parametrize(("degree", "unit", "factor"), [(10, 4.8e3, 1.0), (3, 3.3e13, 1e9), (3, 1e-14, 1e-20)])
def test_nothing_is_proved_where_single_precision_overflows_or_vanishes(degree, unit, factor):
    """The scores of two opposite memories are nearly infinite, or 0, in the precision of the inputs alone."""
    model = DenseAssociativeClassifier(2, class_energy="linear", degree=degree, max_iter=1, inverse_temperature=factor)
    model.fit([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [0, 1, 1, 0])
    values = [[[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [[-1.0, 1.0], [1.0, -1.0]], [0.0, 0.0], [0.0]]
    model._learner.trainer.arrays = [np.array(value) for value in values]
    model._learner.gain = 1.0
    inputs = unit * np.array([[3.0, 1.0]])
    assert 0.3 * unit < model.certified_radius(inputs)[0] < unit * np.sqrt(2)  # looser at large degrees
    assert not model.certified_radius(inputs.astype(np.float32)).any()
    if unit > 1:
        with pytest.raises(InvalidInput, match="scores of 1 of 2 rows leave the range of float32: row 1 holds values"):
            model.predict(np.vstack([inputs, 10 * inputs]).astype(np.float32))


def test_certified_accuracy_is_at_most_the_attacked_one(fitted, digits):
    images, classes, sizes = digits[1][:60], digits[3][:60], [0.2, 0.4, 0.8]
    right, radii = fitted.predict(images) == classes, fitted.certified_radius(images)
    curve = robust_accuracy(fitted, images, classes, sizes, "l2", data_range=(0.0, 1.0), steps=20, restarts=1)
    for size, inputs, worst in zip(sizes, curve.inputs, curve.worst, strict=True):
        proved = right & (radii > size)
        assert (fitted.predict(inputs) == classes)[proved].all()
        assert proved.mean() <= worst
    assert (right & (radii > sizes[0])).mean() > 0.3


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_energy": "quadratic"}, "class_energy must be one of 'exact', 'linear'"),
        ({"class_energy": "linear", "kind": "stored"}, "class_energy='linear' is of learned rectified memories"),
        ({"class_energy": "linear", "interaction": "exponential"}, "class_energy='linear' is of learned"),
        ({"class_energy": "linear", "loss": "published"}, "class_energy='linear' is of learned"),
        ({"class_energy": "linear", "degree": 1.5}, "needs a degree of at least 2, got 1.5"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(parameters, message):
    with pytest.raises(InvalidInput, match=message):
        DenseAssociativeClassifier(**parameters).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(("n_samples", "epochs"), [(100, 40), (3_000, 40), (4_000, 30), (8_000, 15), (60_000, 15)])
def test_fewer_epochs_do_for_more_samples(n_samples, epochs):
    """As the docstring says; those of the exact energy stay."""
    model = DenseAssociativeClassifier()
    assert epochs_of(model, n_samples, linear=True) == epochs
    assert epochs_of(model, n_samples, linear=False) == 60


def test_a_given_degree_means_the_exact_energy():
    rows = make_moons(120, noise=0.15, random_state=0)
    assert DenseAssociativeClassifier(degree=5, max_iter=1).fit(*rows).class_energy_ == "exact"
    both = DenseAssociativeClassifier(degree=5, class_energy="linear", max_iter=1).fit(*rows)
    assert (both.class_energy_, both.degree_) == ("linear", 5)


def test_flips_of_data_without_two_values_are_refused():
    model = DenseAssociativeClassifier(2, class_energy="linear", max_iter=1).fit(np.ones((4, 3)), [0, 1, 0, 1])
    with pytest.raises(InvalidInput, match="norm='flips' needs training data of two values, here all are 1"):
        model.certified_radius(np.ones((1, 3)), "flips")
