"""Proved and attacked accuracy of classifiers: the default, stored ones, and those trained for certificates.

`python benchmarks/bench_certificates.py DATA --radius R` with DATA as `densehop classify` takes it (digits, mnist5k or
a folder with IDX files); pixels are divided by the largest. Prints clean accuracy, accuracy that is proved and that
the worst attack leaves at each size and norm, with standard errors over seeds; what lies between both is measured on
the first `--attacked` images and added to what is proved. Then the median over images of the certified radius over the
smallest perturbation found, and times. No proof may be broken, image by image. `--picture FILE` draws both exponential
ones, means over seeds. The model "certified in L2" is trained in L2, whatever the norm of the table. `--linf` and
`--box` add columns, of the first `--further` images: sizes in L-infinity, and those of the table for perturbations that
leave pixels within [0, 1]. `--shifts N` trains on N more copies of each image of 28 x 28, shifted by up to a pixel.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from densehop import DenseAssociativeClassifier
from densehop.base.arrays import Floats
from densehop.learn.attacks.robustness import Robustness, robust_accuracy
from densehop.learn.data.datasets import load, load_idx
from densehop.plot.images import robustness_curves
from densehop.plot.style import encode

NORMS = {"l2": "L2", "linf": "L-infinity"}
FURTHER = 1.5  # times the largest size, that is attacked as well
HALVINGS = 12  # towards the boundary, on the line to an input that was turned


@dataclass(frozen=True)
class Found:
    """What one model of one seed showed; shares (S,) at the sizes, `ratios` of the images that were turned."""

    clean: float
    proved: Floats
    attacked: Floats
    ratios: Floats
    fit: float
    proof: float  # milliseconds an image
    further: dict[str, float]  # shares proved of further columns


def models(
    radius: float, norm: str, radius_l2: float, epochs: int | None, seed: int
) -> dict[str, DenseAssociativeClassifier]:
    """Return unfitted classifiers by name."""
    return {
        "default": DenseAssociativeClassifier(random_state=seed),
        "stored, rectified": DenseAssociativeClassifier(kind="stored"),
        "stored, exponential": DenseAssociativeClassifier(interaction="exponential", kind="stored"),
        "learned, exponential": DenseAssociativeClassifier(
            interaction="exponential", max_iter=epochs, random_state=seed
        ),
        "certified": DenseAssociativeClassifier(
            objective="certified", radius=radius, norm=norm, max_iter=epochs, random_state=seed
        ),
        "certified in L2": DenseAssociativeClassifier(
            objective="certified", radius=radius_l2, max_iter=epochs, random_state=seed
        ),
    }


def parts_of(name: str, n_train: int | None, n_test: int, seed: int) -> list[np.ndarray]:
    """Return training and test images in [0, 1] and their classes; of a folder, test images are those of its test."""
    if Path(name).is_dir():
        sets, random = [load_idx(name, kind) for kind in ("train", "test")], np.random.default_rng(seed)
        chosen = [
            random.permutation(len(one.images))[:number] for one, number in zip(sets, (n_train, n_test), strict=True)
        ]
        pixels = [one.images[rows] / one.largest for one, rows in zip(sets, chosen, strict=True)]
        return pixels + [one.classes[rows] for one, rows in zip(sets, chosen, strict=True)]
    images = load(name)
    return list(
        train_test_split(
            images.images / images.largest, images.classes, test_size=n_test, train_size=n_train,
            stratify=images.classes, random_state=seed,
        )
    )  # fmt: skip


def shifted(images: Floats, copies: int, seed: int) -> Floats:
    """Return images (M, 784) and copies of each below, shifted at random by up to a pixel in each direction."""
    random, parts = np.random.default_rng(seed), [images]
    for _ in range(copies):
        steps = random.integers(-1, 2, (len(images), 2))
        moved = np.empty_like(images)
        for step in np.unique(steps, axis=0):
            rows = (steps == step).all(axis=1)
            moved[rows] = np.roll(images[rows].reshape(-1, 28, 28), step, axis=(1, 2)).reshape(-1, 784)
        parts.append(moved)
    return np.vstack(parts)


def smallest(
    model: DenseAssociativeClassifier, images: Floats, truth: np.ndarray, curve: Robustness, norm: str
) -> Floats:
    """Return the size of the smallest perturbation found of each image (B,); infinite where none turned it.

    By halving on the way to each input that did.
    """
    found = np.full(len(images), np.inf)
    order = np.inf if norm == "linf" else 2
    for inputs, by in zip(curve.inputs[::-1], curve.turned_by[::-1], strict=True):
        rows = np.flatnonzero((by != "") & (by != "mistake"))
        if not len(rows):
            continue
        low, high = np.zeros(len(rows)), np.ones(len(rows))
        steps = inputs[rows] - images[rows]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            turned = model.predict(images[rows] + middle[:, None] * steps) != truth[rows]
            low, high = np.where(turned, low, middle), np.where(turned, middle, high)
        found[rows] = np.minimum(found[rows], high * np.linalg.norm(steps, order, axis=1))
    return found


def further_columns(
    model: DenseAssociativeClassifier,
    test: Floats,
    right: np.ndarray,
    norm: str,
    sizes: Floats,
    chosen: argparse.Namespace,
) -> dict[str, float]:
    """Return the shares that are right and proved in the columns asked for besides the table's."""
    test, right = test[: chosen.further], right[: chosen.further]
    found: dict[str, float] = {}
    if chosen.linf:
        radii = model.certified_radius(test, "linf")
        found |= {f"L-infinity {size:g}": float((right & (radii > size)).mean()) for size in chosen.linf}
    if chosen.box:
        radii = model.certified_radius(test, norm, data_range=(0.0, 1.0))
        found |= {f"{size:g} in [0, 1]": float((right & (radii > size)).mean()) for size in sizes}
    if chosen.box and chosen.linf:
        radii = model.certified_radius(test, "linf", data_range=(0.0, 1.0))
        found |= {f"L-infinity {size:g} in [0, 1]": float((right & (radii > size)).mean()) for size in chosen.linf}
    return found


