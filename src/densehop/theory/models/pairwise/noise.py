"""The noise of the other memories for p = 2, which is that of a Wishart matrix (docs/theory.md, eq. 71 to 77)."""

import math
from dataclasses import dataclass

from densehop.theory.states.noise import Order

SMALL = 0.02  # below: logarithms and what nearly cancels them by series


@dataclass(frozen=True)
class WishartNoise:
    """The noise of p = 2, of memories or of a teacher's examples (docs/theory.md, eq. 71 to 77).

    At contrast 0 it is the direct model's, where `Order.overlap` is m with the retrieved memory. At a contrast
    c = 2/(T* - 2) > 0 it is the planted model's, where `Order.overlap` is q* with the teacher's pattern.
    """

    contrast: float = 0.0

    def mean(self, order: Order, load: float) -> float:
        """B = 2m, or alpha c q*/D0 where planted."""
        if self.contrast == 0:
            return 2 * order.overlap
        return load * self.contrast * order.overlap / denominators(order)[0]

    def spread(self, order: Order) -> tuple[float, float]:
        """a0/alpha = 2 (q0 + c q*^2)/D0^2 and (a1 - a0)/alpha = 2 (q1 - q0)/(D0 D1)."""
        d0, d1 = denominators(order)
        return 2 * self._signal(order) / d0**2, 2 * order.gap / (d0 * d1)

    def energy(self, order: Order, load: float) -> float:
        """Energy u = -m^2 - (alpha/2)[(1 - q1)/D1 + (q1 - q0)/(D0 D1) + (q0 + c q*^2)/D0^2 - 1]; planted: no m^2."""
        d0, d1 = denominators(order)
        noise = (2 * order.susceptibility - order.inner + order.gap / d0) / d1
        retrieved = order.overlap**2 if self.contrast == 0 else 0.0
        return -retrieved - load / 2 * (noise + self._signal(order) / d0**2)

    def entropy(self, order: Order, load: float) -> float:
        """-(alpha/4)[log D1 + 2 chi/D1]."""
        own = 2 * order.susceptibility
        if abs(own) < SMALL:
            return -load / 4 * sum(own**k * (k - 1) / k for k in range(2, 12))
        return -load / 4 * (math.log1p(-own) + own / (1 - own))

    def tilt_slope(self, order: Order, load: float) -> float:
        """Alpha (q1 - q0)/D0 [(q1 - q0)/D0 (v - log(1 + v))/v^2 - q1/D1], v = 2 y (q1 - q0)/D0."""
        d0, d1 = denominators(order)
        step = order.gap / d0
        return load * step * (step * _logarithm_remainder(2 * order.tilt * step) - order.inner / d1)

    def replicon(self, order: Order, load: float, temperature: float, fourth: float) -> float:
        """D1^2 - 2 alpha beta^2 E sech^4."""
        stiff = denominators(order)[1] ** 2
        if fourth == 0:
            return stiff
        return stiff - 2 * load * fourth / temperature if temperature > 0 else -math.inf

    def _signal(self, order: Order) -> float:
        """q0 + c q*^2."""
        return order.outer + self.contrast * order.overlap**2


def denominators(order: Order) -> tuple[float, float]:
    """Return D0 = D1 - 2 y (q1 - q0) and D1 = 1 - 2 chi (docs/theory.md, eq. 71)."""
    d1 = 1 - 2 * order.susceptibility
    return d1 - 2 * order.tilt * order.gap, d1


def _logarithm_remainder(v: float) -> float:
    """Return (v - log(1 + v))/v^2, 1/2 at v = 0."""
    if abs(v) > SMALL:
        return (v - math.log1p(v)) / v**2
    return sum((-v) ** k / (k + 2) for k in range(10))
