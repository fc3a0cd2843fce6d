"""The noise of the other memories for p >= 3: its variance is a power of the overlap (docs/theory.md, eq. 28 to 30)."""

from dataclasses import dataclass

from densehop.theory.states.noise import Order


@dataclass(frozen=True)
class TensorNoise:
    """The noise of p >= 3; its covariance is a power of the overlap of two states (docs/theory.md, eq. 28 to 30)."""

    p: int

    def mean(self, order: Order, load: float) -> float:
        """B = p m^(p-1), whatever the load."""
        del load
        return self.p * order.overlap ** (self.p - 1)

    def spread(self, order: Order) -> tuple[float, float]:
        """a0/alpha = p q0^(p-1) and (a1 - a0)/alpha = p (q1^(p-1) - q0^(p-1))."""
        return self.p * order.outer ** (self.p - 1), self.p * order.gap * _quotient(order, self.p - 1)

    def energy(self, order: Order, load: float) -> float:
        """U = -m^p - alpha [chi (1 - q1^p)/(1 - q1) + y (q1^p - q0^p)]."""
        p, q1 = self.p, order.inner
        own = order.susceptibility * sum(q1**j for j in range(p))
        return -(order.overlap**p) - load * (own + order.tilt * order.gap * _quotient(order, p))

    def entropy(self, order: Order, load: float) -> float:
        """-(alpha chi^2/2) (1 - p q1^(p-1) + (p-1) q1^p)/(1 - q1)^2."""
        weight = sum((j + 1) * order.inner**j for j in range(self.p - 1))
        return -load * order.susceptibility**2 / 2 * weight

    def tilt_slope(self, order: Order, load: float) -> float:
        """-(alpha/2)(p - 1)(q1^p - q0^p)."""
        return -load / 2 * (self.p - 1) * order.gap * _quotient(order, self.p)

    def replicon(self, order: Order, load: float, temperature: float, fourth: float) -> float:
        """1 - alpha beta^2 p (p-1) q1^(p-2) E sech^4."""
        if fourth == 0:
            return 1.0
        softness = load * self.p * (self.p - 1) * order.inner ** (self.p - 2) * fourth
        return 1 - softness / temperature if temperature > 0 else -float("inf")


def _quotient(order: Order, power: int) -> float:
    """Return (q1^n - q0^n)/(q1 - q0) as a sum."""
    return sum(order.inner**j * order.outer ** (power - 1 - j) for j in range(power))
