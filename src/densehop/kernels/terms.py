"""Single-spin dynamics on given couplings: an attempt reads one number, a flip turns the terms that hold the spin.

All numbers are integers, in units of the energy's scale (`energies/couplings.py`). Of each term a chain keeps J_t times
the product of its spins, of each spin the cost of its flip, twice the sum over its terms.
"""

from typing import Any, NamedTuple

from densehop.kernels import allocation_free, implements
from densehop.kernels.sweeps import chain_of, energy_of, flip, flip_cost

ENERGY = 0  # place in `totals`


class Terms(NamedTuple):
    """What all chains share: couplings (T,) int64, and which sites are in a term and which terms hold a site.

    Those of term t are sites[first_site[t] : first_site[t + 1]], those of site i terms[first_term[i] :
    first_term[i + 1]]; all int64.
    """

    couplings: Any
    first_site: Any
    sites: Any
    first_term: Any
    terms: Any


class TermArrays(NamedTuple):
    """What chains keep, or one of them: states (C, N) int8; signed (C, T), costs (C, N), totals (C, 1), int64."""

    states: Any
    signed: Any
    costs: Any
    totals: Any


@implements(chain_of, Terms)
def _chain_of(_energy, chains, index):
    return TermArrays(chains.states[index], chains.signed[index], chains.costs[index], chains.totals[index])


@implements(flip_cost, Terms)
def _flip_cost(_energy, chain, site):
    return chain.costs[site]


@implements(flip, Terms)
def _flip(energy, chain, site, cost):
    chain.states[site] = -chain.states[site]
    chain.totals[ENERGY] += cost
    for entry in range(energy.first_term[site], energy.first_term[site + 1]):
        term = energy.terms[entry]
        after = -chain.signed[term]
        chain.signed[term] = after
        for member in range(energy.first_site[term], energy.first_site[term + 1]):
            chain.costs[energy.sites[member]] += 4 * after


@implements(energy_of, Terms)
def _energy_of(_energy, chain):
    return chain.totals[ENERGY]


@allocation_free
def start(energy, chains):
    """Set all that chains keep from their states."""
    for index in range(len(chains.states)):
        chain = chain_of(energy, chains, index)
        chain.costs[:] = 0
        chain.totals[ENERGY] = 0
        for term in range(len(energy.couplings)):
            product = energy.couplings[term]
            for entry in range(energy.first_site[term], energy.first_site[term + 1]):
                product *= chain.states[energy.sites[entry]]
            chain.signed[term] = product
            chain.totals[ENERGY] -= product
            for entry in range(energy.first_site[term], energy.first_site[term + 1]):
                chain.costs[energy.sites[entry]] += 2 * product


@allocation_free
def first_wrong(energy, chains):
    """Return the first chain whose terms, costs, energy and state contradict each other, -1 if there is none."""
    for index in range(len(chains.states)):
        chain = chain_of(energy, chains, index)
        total = chain.totals[ENERGY]
        for term in range(len(energy.couplings)):
            product = energy.couplings[term]
            for entry in range(energy.first_site[term], energy.first_site[term + 1]):
                product *= chain.states[energy.sites[entry]]
            if product != chain.signed[term]:
                return index
            total += product
        if total != 0:
            return index
        for site in range(len(chain.states)):
            cost = chain.costs[site]
            for entry in range(energy.first_term[site], energy.first_term[site + 1]):
                cost -= 2 * chain.signed[energy.terms[entry]]
            if cost != 0:
                return index
    return -1
