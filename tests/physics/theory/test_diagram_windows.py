"""Phase diagrams: windows that hold every phase, 1RSB phases and lines, and the colours between lines."""

import numpy as np
import pytest

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.theory.diagrams import broken_lines, diagram, regions
from densehop.theory.diagrams.axes import window
from densehop.theory.diagrams.broken_lines import BrokenLine
from densehop.theory.lines.planes import plane
from tests.progress import CountingProgress

PLANES = [  # a point of the phase that appears last
    ("fixed_teacher", 3, {"teacher_temperature": 3.0}, (11.5, 3.0), "gR"),
    ("fixed_teacher", 3, {"teacher_temperature": 8.0}, (80.0, 8.0), "gR"),
    ("fixed_teacher", 2, {"teacher_temperature": 6.0}, (9.0, 6.0), "gR"),
    ("fixed_load", 3, {"load": 20.0}, (3.9, 3.9), "gR"),
    ("fixed_load", 3, {"load": 20.0}, (4.6, 4.6), "P"),
    ("fixed_load", 2, {"load": 20.0}, (8.0, 8.0), "gR"),
    ("fixed_load", 2, {"load": 20.0}, (9.0, 9.0), "P"),
    ("finite_noise", 4, {"teacher_temperature": 6.0}, (9.0, 0.3), "gR"),
    ("large_noise", 4, {"scaled_teacher_temperature": 2.0}, (100.0, 8.0), "gR"),
    ("direct", 20, {}, (2.0, 0.4), "lR"),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("model", "p", "settings", "point", "name"), PLANES)
def test_the_default_window_holds_every_phase(model, p, settings, point, name):
    where = plane(model, p, **settings)
    (left, right), (low, high) = window(where)
    assert dh.phase(where.problem(*point)).value == name
    assert left < point[0] < 0.9 * right
    assert low < point[1] < 0.9 * high


@pytest.fixture(scope="module")
def broken():
    """The plane of p = 3 in 1RSB, with few points on its lines, since each takes half a second."""
    progress = CountingProgress()
    patch = pytest.MonkeyPatch()
    patch.setattr(broken_lines, "POINTS", 9)
    with pytest.warns(RuntimeWarning, match="a winner that breaks replica symmetry: its phase is known"):
        data = dh.phase_diagram(3, "direct", [0.5, 0.8, 0.9, 0.95], [0.05, 0.4, 1.2], ansatz="1rsb", progress=progress)
    patch.undo()
    assert progress.done == progress.announced
    return data


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_phases_and_lines_of_one_step_of_breaking(broken):
    names = np.array(broken["phase"].attrs["flag_meanings"].split())[broken["phase"].values]
    for row, temperature in enumerate(broken["temperature"].values):
        for column, load in enumerate(broken["alpha"].values):
            problem = dh.DirectModel(3, float(load), float(temperature))
            assert names[row, column] == dh.phase(problem, "1rsb").value, (load, temperature)
    assert names[0].tolist() == ["gR", "gR", "lR", "SG"]
    assert np.array(broken["phase"].attrs["flag_meanings"].split())[broken["phase_rs"].values[0, 2]] == "SG"
    ends = broken["retrieval_spinodal_1rsb_alpha"].values, broken["retrieval_spinodal_1rsb_temperature"].values
    assert ends[0][ends[1] == 0.0] == pytest.approx(dh.retrieval_boundary(3, 0.0, ansatz="1rsb"), rel=1e-12)
    known = ~np.isnan(broken["m"].values)
    assert not known[0, 1]  # gR that breaks symmetry: its numbers are not those of replica symmetry
    assert known[0, 2]


def test_broken_lines_interpolate_what_boundary_finds(broken):
    t, load = (broken[f"retrieval_spinodal_1rsb_{name}"].values for name in ("temperature", "alpha"))
    line = BrokenLine(t, load, np.zeros_like(t), float(t[-1]))
    assert line.at(np.array([0.31]))[0] == pytest.approx(dh.retrieval_boundary(3, 0.31, ansatz="1rsb"), abs=2e-3)


