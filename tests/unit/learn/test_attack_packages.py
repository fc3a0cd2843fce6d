"""ART and Foolbox attack through the adapters as strongly as this package's own attacks; skipped without the extra."""

import importlib
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from scipy.special import logsumexp as log_sum_exp
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.tree import DecisionTreeClassifier

from densehop import DenseAssociativeClassifier
from densehop.errors import InvalidInput, MissingPackage
from densehop.learn.attacks.attacked_models import attacked_model
from densehop.learn.attacks.ball import Ball
from densehop.learn.attacks.methods import fgsm, pgd

SIZE, STEPS, N_IMAGES = 0.1, 20, 150


@pytest.fixture(scope="module")
def attacked():
    """A classifier, inputs that it gets right, and their classes."""
    images, classes = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    model = DenseAssociativeClassifier(50, max_iter=10, random_state=0).fit(images[:1000], classes[:1000])
    right = 1000 + np.flatnonzero(model.predict(images[1000:]) == classes[1000:])[:N_IMAGES]
    return model, images[right], classes[right]


@pytest.fixture(scope="module")
def ours(attacked):
    """What this package's attacks leave of the accuracy, by norm and attack."""
    model, images, classes = attacked
    target, found = attacked_model(model), {}
    for norm, size in (("linf", SIZE), ("l2", 4 * SIZE)):
        ball = Ball(norm, size, 0.0, 1.0)
        for name, worst in (
            ("fgsm", fgsm(target, images, classes, ball)),
            ("pgd", pgd(target, images, classes, ball, STEPS, 2)),
        ):
            found[norm, name] = (target.margins(worst, classes) <= 0).mean()
    return found


