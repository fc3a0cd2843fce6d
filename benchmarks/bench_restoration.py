"""Measure restoration by a dense memory beside one float32 product of the overlaps and scikit-learn's neighbours.

The product (B states with M memories) is the least that a nearest neighbour in an array program costs; scikit-learn's
one-neighbour search includes finding it. All run on one thread, in turn; ratios are medians of CPU time, conversions
and checks of the input included. Half of the values are hidden (nan; scikit-learn's search gets zeros there), or 30%
inverted. Memories are images, where there are enough of them; beyond, images with 5% inverted.
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from densehop import DenseAssociativeMemory
from densehop.learn.data.datasets import load

ROUNDS, SHORTEST = 5, 0.03
N_STATES = 1000
SIZES = (200, 1000, 4000)


def in_turn(calls: list[Callable[[], object]]) -> np.ndarray:
    """Return the times of the calls, (round, call), after one warm-up each."""
    for call in calls:
        call()
    times = np.empty((ROUNDS, len(calls)))
    for row in times:
        for place, call in enumerate(calls):
            began, done = time.process_time(), 0
            while done == 0 or time.process_time() - began < SHORTEST:
                call()
                done += 1
            row[place] = (time.process_time() - began) / done
    return times


def problem(name: str, n_memories: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return memories and the two kinds of corrupted ones, float32."""
    random = np.random.default_rng(0)
    data = load(name)
    images = np.where(data.images > data.largest / 2, 1, -1).astype(np.float32)
    memories = images[random.permutation(len(images))[np.arange(n_memories) % len(images)]]
    if n_memories > len(images):
        memories = np.where(random.random(memories.shape) < 0.05, -memories, memories)
    asked = memories[random.integers(n_memories, size=N_STATES)]
    hidden, flipped = (random.random(asked.shape) < share for share in (0.5, 0.3))
    return memories, np.where(hidden, np.float32(np.nan), asked), np.where(flipped, -asked, asked)


def methods(memories: np.ndarray, asked: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return what is measured, the product first."""
    plain = np.nan_to_num(asked)
    overlaps = np.empty((len(asked), len(memories)), dtype=np.float32)
    peer = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(memories)
    networks = {
        "exponential": DenseAssociativeMemory(),
        "exponential, 1 step": DenseAssociativeMemory(max_steps=1),
        "attention, 1 step": DenseAssociativeMemory("attention", max_steps=1),
    }
    restored = {name: partial(network.fit(memories).restore, asked) for name, network in networks.items()}
    product = partial(np.matmul, plain, memories.T, out=overlaps)
    return {"product": product, "1-NN": partial(peer.kneighbors, plain, 1), **restored}


def main() -> None:
    print("time over one float32 product of the overlaps, one thread each; goal 1 (or less) for the restoration:")
    with threadpool_limits(1):
        for name in ("digits", "mnist5k"):
            for n_memories in SIZES:
                memories, *kinds = problem(name, n_memories)
                for kind, asked in zip(("hidden", "flipped"), kinds, strict=True):
                    calls = methods(memories, asked)
                    times = in_turn(list(calls.values()))
                    ratios = np.median(times[:, 1:] / times[:, :1], axis=0)
                    cells = [f"{one} {ratio:.2f}" for one, ratio in zip(list(calls)[1:], ratios, strict=True)]
                    each = np.median(times[:, 0]) / N_STATES * 1e6
                    size = f"N = {memories.shape[1]:3} M = {n_memories:4} {kind:7}"
                    print(f"  {size} product {each:6.2f} us per state: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
