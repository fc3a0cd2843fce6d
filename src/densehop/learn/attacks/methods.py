"""Attacks: FGSM, PGD, PGD led by another model's gradient, and a random search without gradients.

All raise the margin of the best wrong class, stay within a ball and within the data's range, and keep the worst input
they find. Sources: Goodfellow et al. 2015 (FGSM), Madry et al. 2018 (PGD), Croce & Hein 2020 (its steps with inertia),
Andriushchenko et al. 2020 (random squares).
"""

import numpy as np

from densehop.base.arrays import Floats, Integers, Reals
from densehop.base.streams import Seed, seed_sequence
from densehop.errors import InvalidInput
from densehop.learn.attacks.attacked_models import AttackedModel
from densehop.learn.attacks.ball import Ball

INERTIA = 0.25  # share of the last step in the next


def fgsm(target: AttackedModel, inputs: Reals, truth: Integers, ball: Ball) -> Reals:
    """Return inputs (B, N) after one full step along the gradient of the margin."""
    return ball.project(inputs + ball.radius * ball.direction(target.ascent(inputs, truth)[1]), inputs)


def pgd(
    target: AttackedModel,
    inputs: Reals,
    truth: Integers,
    ball: Ball,
    steps: int = 40,
    restarts: int = 2,
    seed: Seed = 0,
) -> Reals:
    """Return the worst inputs (B, N) of projected gradient ascent: from the originals, then from random starts.

    The truth (B,) holds places in `target.classes`.
    """
    best, highest = inputs.copy(), target.margins(inputs, truth)
    for restart in range(restarts):
        candidates = climb(target, target, inputs, truth, ball, steps, restart, seed)
        best, highest = _worse(candidates, target.margins(candidates, truth), best, highest)
    return best


def climb(
    target: AttackedModel,
    guide: AttackedModel,
    inputs: Reals,
    truth: Integers,
    ball: Ball,
    steps: int,
    restart: int,
    seed: Seed,
) -> Reals:
    """Return the worst inputs for the target along one ascent that the guide's gradient leads.

    Restart 0 is from the originals. Steps shrink along a cosine and keep a share of the last one, which settles
    between memories where steps of one size jump to and fro.
    """
    best, highest = inputs.copy(), target.margins(inputs, truth)
    random = np.random.default_rng(seed_sequence(seed, restart))
    previous = current = inputs if restart == 0 else ball.inside(inputs, random)
    for step in range(steps):
        margins, uphill = guide.ascent(current, truth)
        best, highest = _worse(current, margins if guide is target else target.margins(current, truth), best, highest)
        length = ball.radius * 0.5 * (1 + np.cos(np.pi * step / steps))
        goal = ball.project(current + length * ball.direction(uphill), inputs)
        previous, current = (
            current,
            ball.project(current + (1 - INERTIA) * (goal - current) + INERTIA * (current - previous), inputs),
        )
    return _worse(current, target.margins(current, truth), best, highest)[0]


def random_search(
    target: AttackedModel,
    inputs: Reals,
    truth: Integers,
    ball: Ball,
    queries: int = 500,
    shape: tuple[int, int] | None = None,
    seed: Seed = 0,
) -> Reals:
    """Return the worst inputs (B, N) of a search that only asks for scores.

    Each query changes a random square of pixels (of a 1 x N strip without a `shape`) by full-size steps of random sign;
    the squares shrink. It shows what a gradient may hide.
    """
    rows, columns = (1, inputs.shape[1]) if shape is None else shape
    if rows * columns != inputs.shape[1]:
        raise InvalidInput(f"shape must have {inputs.shape[1]} pixels, got {rows} x {columns}")
    random = np.random.default_rng(seed_sequence(seed))
    stripes = (
        np.tile(random.choice([-1.0, 1.0], (len(inputs), 1, columns)), (1, rows, 1))
        .reshape(inputs.shape)
        .astype(inputs.dtype)
    )
    best = ball.project(inputs + ball.radius * ball.direction(stripes), inputs)
    highest = target.margins(best, truth)
    for query in range(queries):
        area = 0.3 * 0.5 ** (8 * query / queries)  # share of the pixels, from 30% to 0.1%
        side = max(1, round(np.sqrt(area * rows * columns)) if rows > 1 else round(area * columns))
        height, width = min(side, rows), min(side, columns)
        top, left = random.integers(0, rows - height + 1), random.integers(0, columns - width + 1)
        window = np.zeros((rows, columns), dtype=bool)
        window[top : top + height, left : left + width] = True
        signs = random.choice([-1.0, 1.0], (len(inputs), 1)).astype(inputs.dtype)
        step = ball.radius if ball.norm == "linf" else ball.radius / np.sqrt(height * width)
        proposed = np.where(window.ravel(), inputs + step * signs, best)
        proposed = ball.project(proposed, inputs)
        best, highest = _worse(proposed, target.margins(proposed, truth), best, highest)
    return best


def _worse(candidates: Reals, margins: Floats, best: Reals, highest: Floats) -> tuple[Reals, Floats]:
    """Return the worse of two inputs for each row, and its margin."""
    better = margins > highest
    return np.where(better[:, None], candidates, best), np.where(better, margins, highest)
