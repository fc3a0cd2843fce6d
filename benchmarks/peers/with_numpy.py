"""NumPy, vectorised over chains and over patterns or sites; integers held exactly in float32.

`fields`: a cached local field per site, brought up to date for the chains that flip. `overlaps`: cached overlaps with
all patterns, one field per attempt (p = 3: 2h_i = sum_a s_ia k_a^2 - 2 xi_i sum_a k_a + (2 - N) sum_a s_ia).
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from densehop.base.arrays import Floats, Singles
from peers.instance import Contender, Instance, Outcome


def energies_of_fields(instance: Instance, states: Singles, fields: Singles) -> Floats:
    """Return the energies (chain,) of states and fields, (chain, N): each term is part of p local fields."""
    total = np.einsum("ci,ci->c", states.astype(np.float64), fields.astype(np.float64))
    return np.asarray(-instance.scale / instance.p * total)


def energies_of_overlaps(instance: Instance, overlaps: Singles) -> Floats:
    """Return the energies (chain,) of overlaps (chain, M): the elementary symmetric polynomials in k."""
    k, n_spins = overlaps.astype(np.float64), instance.n_spins
    terms = (k**2 - n_spins) / 2 if instance.p == 2 else (k**3 - (3 * n_spins - 2) * k) / 6
    return np.asarray(-instance.scale * terms.sum(axis=1))


def local_fields(couplings: Singles, states: Singles) -> Singles:
    if couplings.ndim == 2:
        return states @ couplings
    return np.stack([np.einsum("cj,cj->c", states @ slab, states) / 2 for slab in couplings], axis=1)


def from_fields(instance: Instance, n_chains: int, n_sweeps: int) -> Outcome:
    rng, temperature = np.random.default_rng(), np.float32(instance.temperature / instance.scale)
    couplings = instance.sums.astype(np.float32)
    states = rng.choice(np.array([-1, 1], dtype=np.float32), (n_chains, instance.n_spins))
    fields = local_fields(couplings, states)
    for _ in range(n_sweeps):
        noise = temperature * rng.standard_exponential((instance.n_spins, n_chains), dtype=np.float32)
        for site, slab in enumerate(couplings):
            moving = np.flatnonzero(2 * states[:, site] * fields[:, site] < noise[site])
            if moving.size:
                change = slab if instance.p == 2 else states[moving] @ slab
                fields[moving] -= (2 * states[moving, site])[:, np.newaxis] * change
                states[moving, site] *= -1
    return states.astype(np.int8), energies_of_fields(instance, states, fields)


def field_from_overlaps(p: int, n_spins: int) -> Callable[[Singles, Singles, Singles], Singles]:
    """Return the local field of one site, (chain,), from overlaps (chain, M), its signs (M,) and spins (chain,)."""

    def pairs(overlaps: Singles, row: Singles, spins: Singles) -> Singles:
        return overlaps @ row - len(row) * spins

    def triples(overlaps: Singles, row: Singles, spins: Singles) -> Singles:
        ones = np.ones_like(row)
        doubled = overlaps**2 @ row - 2 * spins * (overlaps @ ones) + (2 - n_spins) * row.sum()
        return np.asarray(doubled / 2, dtype=np.float32)

    return pairs if p == 2 else triples


def from_overlaps(instance: Instance, n_chains: int, n_sweeps: int) -> Outcome:
    rng, temperature = np.random.default_rng(), np.float32(instance.temperature / instance.scale)
    rows = np.ascontiguousarray(instance.network.patterns.T, dtype=np.float32)
    states = rng.choice(np.array([-1, 1], dtype=np.float32), (n_chains, instance.n_spins))
    overlaps, field = states @ rows, field_from_overlaps(instance.p, instance.n_spins)
    for _ in range(n_sweeps):
        noise = temperature * rng.standard_exponential((instance.n_spins, n_chains), dtype=np.float32)
        for site, row in enumerate(rows):
            spins = states[:, site]
            moving = np.flatnonzero(2 * spins * field(overlaps, row, spins) < noise[site])
            if moving.size:
                overlaps[moving] -= (2 * spins[moving])[:, np.newaxis] * row
                states[moving, site] *= -1
    return states.astype(np.int8), energies_of_overlaps(instance, overlaps)


def contenders(instance: Instance) -> list[Contender]:
    return [
        Contender("NumPy", "fields", partial(from_fields, instance), (16,) if instance.p == 2 else (16, 256)),
        Contender("NumPy", "overlaps", partial(from_overlaps, instance), (16,)),
    ]
