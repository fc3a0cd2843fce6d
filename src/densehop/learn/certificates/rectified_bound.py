"""The largest perturbation that provably leaves the decision of rectified memories as it is; a loose bound.

With F_c = (sum_a max(h_a,c, f)^n)^(1/n), f the least field that counts, the score is n log F_c. F_c is convex, with a
gradient g, so F_c(v + d) >= F_c + g.d. For another class, log y <= log b + (y - b)/b at any b > 0, so that

    S_c'(v + d) <= log[ sum_a b_a^n exp(n (h_a + xi_a.d - b_a)/b_a) + K f^n ].

With t = R |g|/F_c < 1 and log(1 + x) >= x - t^2/(2(1 - t)) for |x| <= t, the direction that both classes share drops
out: the decision stands at R if S_c - n t^2/(2(1 - t)) exceeds the logarithm of
sum_a exp(n [log b_a + (h_a - b_a)/b_a] + n R |xi_a/b_a - g/F_c|) + K f^n exp(n t). Lengths are L2; a perturbation of
size R in L-infinity has a length of at most R sqrt(N), k flips by delta one of delta sqrt(k).
"""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Integers
from densehop.learn.certificates.rounding import DOUBLE

BASES = (0.2, 0.5, 1.0)  # b_a is at least such a share of F_c: any is a proof, the best is taken
HALVINGS = 20  # of the interval that holds the largest length: to a millionth of it


@dataclass(frozen=True, eq=False)
class RectifiedCase:
    """Memories (K, N), their class fields (C, K), inputs (B, N) and decisions (B,); what one field may err by, (B,)."""

    visible: Floats
    class_fields: Floats
    degree: float
    floor: float
    inputs: Floats
    decisions: Integers
    field_error: Floats
    score_error: float


def rectified_lengths(case: RectifiedCase) -> Floats:
    """Return certified L2 lengths of perturbations (B,)."""
    lengths = [_one(case, row) for row in range(len(case.inputs))]
    return np.array(lengths)


def _one(case: RectifiedCase, row: int) -> float:
    """Return the certified length of one input."""
    n, width = case.degree, case.visible.shape[1]
    error = float(case.field_error[row])
    fields = case.visible @ case.inputs[row] + case.class_fields  # (C, K)
    own = np.maximum(fields[case.decisions[row]] - error, case.floor)
    top = own.max()
    shares = (own / top) ** n
    total = shares.sum()
    size = top * total ** (1 / n)  # F_c, as small as rounding may make it
    pull = np.where(own > case.floor, (own / size) ** (n - 1), 0.0)
    gradient = pull @ case.visible
    steep = float(np.sqrt((gradient**2).sum())) * (1 + (width + 2 * len(own) + n + 20) * DOUBLE) / size
    if not 0 < steep < np.inf:
        return 0.0
    others = np.maximum(np.delete(fields, case.decisions[row], axis=0) + error, case.floor)
    across = case.visible @ gradient / size
    squares, straight = (case.visible**2).sum(axis=1), steep**2
    lost = float(case.score_error)
    best = 0.0
    for share in BASES:
        bases = np.maximum(others, share * size)
        lengths = squares / bases**2 - 2 * across / bases + straight
        lengths += 8 * (width + len(own) + n + 20) * DOUBLE * (squares / bases**2 + straight)
        slopes = n * np.sqrt(np.maximum(lengths, 0))
        intercepts = n * (np.log(bases / size) + (others - bases) / bases)
        best = max(best, _largest(intercepts, slopes, steep, case, size, lost))
    return best


def _largest(intercepts: Floats, slopes: Floats, steep: float, case: RectifiedCase, size: float, lost: float) -> float:
    """Return the largest length at which no class's sum exceeds the own one, by halving."""
    n = case.degree
    nothing = n * np.log(case.floor / size) + np.log(len(case.visible))

    def holds(length: float) -> bool:
        t = length * steep
        bent = n * t * t / (2 * (1 - t))
        terms = intercepts + slopes * length
        top = terms.max(axis=1)
        sums = np.logaddexp(np.log(np.exp(terms - top[:, None]).sum(axis=1)) + top, nothing + n * t)
        return bool((sums + bent + lost < 0).all())

    low, high = 0.0, 0.999 / steep
    if not holds(0.0):
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
