"""What training minimises: each loss takes scores and returns its mean with d loss/d score."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from densehop.base.arrays import Floats, Integers, Reals

LARGEST_LOG = 9.0  # of a factor of logits
LARGEST_EXPONENT = 30.0  # tanh and its slope are 1 and 0 to all digits far below


@dataclass(frozen=True)
class CrossEntropy:
    """The cross-entropy of softmax(scale * scores): trains at every degree with one setting.

    Label smoothing: the target is the right class with 1 - `smoothing`, and all classes alike with the rest.
    """

    scale: float
    smoothing: float = 0.0

    none = False  # the score of no class is not needed

    def __call__(self, scores: Reals, classes: Integers, weights: Reals | None = None) -> tuple[float, Reals]:
        """Return the mean over B samples of weights (B,), of mean 1 over all batches, and its gradient, (B, C)."""
        rows = np.arange(len(scores))
        probabilities = softmax(self.scale * scores)
        each = -np.log(np.maximum(probabilities[rows, classes], 1e-30))
        if self.smoothing > 0:
            every = -np.log(np.maximum(probabilities, 1e-30)).mean(axis=1)
            each = (1 - self.smoothing) * each + self.smoothing * every
            probabilities -= self.smoothing / scores.shape[1]
        probabilities[rows, classes] -= 1 - self.smoothing
        return _weighted_mean(each, probabilities * (self.scale / len(scores)), weights)


@dataclass(frozen=True)
class Published:
    """Krotov & Hopfield 2016: |c - t|^(2m) with c = tanh of how much a class unit's flip lowers the energy.

    c_alpha = tanh[sum_mu F(h_mu,alpha/T) - sum_mu F(h_mu,none/T)] and t = +1 for the right class, else -1. Where the
    sums are large the tanh is flat, where they are small there is no signal: T decides whether it learns at all.
    """

    log_scale: float  # n log T
    power: int  # m

    none = True  # the last column of the scores is that of no class

    def __call__(self, scores: Reals, classes: Integers, weights: Reals | None = None) -> tuple[float, Reals]:
        """Return the weighted mean over B samples and its gradient, (B, C + 1)."""
        sums = np.exp(np.minimum(scores - self.log_scale, LARGEST_EXPONENT))
        units = np.tanh(sums[:, :-1] - sums[:, -1:])
        error = units + 1
        error[np.arange(len(scores)), classes] -= 2
        each = (error ** (2 * self.power)).sum(axis=1)
        slope = 2 * self.power * error ** (2 * self.power - 1) * (1 - units**2) / len(scores)
        gradient = np.hstack([slope, -slope.sum(axis=1, keepdims=True)]) * sums
        return _weighted_mean(each, gradient.astype(scores.dtype), weights)


def _weighted_mean(each: Reals, gradient: Reals, weights: Reals | None) -> tuple[float, Reals]:
    """Return the mean loss and its gradient, with weights of the samples (B,)."""
    if weights is None:
        return float(each.mean()), gradient
    weights = weights.astype(gradient.dtype)
    return float((weights * each).mean()), gradient * weights[:, None]


def log_drive(scores: npt.NDArray[np.float64]) -> float:
    """Return log of a typical argument of `Published`'s tanh at log_scale 0, from scores (B, C + 1)."""
    gaps = np.abs(scores[:, :-1] - scores[:, -1:])  # of logarithms: |e^a - e^b| = e^max(a, b) (1 - e^-|a - b|)
    drives = np.maximum(scores[:, :-1], scores[:, -1:]) + np.log(-np.expm1(-np.maximum(gaps, 1e-6)))
    return float(np.median(drives))


def largest_rate(inputs: Reals, n_classes: int, degree: float) -> float:
    """Return the largest step of memory values that `Published` learns with, for inputs v (B, N).

    A step of all values by this much changes a field, which is about |v|^2, by |v|_1 + C times as much, and its n-th
    power by a factor of e. Larger steps throw the arguments of tanh far out, where no gradient brings them back.
    """
    data = inputs.astype(np.float64)
    return float((data**2).sum(axis=1).mean() / (degree * (np.abs(data).sum(axis=1).mean() + n_classes)))


def softmax(values: Reals) -> Reals:
    """Return exp(values) of each row, normalised."""
    exponentials: Reals = np.exp(values - values.max(axis=1, keepdims=True))
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


def log_loss(logits: Floats, classes: Integers, weights: Floats | None = None) -> float:
    """Return minus the mean logarithm of the classes' probabilities, of logits (B, C)."""
    probabilities = softmax(logits)[np.arange(len(logits)), classes]
    return -float(np.average(np.log(np.maximum(probabilities, 1e-12)), weights=weights))


def likeliest_inverse_temperature(logits: Floats, classes: Integers, weights: Floats | None = None) -> float:
    """Return the factor of logits (B, C) that makes their classes likeliest.

    One further sample, of which nothing is known, keeps the probabilities from 0 and 1 where no sample is mistaken.
    """
    shares = np.ones(len(logits)) if weights is None else weights / weights.mean()

    def loss(log_factor: float) -> float:
        logarithms = np.log(np.maximum(softmax(np.exp(log_factor) * logits), 1e-300))
        unknown = logarithms.mean(axis=1) @ shares / len(logits)
        return -float(logarithms[np.arange(len(logits)), classes] @ shares + unknown)

    optimum = minimize_scalar(loss, bounds=(-LARGEST_LOG, LARGEST_LOG), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(optimum.x))