def unbroken(radii: Floats, attacked: Floats, own: np.ndarray) -> Floats:
    """Return certified radii over the smallest perturbations found, of images that are told right; none is above 1."""
    broken = int((radii > attacked)[own].sum())
    assert not broken, f"{broken} proofs were broken"
    turned = own & np.isfinite(attacked)
    return np.asarray(radii[turned] / attacked[turned])


def judged(
    model: DenseAssociativeClassifier, parts: list[np.ndarray], sizes: Floats, norm: str, chosen: argparse.Namespace
) -> Found:
    """Return what a model proves, and what attacks on the first few test images leave."""
    train, test, classes, truth = parts
    few = chosen.attacked
    start = time.process_time()
    model.fit(train, classes)
    fitted = time.process_time()
    right, radii = model.predict(test) == truth, model.certified_radius(test, norm)
    ended = time.process_time()
    every = [*sizes, FURTHER * sizes[-1]]
    curve = robust_accuracy(
        model, test[:few], truth[:few], every, norm, data_range=(0.0, 1.0), steps=40, restarts=1, queries=100
    )
    attacked = smallest(model, test[:few], truth[:few], curve, norm)
    own = right[:few]
    ratios = unbroken(radii[:few], attacked, own)
    further = further_columns(model, test, right, norm, sizes, chosen)
    if chosen.box:
        within = model.certified_radius(test[:few], norm, data_range=(0.0, 1.0))
        further["ratio in [0, 1]"] = float(np.median(unbroken(within, attacked, own)))
    proved = np.array([(right & (radii > size)).mean() for size in sizes])
    between = curve.worst[:-1] - np.array([(own & (radii[:few] > size)).mean() for size in sizes])
    return Found(
        float(right.mean()),
        proved,
        proved + between,
        ratios,
        fitted - start,
        1e3 * (ended - fitted) / len(test),
        further,
    )


def shown(values: list[float]) -> str:
    """Return a mean with its standard error over seeds."""
    error = f"({1e3 * np.std(values, ddof=1) / np.sqrt(len(values)):.0f})" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{error}"


