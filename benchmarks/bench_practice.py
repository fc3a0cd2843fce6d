"""Measure training images/s and restorations/s beside the same model in NumPy and in PyTorch on the CPU.

All run on one thread in float32, in turn (A, B, C, A, ...); medians of ratios of CPU time are printed, above 1 where
densehop is faster. Before that, results are compared: the gradient of a batch, and the restored
signs. PyTorch is measured where `pip install 'densehop[bench-torch]'` put it.
"""

import importlib
from collections.abc import Callable

import numpy as np
from bench_kernels import in_turn
from peers import practice_numpy, practice_ours
from peers.practice import Lesson, Practitioner, Recollection
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

from densehop.base.arrays import Singles
from densehop.learn.classifier.training import first_memories

ROUNDS = 7
NOISE = 0.5
LESSONS = [  # pixels of a side, K, n
    (8, 100, 10.0),
    (8, 100, 2.0),
    (28, 100, 10.0),
    (28, 400, 10.0),
]
RECOLLECTIONS = [  # pixels of a side, M, B, share of flipped pixels
    (8, 200, 500, 0.2),
    (8, 1500, 500, 0.2),
    (28, 200, 500, 0.3),
    (28, 1500, 500, 0.3),
]


def digits(side: int) -> tuple[Singles, np.ndarray]:
    """Return scikit-learn's digits from -1 to 1, of 8 x 8 pixels or enlarged to 28 x 28 with a border, and classes."""
    images, classes = load_digits(return_X_y=True)
    images = (images / 8 - 1).astype(np.float32)
    if side == 8:
        return images, classes.astype(np.int64)
    large = np.pad(images.reshape(-1, 8, 8).repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    return np.ascontiguousarray(large.reshape(len(images), -1)), classes.astype(np.int64)


def lesson(side: int, n_memories: int, degree: float) -> Lesson:
    images, classes = digits(side)
    images = images - images.mean(axis=0)
    rng = np.random.default_rng(0)
    rows = rng.choice(len(images), n_memories, replace=False)
    memories = first_memories(images, classes, 10, degree, rows, 0.5)
    name = f"training, {side} x {side} pixels, K = {n_memories}, n = {degree:g}"
    return Lesson(name, images, classes, memories, NOISE, rng.permutation(len(images)))


def recollection(side: int, n_memories: int, n_images: int, flipped: float) -> Recollection:
    rng = np.random.default_rng(0)
    signs = np.where(digits(side)[0] > 0, 1, -1).astype(np.float32)
    stored = signs[rng.permutation(len(signs))[:n_memories]]
    chosen = stored[rng.integers(n_memories, size=n_images)]
    corrupted = np.where(rng.random(chosen.shape) < flipped, -chosen, chosen).astype(np.float32)
    name = f"restoring, {side} x {side} pixels, M = {n_memories}, {flipped:.0%} flipped"
    return Recollection(name, stored, corrupted, float(np.log((1 - flipped) / flipped) / 2), 50)


def installed() -> list[Practitioner]:
    """Return the implementations; say which is not installed."""
    found = [practice_ours.practitioner(), practice_numpy.practitioner()]
    try:
        found.append(importlib.import_module("peers.practice_torch").practitioner())
    except ModuleNotFoundError:
        print("PyTorch not installed: skipped (pip install 'densehop[bench-torch]')")
    return found


def show(name: str, n_images: int, peers: list[Practitioner], calls: list[Callable[[], object]]) -> None:
    """Measure the calls in turn and print rates and ratios, ours first."""
    times = in_turn(*calls, rounds=ROUNDS)
    ratios = np.median(times[:, 1:] / times[:, :1], axis=0)
    rates = n_images / np.median(times, axis=0)
    beside = ", ".join(
        f"{peer.name} {rate:,.0f} (x {ratio:.2f})"
        for peer, rate, ratio in zip(peers[1:], rates[1:], ratios, strict=True)
    )
    print(f"  {name:52} {rates[0]:>9,.0f} images/s; {beside}")


def same_gradients(peers: list[Practitioner], task: Lesson) -> None:
    """Refuse to compare times of different maths."""
    ours, *others = (peer.gradient(task) for peer in peers)
    for peer, other in zip(peers[1:], others, strict=True):
        apart = np.abs(other - ours).max() / np.abs(ours).max()
        if apart > 1e-4:
            raise SystemExit(f"{peer.name} trains another model: gradients differ by {apart:.1e}")


def same_states(peers: list[Practitioner], task: Recollection) -> None:
    """Refuse to compare times of different dynamics; rounding may decide a tie."""
    ours, *others = (peer.restore(task)() for peer in peers)
    for peer, other in zip(peers[1:], others, strict=True):
        if (other != ours).mean() > 0.001:
            raise SystemExit(f"{peer.name} restores otherwise: {(other != ours).mean():.2%} of the signs differ")


def main() -> None:
    peers = installed()
    for peer in peers:
        peer.limit_threads()
    print("ratios above 1: densehop is faster")
    with threadpool_limits(1):
        for side, n_memories, degree in LESSONS:
            task = lesson(side, n_memories, degree)
            same_gradients(peers, task)
            show(task.name, len(task.images), peers, [peer.train(task) for peer in peers])
        for sizes in RECOLLECTIONS:
            wrong = recollection(*sizes)
            same_states(peers, wrong)
            show(wrong.name, len(wrong.corrupted), peers, [peer.restore(wrong) for peer in peers])


if __name__ == "__main__":
    main()
