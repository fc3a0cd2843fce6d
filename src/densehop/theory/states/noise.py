"""Order parameters, and what the other memories do to a spin: the noise (docs/theory.md, section 8).

A noise turns order parameters into the Gaussian field that a spin sees, and knows its own share of energy, entropy and
stability. The solvers of both ansatzes see a model through its noise only. Units: those of the direct model, signal 1;
all remains finite at T = 0.
"""

from typing import NamedTuple, Protocol


class Order(NamedTuple):
    """Order parameters of one replica symmetry breaking step; replica symmetric where inner = outer.

    overlap: m with the retrieved memory (or q* with the teacher's pattern);  outer, inner: q0 <= q1;
    susceptibility: chi = (1 - q1)/T;  tilt: y = x/T with x the Parisi parameter;  gap: q1 - q0, free of cancellation.
    """

    overlap: float
    outer: float
    inner: float
    susceptibility: float
    tilt: float
    gap: float = 0.0


class Noise(Protocol):
    """The memories' noise at a load; every method is an explicit function of the order parameters."""

    def mean(self, order: Order, load: float) -> float:
        """Return the mean field B."""

    def spread(self, order: Order) -> tuple[float, float]:
        """Return the field's variance between states, and what is added inside a state, both over the load."""

    def energy(self, order: Order, load: float) -> float:
        """Return the energy u per spin."""

    def entropy(self, order: Order, load: float) -> float:
        """Return the noise's part of the entropy per spin, to be added to the spins' own."""

    def tilt_slope(self, order: Order, load: float) -> float:
        """Return the noise's part of the derivative of T Phi by y, at fixed order parameters."""

    def replicon(self, order: Order, load: float, temperature: float, fourth: float) -> float:
        """Return the stability of the innermost level; fourth = E sech^4/T."""
