"""What is proved of a classifier of digits, and what attacks find: for each test digit and each size of a change."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from densehop.learn.attacks.robustness import robust_accuracy
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.data.datasets import load_small_digits

CLASSIFIERS = {"stored": "every training digit stored", "certified": "trained for proofs"}
TRAINED_RADIUS, EPOCHS = 0.6, 10
N_TESTED, TEST_SHARE, SEED = 100, 0.3, 0
LARGEST, STEP = 1.2, 0.1  # sizes, L2; a pixel goes from 0 to 1
STEPS, QUERIES = 30, 100  # of the attacks


@dataclass(frozen=True)
class Asked:
    """Which classifier is tested."""

    kind: str = "stored"


def sizes() -> list[float]:
    """Return the sizes that are attacked."""
    return [round(STEP * step, 10) for step in range(round(LARGEST / STEP) + 1)]


def certificates(tested: Asked) -> xr.Dataset:
    """Return radii that are proved, and attacked digits, for an exponential classifier of held-out digits.

    Returns
    -------
    xarray.Dataset
        `digit` (image, pixel) and its `true` class; `decision` of the classifier; `radius` up to which it provably
        stays; over `size`, whether an attack has turned it (`turned`), the `attacked` digits and what is decided on
        them (`attacked_decision`).
    """
    data = load_small_digits()
    order = np.random.default_rng(SEED).permutation(len(data.images))
    images, classes = data.images[order] / data.largest, data.classes[order]
    test, test_classes = images[:N_TESTED], classes[:N_TESTED]
    first = round(TEST_SHARE * len(images))
    model = _classifier(tested.kind).fit(images[first:], classes[first:])
    attacked = robust_accuracy(
        model,
        test,
        test_classes,
        sizes(),
        "l2",
        data_range=(0.0, 1.0),
        steps=STEPS,
        restarts=1,
        queries=QUERIES,
        shape=data.shape,
        seed=SEED,
    )
    inputs = np.asarray(attacked.inputs, dtype=np.float64)
    return xr.Dataset(
        {
            "digit": (("image", "pixel"), test),
            "true": ("image", test_classes),
            "decision": ("image", model.predict(test)),
            "radius": ("image", model.certified_radius(test)),
            "turned": (("size", "image"), attacked.turned_by != ""),
            "attacked": (("size", "image", "pixel"), inputs),
            "attacked_decision": (
                ("size", "image"),
                model.predict(inputs.reshape(-1, inputs.shape[2])).reshape(inputs.shape[:2]),
            ),
        },
        {"size": attacked.sizes},
        {"classifier": tested.kind},
    )


def _classifier(kind: str) -> DenseAssociativeClassifier:
    """Return the classifier, not yet fitted."""
    if kind == "stored":
        return DenseAssociativeClassifier(interaction="exponential", kind="stored")
    return DenseAssociativeClassifier(objective="certified", radius=TRAINED_RADIUS, max_iter=EPOCHS, random_state=SEED)


def shares(found: xr.Dataset) -> xr.Dataset:
    """Return for each size the share of digits that are right and proved, and that no attack has turned."""
    right = found["decision"] == found["true"]
    return xr.Dataset(
        {
            "proved": (right & (found["radius"] > found["size"])).mean("image"),
            "stands": (~found["turned"]).mean("image"),
        }
    )


CODE = """import numpy as np
import densehop as dh
from densehop.apps.explorer.compute.certificates import Asked, certificates, shares

found = certificates(Asked({kind!r}))  # `certified_radius` and `robust_accuracy` of a DenseAssociativeClassifier
print(shares(found).sel(size={size!r}, method="nearest"))
"""


def python_code(tested: Asked, size: float) -> str:
    """Return Python code that prints the shares at a size."""
    return CODE.format(kind=tested.kind, size=size)
