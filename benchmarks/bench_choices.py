"""Print what the choices of docs/your-own-data.md are worth: interaction, sharpness, degree, number of memories.

One run each, with without errors over seeds: read differences of a percent as none.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import densehop as dh
from densehop.learn.memory.interactions import Interaction
from densehop.learn.survival import predicted_room

Floats = npt.NDArray[np.float64]


def timed(call: Callable[[], Floats], n_rows: int) -> tuple[Floats, float]:
    """Return a result and the time in microseconds a row, of the second call."""
    call()
    start = time.perf_counter()
    found = call()
    return found, (time.perf_counter() - start) / n_rows * 1e6


def images() -> None:
    """Digits, 500 stored: half the pixels hidden, or all disturbed."""
    greys = load_digits().data[:500]
    random = np.random.default_rng(0)
    black = np.where(greys > 8, 16.0, 0.0)
    hidden, wrong = random.random(greys.shape) < 0.5, random.random(greys.shape) < 0.2
    print("digits, 500 stored, black and white: wrong pixels with half hidden, with 20% inverted, time an image")
    for name, memory in (
        ("exponential", dh.DenseAssociativeMemory()),
        ("attention, one step", dh.DenseAssociativeMemory("attention", beta=np.log(4) / 2, max_steps=1)),
        ("rectified, degree 30", dh.DenseAssociativeMemory("rectified", degree=30)),
        ("strict, p = 3", dh.DenseAssociativeMemory("strict", degree=3)),
    ):
        memory.fit(black)
        found, cost = timed(lambda memory=memory: memory.restore(np.where(hidden, np.nan, black)), 500)  # type: ignore[misc]
        first = ((found > 8) != (black > 8))[hidden].mean()
        second = ((memory.transform(np.where(wrong, 16 - black, black)) > 8) != (black > 8)).mean()
        print(f"  {name:22}{first:8.3f}{second:8.3f}{cost:8.0f} us")
    print("digits in grey: root mean square error, share of the range, half hidden / noise of a fifth on all pixels")
    noisy = np.clip(greys + random.normal(0, 3.2, greys.shape), 0, 16)
    chosen = dh.DenseAssociativeMemory().fit(greys).beta_
    for factor in (0.02, 0.1, 1.0, 10.0):
        for steps in (100, 1):
            memory = dh.DenseAssociativeMemory("attention", beta=chosen * factor, max_steps=steps).fit(greys)
            moved = [(memory.restore(np.where(hidden, np.nan, greys)) - greys)[hidden], memory.transform(noisy) - greys]
            errors = [np.sqrt((one**2).mean()) / 16 for one in moved]
            print(f"  beta {factor:5g} x default, {steps:3} steps at most{errors[0]:8.3f}{errors[1]:8.3f}")


def codes() -> None:
    """Random codes: how many fit, and what comes back."""
    print(
        "random codes of 256 bits, 10% flipped: how many fit so that 95% survive (overlap 0.95; theory), and of 5,000"
    )
    print("the share that survives, the share with every bit right, the time of a query")
    random = np.random.default_rng(1)
    stored = random.choice([-1.0, 1.0], (5000, 256))
    asked = np.where(random.random((500, 256)) < 0.1, -stored[:500], stored[:500])
    for name, degree in (("strict", 2), ("strict", 3), ("strict", 4), ("rectified", 4), ("exponential", 2)):
        room = predicted_room(Interaction(name, degree, np.log(9) / 2, 256), 0, 0.1, 0.95)
        memory = dh.DenseAssociativeMemory(name, degree=degree).fit(stored)
        found, cost = timed(lambda memory=memory: memory.transform(asked), 500)  # type: ignore[misc]
        shown = f"{name}" + ("" if name == "exponential" else f", {degree}")
        overlaps = (found * stored[:500]).mean(axis=1)
        print(f"  {shown:22}{room:12.3g}{(overlaps >= 0.95).mean():8.2f}{(overlaps == 1).mean():8.2f}{cost:8.0f} us")


def classify(name: str, data: Floats, classes: npt.NDArray[np.int64], settings: list[dict[str, Any]]) -> None:
    """Print accuracy and time to fit for each setting."""
    parts = train_test_split(data, classes, test_size=0.3, stratify=classes, random_state=0)
    print(f"{name}: accuracy on 30%, time to fit, what was chosen")
    for setting in settings:
        model = dh.DenseAssociativeClassifier(random_state=0, **setting)
        start = time.perf_counter()
        model.fit(parts[0], parts[2])
        took = time.perf_counter() - start
        shown = ", ".join(f"{key}={value}" for key, value in setting.items()) or "nothing set"
        chosen = f"degree {model.degree_:g}, noise {getattr(model, 'input_noise_', 0):.2g}"
        print(f"  {shown:34}{model.score(parts[1], parts[3]):8.3f}{took:8.1f} s   {chosen}")


def main() -> None:
    """Print everything."""
    warnings.simplefilter("ignore")
    images()
    codes()
    digits = load_digits()
    memories: list[dict[str, Any]] = [{"n_memories": number, "degree": 10} for number in (10, 30, 100, 300)]
    degrees: list[dict[str, Any]] = [{"degree": degree} for degree in (2, 30)]
    classify("digits", digits.data, digits.target, [{}, *memories, *degrees, {"kind": "stored"}])


if __name__ == "__main__":
    main()
