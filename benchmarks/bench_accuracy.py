"""Test accuracy, log loss and processor time of the default classifier on images, nothing set.

`python benchmarks/bench_accuracy.py digits` (or mnist5k, or a folder) prints a line for each seed. Digits are split
70/30, MNIST-5k 80/20, both stratified, as in tests/physics/learn/test_classification.py. A folder holds the four files
of MNIST or Fashion-MNIST in their own format; where training images are missing, its test images are split 80/20.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import densehop as dh
from densehop.learn import load, load_idx

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def parts_of(name: str, seed: int) -> Parts:
    """Return training and test images and their classes."""
    share = 0.3 if name == "digits" else 0.2
    if name in {"digits", "mnist5k"}:
        images = load(name)
    else:
        images = load_idx(name, "test")
        training = next(Path(name).glob("train-images*"), None)
        if training is not None and training.stat().st_size > 0:
            train = load_idx(name, "train")
            return train.images, images.images, train.classes, images.classes
    found = train_test_split(images.images, images.classes, test_size=share, stratify=images.classes, random_state=seed)
    return tuple(found)


def main() -> None:
    """Print a line for each seed, and the mean with its standard error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    scores = []
    for seed in range(given.seeds):
        train, test, classes, truth = parts_of(given.data, seed)
        began = time.process_time()
        model = dh.DenseAssociativeClassifier(random_state=seed).fit(train, classes)
        spent = time.process_time() - began
        found = model.predict_proba(test)
        scores.append((model.classes_[found.argmax(axis=1)] == truth).mean())
        print(
            f"seed {seed}: {len(train)} samples, n = {model.degree_:g}, K = {len(model.memories_)}, "
            f"accuracy {scores[-1]:.4f}, log loss {log_loss(truth, found):.4f}, {spent:.1f} s",
            flush=True,
        )
    error = np.std(scores, ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else np.nan
    print(f"{Path(given.data).name}: {np.mean(scores):.4f}({1e4 * error:.0f})")


if __name__ == "__main__":
    main()