def test_colours_lie_between_lines():
    fine = np.linspace(0, 1, 101), np.linspace(0, 2, 101)
    x, t = np.linspace(0, 1, 5), np.linspace(0, 2, 5)
    slope = np.linspace(0, 1, 51)
    codes = np.where(t[:, None] > 2 * x[None, :], 1, 0).astype(np.int8)
    found = regions.between_lines(x, t, fine, codes, [(slope, 2 * slope)], lambda *_: 7)
    exact = np.where(fine[1][:, None] > 2 * fine[0][None, :], 1, 0)
    off = np.abs(fine[1][:, None] - 2 * fine[0][None, :]) > 0.03
    assert (found == exact)[off].all()
    strip = [(slope, np.full(51, 1.1)), (slope, np.full(51, 1.4))]  # a region without a point of the grid
    found = regions.between_lines(x, t, fine, np.zeros((5, 5), dtype=np.int8), strip, lambda *_: 7)
    assert (found[57:68] == 7).all()
    assert (found[:54] == 0).all()
    assert (found[72:] == 0).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_two_bodies_are_coloured_between_their_lines(monkeypatch):
    monkeypatch.setattr(diagram, "PAIRWISE_LINE_POINTS", 41)
    data = dh.phase_diagram(2, "direct", np.linspace(0, 0.4, 4), np.linspace(0, 3, 5))
    names = np.array(data["map_phase"].attrs["flag_meanings"].split())
    map_ = data["map_phase"]
    for load, temperature in [(0.2, 0.5), (0.1, 1.0), (0.02, 1.2), (0.3, 2.6), (0.05, 2.5), (0.35, 1.0)]:
        code = int(map_.sel(map_alpha=load, map_temperature=temperature, method="nearest"))
        assert names[code] == dh.phase(dh.DirectModel(2, load, temperature)).value, (load, temperature)


def test_boundary_reports_its_points():
    progress = CountingProgress()
    dh.boundary("retrieval_spinodal", 3, [0.1, 0.2, 0.3], progress=progress)
    assert (progress.done, progress.announced) == (3, 3)
    assert dh.boundary("retrieval_spinodal", 3, [0.1], progress=NoProgress()).n_missing == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_symmetry_breaks_where_it_matters_to_the_phase():
    """A metastable example that breaks symmetry is no matter of the glass; at T = 0.8 there is one at load 0.9."""
    found = dh.phase_diagram(3, "fixed_teacher", [0.7, 0.9, 3.5], [0.1, 0.8], teacher_temperature=1.5, boundaries=False)
    names = np.array(found["phase"].attrs["flag_meanings"].split())[found["phase"].values]
    assert names.tolist() == [["eR", "SG", "gR"], ["eR", "SG", "gR"]]
    assert np.isfinite(found["retrieval_overlap"].values[1, 1])
    assert found["rs_unstable"].values.tolist() == [[True, False, True], [False, False, False]]


def test_symmetry_breaks_also_where_only_one_step_has_a_state(broken):
    """T = 0.05: at load 0.9 replica symmetry has no retrieval any more, and 1RSB has a metastable one."""
    assert broken["rs_unstable"].values[0].tolist() == [True, True, True, False]
    with pytest.warns(RuntimeWarning, match="has no state|unstable|not exact"):
        assert dh.phase(dh.DirectModel(3, 0.9, 0.05), "1rsb").value == "lR"
    with pytest.raises(dh.NoSolution):
        dh.solve(dh.DirectModel(3, 0.9, 0.05), "retrieval")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "fixed_teacher", "teacher_temperature": 1.9}, "ordered below T_crit = 2"),
        ({"model": "fixed_teacher", "teacher_temperature": 2.0}, "critical at T"),
        ({"model": "fixed_load", "load": 0.5, "coordinates": [1.5, 2.5]}, "ordered below T_crit = 2"),
    ],
)
def test_planes_of_an_ordered_teacher_are_refused(arguments, message):
    with pytest.raises(dh.OutOfRange, match=message):
        dh.phase_diagram(2, temperatures=[0.5, 1.0], boundaries=False, **arguments)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_examples_that_win_in_replica_symmetry_alone_do_not_win(monkeypatch):
    """1RSB raises the free energy of an example: at load 0.8461, T = 0.389 the glass wins against it."""
    monkeypatch.setattr(broken_lines, "POINTS", 9)
    point = {"coordinates": [0.5, 0.8461], "temperatures": [0.389, 1.2], "teacher_temperature": 1.5}
    found = dh.phase_diagram(3, "fixed_teacher", **point, ansatz="1rsb", boundaries=False)
    names = np.array(found["phase"].attrs["flag_meanings"].split())
    assert names[found["phase"].values[0]].tolist() == ["eR", "SG"]
    assert names[found["phase_rs"].values[0]].tolist() == ["eR", "eR"]
