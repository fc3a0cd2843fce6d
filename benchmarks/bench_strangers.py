"""How many images that are none of the classes the default classifier is sure of, nothing set.

`python benchmarks/bench_strangers.py digits --fashion FOLDER` (or mnist5k) prints, for a thousand images of each kind,
how many get a probability above 0.9, and how many are made more than half even; accuracy and log loss on test images.
FOLDER holds the files of Fashion-MNIST. Letters are those of Matplotlib's fonts. `--plain` shows it without the
distance to the training rows.
"""

import argparse
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from densehop import DenseAssociativeClassifier
from densehop.learn import load, load_idx
from densehop.learn.classifier.nearness import Nearness

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYabdefhkmnqrtuwy"  # that are no digits upside down or mirrored
N_IMAGES, SIDE = 1000, 28


def letters(random: np.random.Generator) -> np.ndarray:
    """Return images of letters, slightly turned, of values 0 to 255, (1000, 784)."""
    fonts = sorted((Path(mpl.get_data_path()) / "fonts" / "ttf").glob("DejaVuS*.ttf"))
    found = []
    for _ in range(N_IMAGES):
        page, font = Image.new("L", (SIDE, SIDE)), ImageFont.truetype(str(fonts[random.integers(len(fonts))]), 20)
        ImageDraw.Draw(page).text((SIDE / 2, SIDE / 2), random.choice(list(LETTERS)), 255, font, anchor="mm")
        found.append(np.asarray(page.rotate(random.normal(0, 8)), dtype=np.float64).ravel())
    return np.array(found)


def fitting(images: np.ndarray, width: int, largest: float) -> np.ndarray:
    """Return images of 28 x 28 pixels of 0 to 255 on another range, averaged to 8 x 8 where that is the width."""
    if width == SIDE**2:
        return images * largest / 255
    padded = np.pad(images.reshape(-1, SIDE, SIDE), ((0, 0), (2, 2), (2, 2)))
    averaged: np.ndarray = padded.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(-1, width)
    return averaged * largest / 255


def strangers(test: np.ndarray, largest: float, fashion: str | None) -> dict[str, np.ndarray]:
    """Return images that are none of the classes, by kind."""
    random, width = np.random.default_rng(0), test.shape[1]
    some = test[random.choice(len(test), N_IMAGES)]
    side = int(np.sqrt(width))
    found = {
        "inverted": largest - some,
        "turned by a right angle": np.rot90(some.reshape(-1, side, side), axes=(1, 2)).reshape(-1, width),
        "letters": fitting(letters(random), width, largest),
        "pixels shuffled": random.permuted(some, axis=1),
        "noise": random.uniform(0, largest, some.shape),
        "means of two": (some + random.permutation(some)) / 2,
    }
    if fashion is not None:
        found["Fashion-MNIST"] = fitting(load_idx(fashion, "test").images[:N_IMAGES].astype(float), width, largest)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--fashion", help="folder with the files of Fashion-MNIST")
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    images = load(given.data)
    train, test, classes, truth = train_test_split(
        images.images, images.classes, test_size=0.3 if given.data == "digits" else 0.2, stratify=images.classes,
        random_state=0,
    )  # fmt: skip
    model = DenseAssociativeClassifier(random_state=0).fit(train, classes)
    if given.plain:
        model._nearness = Nearness(model._nearness.rows, np.inf)
    print("| images | of them | sure (above 0.9) | made more than half even |\n| --- | --- | --- | --- |")
    for name, asked in {"test": test, **strangers(test, images.largest, given.fashion)}.items():
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = model.predict_proba(asked)
        counted = str(told[0].message).rsplit("those of ", 1)[1].split()[0] if told else "0"
        print(f"| {name} | {len(asked)} | {(found.max(axis=1) > 0.9).sum()} | {counted} |", flush=True)
        if name == "test":
            told_right = f"accuracy {model.score(test, truth):.4f}, log loss {log_loss(truth, found):.4f}"
    print(f"{images.name}, test images: {told_right}")


if __name__ == "__main__":
    main()
