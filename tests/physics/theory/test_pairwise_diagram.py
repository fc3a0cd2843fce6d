"""Diagrams of two-body memories: whole arrays against `solve`, point by point."""

import numpy as np
import pytest

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.errors import NoSolution
from densehop.theory.diagrams import pairwise_winners, winners
from densehop.theory.lines.planes import plane
from densehop.theory.models.pairwise import arrays, glass_table, limits
from densehop.theory.models.pairwise.model import Pairwise
from densehop.theory.saddle_point import find

WHERE = plane("direct", 2)
LOADS = np.array([0.1, 0.11, 0.138, 0.15])
TEMPERATURES = np.array([0.0, 0.01, 0.3, 1.1, 1.999, 2.4, 2.5353, 3.0])  # T_g = 2.447, 2.469, 2.525, 2.548
TOLERANCE = {"parisi": 1e-8}  # whose digits are fewer close to T_g


@pytest.fixture(scope="module")
def table():
    """The interpolant over the loads of these tests, half a second of processor time."""
    return glass_table.glass_table(float(LOADS[0]), float(LOADS[-1]))


@pytest.fixture
def alone(monkeypatch):
    """The points that are left to `candidates`; arrays are used on any grid."""
    monkeypatch.setattr(pairwise_winners, "FEW", 0)
    asked = []

    def enter_point(where, values, at, point, ansatz):
        asked.append(point)
        winners.enter_point(where, values, at, point, ansatz)

    monkeypatch.setattr(pairwise_winners, "enter_point", enter_point)
    return asked


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        assert ours[name].dtype == values.dtype, name
        if values.dtype.kind == "f":
            np.testing.assert_allclose(ours[name], values, rtol=TOLERANCE.get(name, 1e-9), atol=1e-10, err_msg=name)
        else:
            np.testing.assert_array_equal(ours[name], values, err_msg=name)


def test_arrays_say_what_solving_each_point_says(table, alone):
    assert table is not None
    ours = pairwise_winners.by_table(WHERE, LOADS, TEMPERATURES, "rs", NoProgress())
    assert alone == [(0.15, 2.5353)]  # 0.995 T_g is interpolated, 0.9953 T_g as well ...
    assert_same(ours, winners.by_points(WHERE, LOADS, TEMPERATURES, "rs", NoProgress()))
