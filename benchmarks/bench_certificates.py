"""Proved and attacked accuracy of classifiers: the default, stored ones, and those trained for certificates.

`python benchmarks/bench_certificates.py DATA --radius R` with DATA as `densehop classify` takes it (digits, mnist5k or
a folder with IDX files); pixels are divided by the largest. Prints clean accuracy, and accuracy that is proved and that
the worst attack leaves, at each size and norm, over seeds; `--picture FILE` draws the curves of the first seed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from densehop import DenseAssociativeClassifier
from densehop.base.arrays import Floats
from densehop.learn.attacks.robustness import robust_accuracy
from densehop.learn.data.datasets import load
from densehop.plot.images import robustness_curves
from densehop.plot.style import encode

NORMS = {"l2": "L2", "linf": "L-infinity"}


def models(radius: float, norm: str, epochs: int, seed: int) -> dict[str, DenseAssociativeClassifier]:
    """Return unfitted classifiers by name."""
    return {
        "learned, rectified": DenseAssociativeClassifier(random_state=seed),
        "stored, rectified": DenseAssociativeClassifier(kind="stored"),
        "stored, exponential": DenseAssociativeClassifier(interaction="exponential", kind="stored"),
        "learned, exponential": DenseAssociativeClassifier(
            interaction="exponential", max_iter=epochs, random_state=seed
        ),
        "certified": DenseAssociativeClassifier(
            objective="certified", radius=radius, norm=norm, max_iter=epochs, random_state=seed
        ),
    }


def main() -> None:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--radius", type=float, default=1.58)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.5, 1.0, 1.58, 2.0])
    parser.add_argument("--norm", default="l2")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--train", type=int, default=None, help="training images; default: all but the tested ones")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=list(models(1.0, "l2", 1, 0)))
    parser.add_argument("--picture", type=Path)
    chosen = parser.parse_args()
    images = load(chosen.data)
    data, sizes = images.images / images.largest, np.array(chosen.sizes)
    found: dict[str, list[tuple[float, Floats, Floats, float]]] = {}
    for seed in range(chosen.seeds):
        train, test, classes, truth = train_test_split(
            data, images.classes, test_size=chosen.images, train_size=chosen.train, stratify=images.classes,
            random_state=seed,
        )  # fmt: skip
        for name in chosen.models:
            model = models(chosen.radius, chosen.norm, chosen.epochs, seed)[name]
            start = time.perf_counter()
            model.fit(train, classes)
            fitted = time.perf_counter() - start
            right, radii = model.predict(test) == truth, model.certified_radius(test, chosen.norm)
            proved = np.array([(right & (radii > size)).mean() for size in sizes])
            curve = robust_accuracy(
                model, test, truth, chosen.sizes, chosen.norm, data_range=(0.0, 1.0), steps=40, restarts=1, queries=100
            )
            assert (proved <= curve.worst).all(), "a proof was broken"
            found.setdefault(name, []).append((float(right.mean()), proved, curve.worst, fitted))
            print(f"seed {seed}, {name}: {right.mean():.4f}, proved {proved}, attacked {curve.worst}", flush=True)
    print(f"| {images.name}, {chosen.norm} | clean | " + " | ".join(f"{size:g}" for size in sizes) + " | fit |")
    print("| --- | --- |" + " --- |" * len(sizes) + " --- |")
    for name, rows in found.items():
        pairs = [
            f"{p:.3f} / {w:.3f}"
            for p, w in zip(*(np.mean([np.asarray(r[i]) for r in rows], axis=0) for i in (1, 2)), strict=True)
        ]
        clean, seconds = np.mean([row[0] for row in rows]), np.mean([row[3] for row in rows])
        print(f"| {name} | {clean:.4f} | " + " | ".join(pairs) + f" | {seconds:.1f} s |")
    if chosen.picture:
        draw(chosen.picture, found, sizes, chosen.images, f"size of the perturbation, {NORMS[chosen.norm]}")


def draw(
    path: Path, found: dict[str, list[tuple[float, Floats, Floats, float]]], sizes: Floats, n_images: int, label: str
) -> None:
    """Draw proved and attacked accuracy against size."""
    curves = []
    for name in ("certified", "stored, exponential"):
        clean, proved, attacked, _ = found[name][0]
        for kind, shares in (("proved", proved), ("attacked", attacked)):
            whole = np.array([clean, *shares])
            curves.append((f"{name}: {kind}", np.array([0, *sizes]), whole, np.sqrt(whole * (1 - whole) / n_images)))
    path.write_bytes(encode(robustness_curves(curves, label, ""))[".png"])


if __name__ == "__main__":
    main()
