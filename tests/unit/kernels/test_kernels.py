"""How kernels are compiled."""

import numpy as np
import pytest
from numba.core.errors import NumbaError

from densehop import kernels


def sum_of_new(values):
    return (values / 2).sum()


def mean_of_new(values):  # not the same: the cache on disk would mix up how they are compiled
    return (values / 2).mean()


def test_lean_functions_cannot_allocate():
    """Arrays are not counted in them, so one that they made would be lost."""
    with pytest.raises(NumbaError, match="NRT required"):
        kernels.lean(sum_of_new)(np.ones(3))


def test_a_numba_without_the_private_option_counts(monkeypatch):
    monkeypatch.setattr(kernels, "UNCOUNTED", {})
    assert kernels.lean(mean_of_new)(np.ones(3)) == 0.5
