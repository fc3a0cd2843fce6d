"""Chains that lie on the device: states go in and come out as arrays of NumPy, everything between stays there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from densehop.accelerator import backend, build, couplings, loop, ordered, patterns, weights
from densehop.accelerator.calls import call
from densehop.base.arrays import Floats, Integers, Signs

Words = npt.NDArray[np.uint32]


class Energy(NamedTuple):
    """What all chains share on the device: arrays, their sweep, and how chains begin on them.

    begin(shared, spins (N, C) int8) returns what is carried, energies found anew. Where the energy is a function of a
    sum of weights, sums(shared, states (n, N, C)) returns those sums and the tops that they count from, (n, C).
    """

    shared: Any
    sweep: loop.Sweep
    n_spins: int
    begin: Callable[[Any, Any], loop.Chains]
    sums: Callable[[Any, Any], tuple[Any, Any]] | None = None


class Report(NamedTuple):
    """What some sweeps left: energies and flips (n, C), overlaps (n, R, C), states (n, N, C), doubtful (C,).

    With weights, `energies` are their sums, and `tops` (n, C) the numbers of agreeing sites that these count from.
    """

    energies: Integers | Floats
    flips: Integers
    overlaps: Integers
    states: Signs
    doubtful: npt.NDArray[np.bool_]
    tops: Integers | None = None


class WeightLaw(NamedTuple):
    """An energy of S = sum_a w(k_a), as in `weights.Weights`: here (N + 1,), after (2, N + 1) float64; sharpness; kept.

    `multiplied`: the kernels multiply weights at a flip, and add them up in lanes, as `kernels/exponential.py` does.
    """

    here: Floats
    after: Floats
    sharpness: float
    kept: int
    multiplied: bool


class AttemptNoise(NamedTuple):
    """What chains try: law of the noise, keys (C, 2), keys of sites (C, 2) or (0, 2), units (C, n), sweeps before."""

    law: int
    keys: Words
    site_keys: Words
    units: npt.NDArray[np.float64]
    first: int


@backend.in_wide_numbers
def on_patterns(bits: build.Bits, n_patterns: int, energy: Integers, even: Integers, odd: Integers) -> Energy:
    """Return a table of integers over c = 0..N on the device; bits (N, at least M/8) are 1 for -1."""
    backend.require_sound()
    rows = _in_rows(bits, n_patterns, 1)
    costs = np.pad(np.stack((odd - even, odd + even)), ((0, 0), (0, 1)))
    narrow = np.abs(costs).max() < 2**31
    shared = patterns.Patterns(
        jnp.asarray(rows),
        jnp.asarray(np.pad(energy, (0, 1))),
        jnp.asarray(costs.astype(np.int32 if narrow else np.int64)),
        jnp.asarray(n_patterns),
    )
    return Energy(shared, patterns.sweep, len(bits), patterns.begin)


@backend.in_wide_numbers
def on_couplings(
    bits: build.Bits, p: int, n_patterns: int, factor: int, lower: tuple[Integers, int], wide: bool
) -> Energy:
    """Return a p-body energy, p = 2 or 3, on the device, from the patterns' bits (N, at least M/8).

    `lower` as `representations.couplings.lower_bodies` returns it; `wide`: doubled fields need 64 bits.
    """
    backend.require_sound()
    shared = build.couplings(bits, p, n_patterns, factor, lower, wide)
    return Energy(shared, couplings.sweep, len(bits), couplings.begin)


@backend.in_wide_numbers
def on_weights(bits: build.Bits, n_patterns: int, law: WeightLaw) -> Energy:
    """Return an energy of a sum of weights on the device; bits (N, at least M/8) are 1 for -1."""
    backend.require_sound()
    rows = _in_rows(bits, n_patterns, ordered.LANES // 8)
    shared = weights.Weights(
        jnp.asarray(rows),
        jnp.asarray(np.pad(law.here, (0, 1))),
        jnp.asarray(np.pad(law.after, ((0, 0), (0, 1)))),
        jnp.asarray(n_patterns),
        jnp.asarray(law.sharpness == 0),
        jnp.asarray(law.sharpness, jnp.float64),
        jnp.asarray(law.kept),
        jax.tree.map(jnp.asarray, weights.Errors.of(n_patterns, 8 * rows.shape[1], law.multiplied)),
    )
    sums = ordered.sums_in_lanes if law.multiplied else ordered.sums_in_turn
    return Energy(shared, weights.sweep, len(bits), weights.begin, sums)


def _in_rows(bits: build.Bits, n_patterns: int, multiple: int) -> build.Bits:
    """Return bits (N, at least M/8) in rows of one of few lengths, a multiple of so many bytes; zeros at the end."""
    length = _rounded(-(-n_patterns // (8 * multiple))) * multiple
    rows = np.zeros((len(bits), length), np.uint8)
    rows[:, : bits.shape[1]] = bits[:, :length]
    return rows


def _rounded(length: int) -> int:
    """Return a length that is a little larger, one of few, so that little is compiled anew."""
    step = 1 << max(0, length.bit_length() - 4)
    return -(-length // step) * step


@dataclass
class PlacedChains:
    """C chains on the device."""

    energy: Energy
    chains: loop.Chains

    @classmethod
    def at(cls, energy: Energy, states: Signs) -> "PlacedChains":
        """Place chains at states (C, N)."""
        return cls(energy, call(energy.begin, energy.shared, states.T))

    def run(self, tried: AttemptNoise, references: Signs, keep: bool) -> Report:
        """Run at most `loop.CAPACITY` sweeps; references (R, N), `keep` the state after each sweep."""
        n_sweeps = tried.units.shape[1]
        units = np.zeros((loop.CAPACITY, len(tried.units)))
        units[:n_sweeps] = tried.units.T
        order = loop.Order(tried.keys, tried.site_keys, units, np.asarray(tried.first % 2**32, np.uint32))
        self.chains, trace = call(
            loop.run, self.energy.shared, (self.chains, order, references), n_sweeps,
            sweep=self.energy.sweep, n_spins=self.energy.n_spins, law=tried.law,
            keep=keep or self.energy.sums is not None,
        )  # fmt: skip
        flips, overlaps = (np.asarray(part)[:n_sweeps] for part in (trace.flips, trace.overlaps))
        states = np.asarray(trace.states)[:n_sweeps] if keep else np.zeros((0, *trace.states.shape[1:]), np.int8)
        if self.energy.sums is None:
            return Report(np.asarray(trace.energies)[:n_sweeps], flips, overlaps, states, np.asarray(trace.doubtful))
        found = call(self.energy.sums, self.energy.shared, trace.states)
        sums, tops = (np.asarray(part)[:n_sweeps] for part in found)
        return Report(sums, flips, overlaps, states, np.asarray(trace.doubtful), tops)

    @property
    def states(self) -> Signs:
        """The states now, (C, N)."""
        return np.asarray(self.chains.spins)[: self.energy.n_spins].T

    @property
    def energies(self) -> Integers:
        """The energies (C,) that were kept from flip to flip."""
        return np.asarray(self.chains.energies)

    def energies_anew(self) -> Integers:
        """Return the energies (C,) of the states now."""
        return self.at(self.energy, self.states).energies
