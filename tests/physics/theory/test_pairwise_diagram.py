"""Diagrams of two bodies: whole arrays against `solve`, point by point."""

import numpy as np
import pytest

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.errors import NoSolution
from densehop.theory.diagrams import pairwise_winners, winners
from densehop.theory.lines.planes import plane
from densehop.theory.lines.retrieval import pairwise_global_load
from densehop.theory.models.pairwise import arrays, glass_table, interpolant, limits
from densehop.theory.saddle_point import find

WHERE = plane("direct", 2)
LOADS = np.array([0.1, 0.103, 0.107, 0.11])
TEMPERATURES = np.array([0.0, 0.01, 0.3, 1.1, 1.999, 2.44, 2.4655, 3.0])  # T_g = 2.447, 2.454, 2.463, 2.469
TOLERANCE = {"parisi": 1e-8}  # whose digits are fewer close to T_g


@pytest.fixture(scope="module")
def made():
    """The interpolant over the loads of these tests, a second of processor time."""
    return glass_table.glass_table(float(LOADS[0]), float(LOADS[-1]))


@pytest.fixture
def table(made, monkeypatch):
    """The same interpolant for all of them."""
    assert made is not None
    monkeypatch.setattr(glass_table, "glass_table", lambda *_: made)


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


@pytest.mark.usefixtures("table")
def test_arrays_say_what_solving_each_point_says(alone):
    ours = pairwise_winners.by_table(WHERE, LOADS, TEMPERATURES, "rs", NoProgress())
    assert alone == [(0.11, 2.4655)]  # 0.9986 T_g
    found = {winners.PHASES[code].value for code in ours["phase"].ravel()}
    assert found == {"P", "SG", "lR", "gR"}
    assert_same(ours, winners.by_points(WHERE, LOADS, TEMPERATURES, "rs", NoProgress()))


PLANES = [  # coordinates, temperatures, phases, and how many points are left to `candidates`
    (plane("fixed_teacher", 2, 2.44), LOADS, [0.0, 0.3, 1.0, 1.6, 2.2, 2.42, 2.44, 2.6], {"P", "SG", "gR", "eR"}, 4),
    (plane("fixed_load", 2, load=0.105), [2.05, 2.2, 2.3, 3.0], [0.0, 0.5, 1.0, 1.999, 2.3, 2.6], {"P", "gR"}, 3),
    (plane("nishimori", 2), LOADS, [0.0, 1.5, 2.2, 2.4, 2.6], {"P", "gR", "eR"}, 8),
]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("where", "x", "t", "phases", "n_alone"), PLANES)
def test_arrays_say_it_where_there_is_a_teacher(where, x, t, phases, n_alone, alone):
    ours = pairwise_winners.by_table(where, np.array(x), np.array(t), "rs", NoProgress())
    assert len(alone) == n_alone
    assert {winners.PHASES[code].value for code in ours["phase"].ravel()} >= phases
    assert_same(ours, winners.by_points(where, np.array(x), np.array(t), "rs", NoProgress()))


@pytest.mark.usefixtures("table")
def test_points_on_a_transition_are_solved_one_by_one(alone):
    on_it = pairwise_global_load(0.3).value
    loads = np.array([LOADS[0], on_it, LOADS[-1]])
    pairwise_winners.by_table(WHERE, loads, np.array([0.3]), "rs", NoProgress())
    assert alone == [(on_it, 0.3)]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("where", "cold", "hot"), [(WHERE, 0.0, 0.04), (plane("fixed_teacher", 2, 2.44), 0.3, 2.6)])
def test_broken_states_are_solved_one_by_one(where, cold, hot, monkeypatch):
    """Where it is cold replica symmetry is unstable, or has no inference where 1RSB may have it."""
    asked = []
    monkeypatch.setattr(pairwise_winners, "FEW", 0)
    monkeypatch.setattr(pairwise_winners, "enter_point", lambda *arguments: asked.append(arguments[3]))
    values = pairwise_winners.by_table(where, LOADS, np.array([cold, hot]), "1rsb", NoProgress())
    assert asked == [(load, cold) for load in LOADS]
    for name, unknown in winners.empty(LOADS.shape).items():  # nothing is left there of what arrays say
        np.testing.assert_array_equal(values[name][0], unknown)


def test_few_points_cost_less_than_an_interpolant(monkeypatch):
    monkeypatch.setattr(glass_table, "glass_table", lambda *_: pytest.fail("an interpolant was made"))
    values = pairwise_winners.by_table(WHERE, LOADS[:2], np.array([1.0, 3.0]), "rs", NoProgress())
    assert values["free_energy"][0, 0] == find(dh.DirectModel(2, 0.1, 1.0), "spin_glass", "1rsb").free_energy


def test_an_interpolant_that_disagrees_is_refused(monkeypatch):
    monkeypatch.setattr(interpolant, "TEMPERATURES", 6)
    monkeypatch.setattr(interpolant, "LOADS", (3,))
    assert glass_table.glass_table(0.5, 0.50001) is None


def test_retrieval_on_arrays_is_that_of_solve():
    rng = np.random.default_rng(0)
    temperature = np.concatenate([[0.0, 0.0, 0.01], 2 * rng.random(57)])
    limit = np.array([limits.retrieval_spinodal_load(t).value for t in temperature.tolist()])
    load = limit * np.concatenate([[0.999, 1.001, 0.9999999], 1.2 * rng.random(57)])
    found, sure = arrays.retrieval(load, temperature)
    assert np.flatnonzero(~sure).tolist() == [2]  # a distance of 1e-7 from the spinodal
    for k in np.flatnonzero(sure).tolist():
        try:
            one = find(dh.DirectModel(2, float(load[k]), float(temperature[k])), "retrieval")
        except NoSolution:
            assert np.isnan(found.overlap[k])
            continue
        ours = [field[k] for field in found]
        theirs = one.m, one.q, one.energy, one.entropy, one.replicon
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def test_the_paramagnet_on_arrays_is_that_of_solve():
    load, temperature = np.array([0.1, 1.0, 10.0, 0.001]), np.array([2.5, 3.5, 300.0, 1e4])
    found = arrays.paramagnet(load, temperature, np.zeros(4))
    for k, (nu, t) in enumerate(zip(load.tolist(), temperature.tolist(), strict=True)):
        one = find(dh.DirectModel(2, nu, t), "paramagnet")
        assert [field[k] for field in found] == pytest.approx([0, 0, one.energy, one.entropy, one.replicon], rel=1e-13)