@pytest.fixture(scope="module")
def art_classifier(attacked, tmp_path_factory):
    """The classifier as ART's; ART writes into the home folder when it is imported, so it gets another one."""
    if find_spec("art") is None:
        pytest.skip("ART is not installed: pip install 'densehop[attacks]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        adapter = importlib.import_module("densehop.learn.attacks.art_adapter")
    return adapter.ArtClassifier(attacked[0], (0.0, 1.0))


@pytest.fixture(scope="module")
def foolbox_adapter():
    if find_spec("foolbox") is None:
        pytest.skip("Foolbox is not installed: pip install 'densehop[attacks]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        return importlib.import_module("densehop.learn.attacks.foolbox_adapter")


def within_error(one, other):
    """Whether two shares of the images are equal up to two standard errors."""
    share = min(max((one + other) / 2, 0.1), 0.9)
    return abs(one - other) <= 2 * np.sqrt(share * (1 - share) / N_IMAGES)


def test_art_is_as_strong(attacked, ours, art_classifier):
    evasion = importlib.import_module("art.attacks.evasion")
    _, images, classes = attacked
    for norm, order, size in (("linf", np.inf, SIZE), ("l2", 2, 4 * SIZE)):
        one_step = evasion.FastGradientMethod(art_classifier, norm=order, eps=size)
        steps = evasion.ProjectedGradientDescentNumpy(
            art_classifier, norm=order, eps=size, eps_step=2.5 * size / STEPS, max_iter=STEPS, verbose=False
        )
        for name, attack in (("fgsm", one_step), ("pgd", steps)):
            found = attack.generate(images, classes)
            assert found.min() >= 0
            assert found.max() <= 1
            assert np.linalg.norm(found - images, order, axis=1).max() <= size * (1 + 1e-5)
            left = (art_classifier.predict(found).argmax(axis=1) == classes).mean()
            assert within_error(left, ours[norm, name]), (norm, name, left)
    assert ours["linf", "pgd"] < 0.9  # the attack does something


def views_of(classifier):
    """The same classifier with the gradient of its cross-entropy, and as one of images of 8 x 8."""

    class CrossEntropy(type(classifier)):
        def compute_loss(self, x, y, **_):
            scores = self.target.scores(x)
            return log_sum_exp(scores, axis=1) - (scores * np.asarray(y)).sum(axis=1)

        def loss_gradient(self, x, y, **_):
            return self.target.gradient(x, lambda scores: softmax(scores, axis=1) - np.asarray(y))[1]

    class Images(type(classifier)):
        channels_first, input_shape = True, (1, 8, 8)

        def predict(self, x, **_):
            return self.target.scores(x.reshape(len(x), -1))

    return (kind(classifier.model, (0.0, 1.0)) for kind in (CrossEntropy, Images))


def test_no_attack_of_an_ensemble_breaks_a_proof(attacked, art_classifier):
    """As AutoAttack: APGD on margin and cross-entropy, DeepFool (near boundaries, as FAB), Square in L-infinity."""
    evasion = importlib.import_module("art.attacks.evasion")
    model, images, classes = attacked[0], attacked[1][:40], attacked[2][:40]
    assert model.class_energy_ == "linear"
    cross_entropy, as_images = views_of(art_classifier)
    square_attack = type("Square", (evasion.SquareAttack,), {"_estimator_requirements": ()})  # it needs no network
    near = evasion.DeepFool(art_classifier, max_iter=20, verbose=False).generate(images) - images
    for norm, order, sizes in (("linf", np.inf, (0.03, 0.08)), ("l2", 2, (0.2, 0.5))):
        radii, lengths = model.certified_radius(images, norm), np.linalg.norm(near, order, axis=1)
        for size in sizes:
            common = {"norm": order, "eps": size, "verbose": False}
            stood = model.predict(images + near * np.minimum(1, size / lengths)[:, None]) == classes
            for classifier in (art_classifier, cross_entropy):
                steps = evasion.AutoProjectedGradientDescent(
                    classifier, eps_step=size / 2, nb_random_init=1, max_iter=20, **common
                )
                stood &= model.predict(steps.generate(images, classes)) == classes
            if order == np.inf:  # ART's L2 squares divide by 0 at this many pixels
                square = square_attack(as_images, max_iter=100, **common)
                moved = square.generate(images.reshape(-1, 1, 8, 8), classes).reshape(len(images), -1)
                stood &= model.predict(moved) == classes
            print(f"{norm} {size}: proved {(radii > size).mean():.3f}, attacked {stood.mean():.3f}")
            assert stood[radii > size * (1 + 1e-5)].all()
        assert 0 < stood.mean() < 1
        assert (radii > sizes[0]).mean() > 0.2


def test_art_asks_for_class_gradients_and_decisions(attacked, art_classifier):
    evasion = importlib.import_module("art.attacks.evasion")
    _, images, classes = attacked
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        near = evasion.DeepFool(art_classifier, max_iter=30, verbose=False).generate(images[:20])
        jump = evasion.HopSkipJump(
            art_classifier, max_iter=2, max_eval=50, init_eval=10, init_size=20, verbose=False
        ).generate(images[:3])
    assert (art_classifier.predict(near).argmax(axis=1) != classes[:20]).mean() > 0.3  # it stalls at black and white
    assert (art_classifier.predict(jump).argmax(axis=1) != classes[:3]).all()


def test_gradients_given_to_art_are_those_of_what_it_is_told(attacked, art_classifier):
    _, images, classes = attacked
    inputs, truth = images[:4].astype(np.float64), classes[:4]
    step = 1e-6 * np.random.default_rng(0).standard_normal(inputs.shape)
    rise = art_classifier.compute_loss(inputs + step, truth) - art_classifier.compute_loss(inputs - step, truth)
    np.testing.assert_allclose((2 * step * art_classifier.loss_gradient(inputs, truth)).sum(axis=1), rise, rtol=1e-4)
    slopes = art_classifier.class_gradient(inputs)
    rises = art_classifier.predict(inputs + step) - art_classifier.predict(inputs - step)
    np.testing.assert_allclose(np.einsum("bcn,bn->bc", slopes, 2 * step), rises, rtol=1e-4, atol=1e-12)
    np.testing.assert_array_equal(art_classifier.class_gradient(inputs, 3), slopes[:, [3]])
    one_hot = np.eye(10)[truth]
    np.testing.assert_array_equal(
        art_classifier.loss_gradient(inputs, one_hot), art_classifier.loss_gradient(inputs, truth)
    )
    assert art_classifier.input_shape == (64,)
    with pytest.raises(InvalidInput, match="fit the model before"):
        art_classifier.fit(inputs, truth)


def test_foolbox_is_as_strong(attacked, ours, foolbox_adapter):
    model, images, classes = attacked
    target = foolbox_adapter.FoolboxModel(model, (0.0, 1.0))
    for norm, size, one_step, steps in (
        ("linf", SIZE, foolbox_adapter.LinfFastGradientAttack, foolbox_adapter.LinfPGD),
        ("l2", 4 * SIZE, foolbox_adapter.L2FastGradientAttack, foolbox_adapter.L2PGD),
    ):
        for name, attack in (
            ("fgsm", one_step(random_start=False)),
            ("pgd", steps(rel_stepsize=2.5 / STEPS, steps=STEPS)),
        ):
            found, _, success = attack(target, images, classes, epsilons=size)
            order = np.inf if norm == "linf" else 2
            assert np.linalg.norm(found - images, order, axis=1).max() <= size * (1 + 1e-5)
            assert (np.asarray(success) == (model.predict(found) != classes)).all()
            assert within_error(1 - np.mean(success), ours[norm, name]), (norm, name, 1 - np.mean(success))


def test_foolbox_attacks_by_decisions_and_refuses_what_it_cannot_differentiate(attacked, foolbox_adapter):
    attacks = importlib.import_module("foolbox.attacks")
    model, images, classes = attacked
    target = foolbox_adapter.FoolboxModel(model, (0.0, 1.0))
    _, found, success = attacks.LinearSearchBlendedUniformNoiseAttack()(target, images[:5], classes[:5], epsilons=None)
    del found
    assert np.all(success)
    with pytest.raises(InvalidInput, match="FoolboxModel"):
        foolbox_adapter.LinfPGD()(target.transform_bounds((-1, 1)), images[:5], classes[:5], epsilons=0.1)


@pytest.mark.parametrize(("adapter", "package"), [("art_adapter", "art"), ("foolbox_adapter", "foolbox")])
def test_a_missing_package_is_named_with_its_extra(adapter, package, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == package] + [package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"densehop.learn.attacks.{adapter}", raising=False)
    with pytest.raises(MissingPackage, match=r"pip install 'densehop\[attacks\]'"):
        importlib.import_module(f"densehop.learn.attacks.{adapter}")


@pytest.mark.parametrize("adapter", ["art_adapter", "foolbox_adapter"])
def test_a_model_without_a_gradient_is_refused(adapter, attacked, request):
    if adapter == "art_adapter":
        request.getfixturevalue("art_classifier")
        make = importlib.import_module("densehop.learn.attacks.art_adapter").ArtClassifier
    else:
        make = request.getfixturevalue("foolbox_adapter").FoolboxModel
    tree = DecisionTreeClassifier().fit(*attacked[1:])
    with pytest.raises(InvalidInput, match="DecisionTreeClassifier has no known gradient"):
        make(tree, (0.0, 1.0))
