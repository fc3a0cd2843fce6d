"""The sharpness of exponential memories, from how well each sample's class is told by all other samples."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import cdist

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.losses import softmax

SAMPLES = 500  # that are left out in turn
MOST_DISTANCES = 2**25  # at more memories, fewer are left out
WIDEST = 14.0  # of log sharpness, to either side of one over the typical squared distance of neighbours


def likeliest_sharpness(inputs: Reals, classes: Integers, weights: Floats | None = None) -> float:
    """Return the sharpness at which the classes of inputs (M, N), each left out with all its copies, are likeliest.

    One further sample of the mean weight, of which nothing is known, keeps the probabilities from 0 and 1 where no
    sample is mistaken. All copies of a sample count as one of their joint weight, so neither a common factor of the
    weights nor a copy in the place of a weight of 2 makes a difference.
    """
    amounts = np.ones(len(inputs)) if weights is None else weights
    order = np.argsort(classes, kind="stable")
    order = order[amounts[order] > 0]
    data, owners, amounts = inputs[order].astype(np.float64), classes[order], amounts[order]
    rows = np.arange(0, len(data), -(-len(data) // min(SAMPLES, max(MOST_DISTANCES // len(data), 20))))
    halves = 0.5 * cdist(data[rows], data, "sqeuclidean")
    copies = halves <= 1e-12 * np.maximum((data[rows] ** 2).sum(axis=1), 1e-300)[:, None]
    halves[copies] = np.inf
    distinct = float((1 / copies.sum(axis=1)).sum())  # rows that are no copies of each other
    nearest = halves.min(axis=1)
    if not np.isfinite(nearest).any() or len(np.unique(owners)) < 2:
        return 1.0
    halves -= np.where(np.isfinite(nearest), nearest, 0)[:, None]  # so that no row loses all its digits
    _, starts, class_index = np.unique(owners, return_index=True, return_inverse=True)
    truth, shares = class_index[rows], amounts[rows]

    def loss(log_sharpness: float) -> float:
        sums = np.add.reduceat(np.exp(-np.exp(log_sharpness) * halves) * amounts, starts, axis=1)
        optimum = softmax(np.log(np.maximum(sums, 1e-300)))
        logarithms = np.log(np.maximum(optimum, 1e-300))
        unknown = logarithms.mean(axis=1) @ shares / distinct
        return -float(logarithms[np.arange(len(rows)), truth] @ shares + unknown)

    typical = -float(np.log(np.median(nearest[np.isfinite(nearest)])))
    optimum = minimize_scalar(
        loss, bounds=(typical - WIDEST, typical + WIDEST), method="bounded", options={"xatol": 1e-3}
    )
    return float(np.exp(optimum.x))
