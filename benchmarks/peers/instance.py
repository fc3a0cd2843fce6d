"""One sampling problem in the forms that the peers take, and what each of them must be able to do with it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np

import densehop as dh
from densehop.base.arrays import Floats, Integers, Signs

Outcome = tuple[Signs, Floats]  # the final states (chain, N) and their energies (chain,) by the peer's own account
Run = Callable[[int, int], Outcome]


@dataclass(frozen=True)
class Instance:
    """Random patterns, their p-body energy and a temperature, kept constant: p = 2 or 3, sequential Metropolis sweeps.

    All peers get the same integers, sum_a sigma_ia sigma_ja ..., as their couplings, times the energy's `scale`.
    """

    p: int
    n_spins: int
    load: float
    heat: str
    temperature: float

    @cached_property
    def network(self) -> dh.PBodyHopfield:
        n_patterns = dh.n_examples_for(self.load, self.n_spins, self.p)
        return dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (n_patterns, self.n_spins)), p=self.p)

    @property
    def scale(self) -> float:
        """p!/N^(p-1): the energy is minus this times the sum of couplings times spins over i1 < ... < ip."""
        return factorial(self.p) / float(self.n_spins) ** (self.p - 1)

    @cached_property
    def sums(self) -> Integers:
        """The integer couplings, (N, ..., N) with p axes; zero where a site repeats."""
        rows = self.network.patterns.T.astype(np.float64)  # exact: the sums stay far below 2^53
        if self.p == 2:
            products = rows @ rows.T
            np.fill_diagonal(products, 0)
            return products.astype(np.int64)
        sites = np.arange(self.n_spins)
        products = np.stack([(rows * row) @ rows.T for row in rows])
        products[sites, sites] = products[:, sites, sites] = 0
        products[sites, :, sites] = 0
        return products.astype(np.int64)

    def terms(self) -> tuple[list[tuple[int, ...]], list[float]]:
        """Return the sites of each term of the energy and its coefficient."""
        keys = list(itertools.combinations(range(self.n_spins), self.p))
        return keys, (-self.scale * self.sums[tuple(np.array(keys).T)]).tolist()

    def __str__(self) -> str:
        return f"p = {self.p} N = {self.n_spins} load {self.load:g} {self.heat} (T = {self.temperature:g})"


@dataclass(frozen=True)
class Contender:
    """One way to sample an instance: `run(n_chains, n_sweeps)` starts from random states.

    `chains` are the numbers of chains to try: the fastest is compared.
    """

    name: str
    setting: str
    run: Run
    chains: tuple[int, ...]
