"""`CouplingNetwork`: spins with couplings of one's own, and all that `PBodyHopfield` does without stored vectors."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from densehop.base.arrays import ArrayLike
from densehop.energies.couplings import (
    Couplings,
    CouplingTable,
    coupling_table,
    field_couplings,
    pattern_couplings,
)
from densehop.errors import InvalidInput
from densehop.network import PBodyHopfield
from densehop.simulate.chains import Model
from densehop.simulate.representations.terms import CouplingModel
from densehop.simulate.representations.weights import WeightedSteps
from densehop.simulate.retrieval import Stepper


class CouplingNetwork(PBodyHopfield):
    """N spins with given couplings of any numbers of bodies and an external field: E = -sum_t J_t prod xi - h . xi.

    `energy`, `local_fields`, `relax`, `retrieve`, `sample`, `temper` and `tune_ladder` are those of `PBodyHopfield`;
    the time of a flip grows with the couplings of a spin, not with what they were made from. Couplings are exact to 12
    digits or more.

    Parameters
    ----------
    n_spins : int
    couplings : `energies.Couplings`, or several, of the same or of other numbers of bodies; none
        where there is a field. See `energies.gaussian_couplings`, `diluted_couplings`, `tensor_couplings` and
        `pattern_couplings`.
    field : (N,), an external field; h v for one of strength h along a vector v

    Raises
    ------
    InvalidInput
        If sites, values or field are not what they should be.
    """

    def __init__(
        self, n_spins: int, couplings: Couplings | Sequence[Couplings] = (), field: ArrayLike | None = None
    ) -> None:
        given = [couplings] if isinstance(couplings, Couplings) else list(couplings)
        if any(not isinstance(each, Couplings) for each in given):
            raise InvalidInput("couplings must be energies.Couplings(sites, values), or several of them")
        if field is not None:
            along = field_couplings(field)
            if len(along.values) != n_spins:
                raise InvalidInput(f"field must have shape ({n_spins},), got ({len(along.values)},)")
            given.append(along)
        self._keep(coupling_table(n_spins, given))

    @classmethod
    def from_patterns(cls, patterns: ArrayLike, p: int, field: ArrayLike | None = None) -> "CouplingNetwork":
        """Return the strict p-body network of patterns (M, N), any numbers, 0 where they are diluted, in a field (N,).

        Memory and the time of a flip grow as N^p/p! and N^(p-1), whatever M.
        """
        couplings = pattern_couplings(patterns, p)  # checks the patterns
        return cls(np.shape(patterns)[-1], couplings, field)

    def _keep(self, table: CouplingTable) -> None:
        """Keep the energy; there are no patterns."""
        self.table: Any = table
        self.patterns = np.empty((0, table.n_spins), dtype=np.int8)
        self.n_patterns, self.n_spins = self.patterns.shape
        self.interaction, self.p = table.interaction, table.p

    @classmethod
    def _of(cls, table: CouplingTable) -> "CouplingNetwork":
        network = cls.__new__(cls)
        network._keep(table)
        return network

    def __repr__(self) -> str:
        return f"CouplingNetwork(n_spins={self.n_spins}, n_couplings={self.table.n_terms}, p={self.p})"

    def __reduce__(self) -> tuple[Callable[..., PBodyHopfield], tuple[Any, ...]]:
        """Pickle and copy the couplings, not the layouts made from them."""
        return type(self)._of, (self.table,)

    def overlaps(self, states: ArrayLike) -> NoReturn:  # noqa: ARG002 (as in the base class)
        """Raise `InvalidInput`: nothing is stored; give `references` to `sample`."""
        raise InvalidInput("a network of couplings stores no vectors; give those of interest to sample(references=...)")

    def largest_overlaps(self, states: ArrayLike, *_more: object, **_options: object) -> NoReturn:
        """Raise `InvalidInput`, as `overlaps`."""
        self.overlaps(states)

    @cached_property
    def _stepper(self) -> Stepper:
        return WeightedSteps(self.table, self.patterns)

    @cached_property
    def _model(self) -> Model:
        return CouplingModel(self.table)

    def _bytes_of_chains(self, n_chains: int) -> int:
        return CouplingModel.bytes_needed(self.table, n_chains)
