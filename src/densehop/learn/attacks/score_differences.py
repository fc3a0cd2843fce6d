"""What the class units add: scores without what all classes share, in the same order as the classes' energies.

A memory whose class units have the fields a_mu,c adds max(h + a_mu,c, 0)^n to class c (learn/scores.py), so to every
class at least that of its least a_mu,c. Without this common part the classes come in the same order, by

    D_c = sum_mu f_mu,c,   f_mu,c = max(h_mu + a_mu,c, 0)^n - max(h_mu + min_c' a_mu,c', 0)^n.

The gradient of log D_c points across the boundary; that of the whole sum may be nearly the same for all classes.
"""

import numpy as np

from densehop.base.arrays import Reals
from densehop.learn.classifier.scores import Memories, Scores

NOTHING = -1e30  # the logarithm of no difference at all


def log_difference(strong: Reals, weak: Reals, power: float, floor: float) -> tuple[Reals, Reals]:
    """Return log(max(strong, floor)^power - max(weak, floor)^power), and its derivative if both grow alike.

    For strong >= weak; what lies below the floor > 0 does not move. Without a difference the derivative is 0.
    """
    moves, follows = strong > floor, weak > floor
    strong, weak = np.maximum(strong, floor), np.maximum(weak, floor)
    logarithm = np.log(strong)
    change = power * (np.log(weak) - logarithm)
    positive = change < 0
    change = np.where(positive, change, -1)
    share = -np.expm1(change)
    slopes = np.where(positive, power * (moves / strong - follows * np.exp(change) / weak) / share, 0)
    return np.where(positive, power * logarithm + np.log(share), NOTHING), slopes


@np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
def class_differences(memories: Memories, inputs: Reals) -> Scores:
    """Return log D_c of inputs (B, N), and its derivatives by the fields."""
    fields, own = inputs @ memories.visible.T, memories.class_fields()
    strong, weak = fields[:, None, :] + own, (fields + own.min(axis=0))[:, None, :]
    logs, slopes = log_difference(strong, weak, float(memories.degree), memories.floor)
    largest = logs.max(axis=2, keepdims=True)
    weights = np.exp(logs - largest)
    total = weights.sum(axis=2, keepdims=True)
    return Scores((np.log(total) + largest)[:, :, 0], weights / total * slopes)
