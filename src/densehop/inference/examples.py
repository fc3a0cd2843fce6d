"""Examples in the forms that starts are made of: signs, and the couplings, which eigenvectors and chains share."""

from dataclasses import dataclass
from functools import cached_property

from densehop.base import checks
from densehop.base.arrays import Signs
from densehop.network import PBodyHopfield
from densehop.simulate.representations.choice import IntegerModel
from densehop.simulate.representations.couplings import LARGEST_P, CouplingStore, Tensor

LARGEST_TENSOR = 2**29  # bytes; a constant, not what is free now, so that a result can be repeated elsewhere


@dataclass(frozen=True, eq=False)
class Examples:
    """M examples (M, N) and the student's p."""

    signs: Signs
    p: int
    n_workers: int

    @cached_property
    def network(self) -> PBodyHopfield:
        """The student's energy, for chains."""
        return PBodyHopfield(self.signs, self.p)

    @cached_property
    def fit_a_tensor(self) -> bool:
        """Whether the couplings exist and are small enough to be formed; refuse those that are and find no memory."""
        n_examples, n_spins = self.signs.shape
        if self.p > LARGEST_P or CouplingStore.tensor_bytes(self.p, n_spins, n_examples) > LARGEST_TENSOR:
            return False
        checks.memory("the couplings", CouplingStore.bytes_needed(self.p, n_spins, n_examples, 0, self.n_workers))
        return True

    @property
    def tensor(self) -> Tensor:
        """The couplings (N, N, K), of which the network's chains make use from now on."""
        model = self.network._model
        assert isinstance(model, IntegerModel)  # the strict energy is one of integers
        return model.couplings(self.n_workers).tensor
