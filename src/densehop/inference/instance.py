"""One data set and its student: fields, TAP free entropy and TAP equations at any magnetisations."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import xlogy

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.errors import InvalidInput
from densehop.inference import reaction
from densehop.inference.byte_codes import ByteCodes
from densehop.inference.reaction import Reaction
from densehop.problem import load_of

LARGEST_BODIES = 20  # of p: Newton's identities lose digits beyond


class TapState(NamedTuple):
    """The TAP equations at magnetisations m (docs/theory.md, eq. 111 to 115).

    fields (N,): h_i = -dE/dm_i;  reaction: the Onsager term there;  target (N,): tanh beta(h - reaction m), equal to
    m at a fixed point;  free_entropy, energy: Phi and u per spin.
    """

    fields: Floats
    reaction: Reaction
    target: Floats
    free_entropy: float
    energy: float


@dataclass(frozen=True, eq=False)
class Instance:
    """Examples as bytes, the student's p and beta = 1/T."""

    codes: ByteCodes
    p: int
    beta: float

    @classmethod
    def checked(cls, examples: ArrayLike, p: int, temperature: float, n_workers: int | None) -> "Instance":
        """Return the instance of examples (M, N) of +-1; refuse what is none."""
        signs = checks.signs("examples", examples, ("M", "N"))
        n_spins = signs.shape[1]
        if n_spins < 2:
            raise InvalidInput(f"examples must have at least 2 spins, got shape {signs.shape}")
        checks.integer("the number of spins", n_spins, 2, checks.LARGEST_SIZE)
        p = checks.integer("p", p, 2, min(n_spins, LARGEST_BODIES))
        return cls(ByteCodes.of(signs, n_workers), p, 1 / checks.number("temperature", temperature))

    @property
    def n_spins(self) -> int:
        """N."""
        return self.codes.n_spins

    @cached_property
    def load(self) -> float:
        """Load alpha = M p!/N^(p-1)."""
        return load_of(self.codes.n_examples, self.n_spins, self.p)

    def fields(self, m: Floats) -> Floats:
        """Return h_i = -dE/dm_i, (N,), E the strict energy's multilinear extension (docs/theory.md, eq. 110)."""
        vectors, numbers = self.codes.field_sums(m, self.p)
        total = np.zeros(self.n_spins)
        for r in range(self.p):
            constant = self._column_sums if r % 2 == 0 and r == self.p - 1 else None
            sums = numbers[r] if r % 2 else vectors[r // 2] if constant is None else constant
            total += (-m) ** r * sums
        return math.factorial(self.p) / float(self.n_spins) ** (self.p - 1) * total

    def tap(self, m: Floats) -> TapState:
        """Return the TAP equations at m, from one pass through the examples."""
        fields, onsager = self.fields(m), self.reaction(m)
        inner = -float(m @ fields) / self.p / self.n_spins  # E/N: the energy is homogeneous of degree p in m
        # The mean over sites of H(m) = -sum over both signs of (1 +- m)/2 log[(1 +- m)/2].
        entropy = float(-(xlogy(1 + m, (1 + m) / 2) + xlogy(1 - m, (1 - m) / 2)).mean() / 2)
        target = np.tanh(self.beta * (fields - onsager.coefficient * m))
        return TapState(
            fields, onsager, target, entropy - self.beta * inner + onsager.free_entropy, inner + onsager.energy
        )

    def reaction(self, m: Floats) -> Reaction:
        """Return the Onsager term at m."""
        if self.p == 2:
            return reaction.pairwise(m, self.load, self.beta)
        return reaction.many_body(m, self.p, self.load, self.beta)

    @cached_property
    def _column_sums(self) -> Floats:
        """Sum over examples of each site, (N,)."""
        return self.codes.project(np.ones(self.codes.n_examples))