def print_table(name: str, norm: str, sizes: Floats, found: dict[str, list[Found]]) -> None:
    """Print a row for each model: means and standard errors over seeds."""
    further = list(next(iter(found.values()))[0].further)
    print(
        f"| {name}, {NORMS[norm]} | clean | "
        + " | ".join([*(f"{size:g}" for size in sizes), *further])
        + " | ratio | fit | proof |"
    )
    print("| --- | --- |" + " --- |" * (len(sizes) + len(further)) + " --- | --- | --- |")
    for model, rows in found.items():
        pairs = [
            f"{shown([row.proved[place] for row in rows])} / {np.mean([row.attacked[place] for row in rows]):.3f}"
            for place in range(len(sizes))
        ]
        pairs += [shown([row.further[column] for row in rows]) for column in further]
        ratio = np.median(np.concatenate([row.ratios for row in rows]))
        times = f"{np.mean([row.fit for row in rows]):.1f} s | {np.mean([row.proof for row in rows]):.1f} ms |"
        print(f"| {model} | {shown([row.clean for row in rows])} | " + " | ".join(pairs) + f" | {ratio:.2f} | {times}")


def draw(path: Path, found: dict[str, list[Found]], sizes: Floats, n_images: tuple[int, int], label: str) -> None:
    """Draw proved and attacked accuracy against size, means over seeds."""
    curves = []
    for name in [one for one in ("certified", "stored, exponential") if one in found]:
        for kind, number in zip(("proved", "attacked"), n_images, strict=True):
            rows = [np.array([row.clean, *getattr(row, kind)]) for row in found[name]]
            mean = np.mean(rows, axis=0)
            curves.append((f"{name}: {kind}", np.array([0, *sizes]), mean, np.sqrt(mean * (1 - mean) / number)))
    path.write_bytes(encode(robustness_curves(curves, label, ""))[".png"])


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--radius", type=float, default=1.58)
    parser.add_argument("--radius-l2", type=float, default=1.58, help="of the model 'certified in L2'")
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.5, 1.0, 1.58, 2.0])
    parser.add_argument("--norm", default="l2", choices=list(NORMS))
    parser.add_argument("--linf", type=float, nargs="*", default=[], help="further sizes, proved in L-infinity")
    parser.add_argument("--box", action="store_true", help="also prove for pixels that stay within [0, 1]")
    parser.add_argument("--further", type=int, default=None, help="images for the further columns; default: all tested")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--attacked", type=int, default=200)
    parser.add_argument("--train", type=int, default=None, help="training images; default: all but the tested ones")
    parser.add_argument("--shifts", type=int, default=0, help="shifted copies of each training image")
    parser.add_argument("--memories", type=int, default=None, help="of learned models; default: the package's")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=["default", "stored, exponential", "certified"])
    parser.add_argument("--picture", type=Path)
    return parser.parse_args()


def main() -> None:
    """Print the table and draw the picture."""
    chosen = arguments()
    sizes = np.sort(np.array(chosen.sizes))
    found: dict[str, list[Found]] = {}
    for seed in range(chosen.seeds):
        parts = parts_of(chosen.data, chosen.train, chosen.images, seed)
        if chosen.shifts:
            parts[0] = shifted(parts[0].astype(np.float32), chosen.shifts, seed)
            parts[2] = np.tile(parts[2], chosen.shifts + 1)
        for name in chosen.models:
            model = models(chosen.radius, chosen.norm, chosen.radius_l2, chosen.epochs, seed)[name]
            if model.kind == "learned" and chosen.memories:
                model.set_params(n_memories=chosen.memories)
            one = judged(model, parts, sizes, chosen.norm, chosen)
            found.setdefault(name, []).append(one)
            print(
                f"seed {seed}, {name}: {one.clean:.4f}, proved {one.proved}, attacked {one.attacked}, "
                f"further {one.further}, fit {one.fit:.1f} s, proof {one.proof:.1f} ms, ratio "
                f"{np.median(one.ratios):.3f} of {len(one.ratios)}",
                flush=True,
            )
    print_table(Path(chosen.data).name, chosen.norm, sizes, found)
    if chosen.picture:
        numbers = (chosen.seeds * chosen.images, chosen.seeds * min(chosen.attacked, chosen.images))
        draw(chosen.picture, found, sizes, numbers, f"size of the perturbation, {NORMS[chosen.norm]}")


if __name__ == "__main__":
    main()
