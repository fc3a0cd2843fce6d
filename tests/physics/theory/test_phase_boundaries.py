"""Traced lines: published numbers, exact points on them, the phases they separate, and the errors they claim."""

import math
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import erf

import densehop as dh
from densehop.theory.lines import curves
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.states import broken_curve, site

BODIES = (3, 5)


def quiet(function, *arguments, **named):
    """Call without the warnings about stability, which are tested by themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(*arguments, **named)


# --- published numbers and exact points -------------------------------------------------------------------------------


def test_two_bodies_at_zero_temperature():
    """M/N = 0.137906 in replica symmetry (Amit, Gutfreund & Sompolinsky 1985: 0.138) and 0.138186 with one step
    (Steffan & Kühn, Z. Phys. B 95, 249 (1994)); load = 2 M/N."""
    assert dh.retrieval_boundary(2, 0.0) / 2 == pytest.approx(0.137906, abs=5e-7)
    assert dh.retrieval_boundary(2, 0.0, "spinodal", "1rsb") / 2 == pytest.approx(0.138186, abs=1e-6)


def test_three_bodies_at_zero_temperature():
    """0.756571 in replica symmetry (Gardner 1987's equations); one step reaches much further, but not beyond the end
    on the Nishimori line, 1/Gamma_lR = 0.929150."""
    assert dh.retrieval_boundary(3, 0.0) == pytest.approx(0.756571, abs=5e-7)
    broken = dh.retrieval_boundary(3, 0.0, "spinodal", "1rsb")
    assert broken == pytest.approx(0.92242, abs=5e-6)
    assert broken < 1 / dh.nishimori_lines(3).gamma_local


def test_one_step_spinodal_lies_between_replica_symmetry_and_the_nishimori_line():
    peak = 1 / dh.nishimori_lines(3).gamma_local
    broken = dh.retrieval_boundary(3, 0.2, "spinodal", "1rsb")
    assert dh.retrieval_boundary(3, 0.2) < 0.95 * broken
    assert 0.99 * peak < broken < peak
    for temperature in (peak, 1.2):  # replica symmetry is stable up to the end
        plain = dh.retrieval_boundary(3, temperature)
        assert dh.retrieval_boundary(3, temperature, "spinodal", "1rsb") == plain


def test_three_bodies_global_retrieval():
    """alpha = 0.846 at T = 0.5 against the 1RSB glass; the paramagnet as rival would be badly wrong there, 0.685."""
    load = dh.retrieval_boundary(3, 0.5, "global")
    assert load == pytest.approx(0.846015, abs=1e-6)
    retrieved = quiet(dh.solve, dh.DirectModel(3, 0.685, 0.5), "retrieval")
    calm = quiet(dh.solve, dh.DirectModel(3, 0.685, 0.5), "paramagnet")
    assert retrieved.free_energy == pytest.approx(calm.free_energy, abs=1e-3)
    broken = dh.retrieval_boundary(3, 0.5, "global", "1rsb")
    assert 0 < load - broken < 1e-4


def test_one_step_global_line_separates_the_phases():
    """At low T, beyond the replica-symmetric spinodal: free energies of two 1RSB states are equal on it."""
    temperature = 0.2
    load = dh.retrieval_boundary(3, temperature, "global", "1rsb")
    assert dh.retrieval_boundary(3, temperature) < load < dh.retrieval_boundary(3, temperature, "spinodal", "1rsb")
    problem = dh.DirectModel(3, load, temperature)
    retrieved, frozen = (quiet(dh.solve, problem, branch, "1rsb") for branch in ("retrieval", "spin_glass"))
    assert retrieved.free_energy == pytest.approx(frozen.free_energy, abs=1e-10)
    for factor, expected in ((1 - 1e-6, dh.Phase.GLOBAL_RETRIEVAL), (1 + 1e-6, dh.Phase.LOCAL_RETRIEVAL)):
        assert quiet(dh.phase, dh.DirectModel(3, load * factor, temperature), "1rsb") is expected


@pytest.mark.parametrize("p", BODIES)
@pytest.mark.parametrize("kind", ["spinodal", "global"])
def test_largest_load_lies_on_the_nishimori_line(p, kind):
    """The direct model's lines are highest at alpha = T = 1/Gamma_lR and 1/Gamma_gR, the latter the triple point.

    There u = -1 in retrieval, paramagnet and glass alike: equal f means equal s, and the slope vanishes on both sides.
    """
    lines = dh.nishimori_lines(p)
    peak = 1 / (lines.gamma_local if kind == "spinodal" else lines.gamma_global)
    assert dh.retrieval_boundary(p, peak, kind) == pytest.approx(peak, rel=1e-12)
    for step in (1e-3, -1e-3):
        near, far = (dh.retrieval_boundary(p, peak + k * step, kind) for k in (1, 2))
        assert far < near < peak
        assert (peak - far) / (peak - near) == pytest.approx(4, rel=0.02)
    best = minimize_scalar(
        lambda t: -dh.retrieval_boundary(p, t, kind), bounds=(peak - 0.02, peak + 0.02), method="bounded"
    )
    assert best.x == pytest.approx(peak, abs=2e-5)
    for temperature in (0.05, 0.4, 1.1, 1.3):
        assert dh.retrieval_boundary(p, temperature, kind) < peak


@pytest.mark.parametrize("p", BODIES)
def test_triple_point(p):
    """Paramagnet, glass and retrieval have equal free energies at alpha = T = 1/Gamma_gR."""
    t = 1 / dh.nishimori_lines(p).gamma_global * (1 - 1e-13)
    retrieved = dh.solve(dh.DirectModel(p, t, t), "retrieval")
    calm = dh.solve(dh.DirectModel(p, t, t), "paramagnet")
    frozen = dh.solve(dh.DirectModel(p, t, t), "spin_glass", "1rsb")
    assert retrieved.free_energy == pytest.approx(calm.free_energy, rel=1e-11)
    assert frozen.free_energy == pytest.approx(calm.free_energy, rel=1e-11)


@pytest.mark.parametrize("p", [3, 6])
def test_ends_without_load(p):
    """As the load vanishes the global line reaches the teacher's T_crit and the spinodal its own end."""
    critical = dh.critical_temperature(p)
    assert dh.retrieval_boundary(p, critical.temperature * (1 - 1e-8), "global") < 1e-7
    assert dh.retrieval_boundary(p, critical.spinodal_temperature * (1 - 1e-6)) < 1e-5
    with pytest.raises(dh.NoSolution, match=f"is global below T = {critical.temperature:.4f}"):
        dh.retrieval_boundary(p, critical.temperature * (1 + 1e-6), "global")
    with pytest.raises(dh.NoSolution, match=f"exists below T = {critical.spinodal_temperature:.4f}"):
        dh.retrieval_boundary(p, critical.spinodal_temperature * (1 + 1e-6))


@pytest.mark.parametrize("temperature", [0.0, 0.13, 0.31, 0.47, 0.66, 0.79])
def test_global_line_against_the_glass_itself(temperature):
    """The tabulated free energy of the glass is that of the solver to 1e-10, in both directions."""
    for load in (0.3, 0.9, 5.0):
        t = temperature * math.sqrt(load)
        frozen = quiet(dh.solve, dh.DirectModel(3, load, t), "spin_glass", "1rsb")
        assert curves.background(3, load, t) == pytest.approx(frozen.free_energy, abs=2e-11 * math.sqrt(load))
    load = dh.retrieval_boundary(3, temperature, "global")
    if load < dh.retrieval_boundary(3, temperature):
        problem = dh.DirectModel(3, load, temperature)
        rivals = [quiet(dh.solve, problem, *branch) for branch in (("retrieval",), ("spin_glass", "1rsb"))]
        assert rivals[0].free_energy == pytest.approx(rivals[1].free_energy, abs=1e-10)


# --- stability and entropy --------------------------------------------------------------------------------------------

FIXED = {"model": "fixed_teacher", "teacher_temperature": 2.0}
TAUGHT = {"model": "fixed_teacher", "teacher_temperature": 3.0}
COLD = {"model": "fixed_load", "load": 12.0}
HOT = {"model": "large_noise", "scaled_teacher_temperature": 0.8}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("retrieval_stability", {}), ("inference_stability", FIXED), ("inference_stability", COLD)],
)
def test_replicon_vanishes_on_stability_lines(kind, settings):
    line = dh.boundary(kind, 3, points=7, **settings)
    assert line.coordinate.size >= 2
    for coordinate, temperature in zip(map(float, line.coordinate), map(float, line.temperature), strict=True):
        if line.model == "direct":
            found = quiet(dh.solve, dh.DirectModel(3, coordinate, temperature), "retrieval")
        else:
            load, taught = (coordinate, 2.0) if line.model == "fixed_teacher" else (12.0, coordinate)
            found = quiet(dh.solve, dh.TeacherStudent(3, load, temperature, taught))
        assert found.replicon == pytest.approx(0, abs=1e-9)


def test_entropy_of_the_paramagnet_vanishes_on_its_line():
    line = dh.boundary("zero_entropy", 3, [0.7, 2.0])
    for load, temperature in zip(line.coordinate, line.temperature, strict=True):
        calm = dh.solve(dh.DirectModel(3, float(load), float(temperature)), "paramagnet")
        assert calm.entropy == pytest.approx(0, abs=1e-14)


# --- two ways to the same line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "kind", "settings"),
    [(3, "inference_spinodal", FIXED), (3, "inference_global", COLD), (4, "inference_spinodal", HOT)],
)
def test_temperatures_asked_for_lie_on_the_explicit_trace(p, kind, settings):
    trace = dh.boundary(kind, p, points=5, **settings)
    asked = dh.boundary(kind, p, trace.temperature, **settings)
    assert asked.temperature == pytest.approx(trace.temperature, rel=1e-11, abs=1e-14)
    assert asked.coordinate == pytest.approx(trace.coordinate, rel=1e-9)


def test_lines_at_fixed_load_end_where_the_teacher_orders():
    critical = dh.critical_temperature(3).temperature
    for kind in ("inference_spinodal", "inference_global", "inference_stability"):
        assert (dh.boundary(kind, 3, points=21, **COLD).coordinate >= critical).all()
    with pytest.raises(dh.NoSolution, match="no inference_spinodal line for p = 3, model 'fixed_load'"):
        dh.boundary("inference_spinodal", 3, model="fixed_load", load=1.0)


def test_lines_of_retrieval_are_those_of_retrieval_boundary():
    for kind in ("spinodal", "global"):
        line = dh.boundary(f"retrieval_{kind}", 3, points=5)
        expected = [dh.retrieval_boundary(3, float(t), kind) for t in line.temperature]
        assert line.coordinate.tolist() == expected
        assert (line.axis, line.model, line.kind) == ("alpha", "direct", f"retrieval_{kind}")


# --- errors -----------------------------------------------------------------------------------------------------------


def test_error_covers_exact_values():
    for p in (3, 4, 5):
        peak = minimize_scalar(
            lambda x: -p * erf(x) ** (2 * p - 2) / (2 * x**2),  # noqa: B023
            bounds=(0.5, 4),
            method="bounded",
            options={"xatol": 1e-8},
        )
        cold = limits.spinodal_load(p, 0.0)
        assert abs(cold.value + peak.fun) <= cold.error + 4e-16
        for kind, gamma in (
            (limits.spinodal_load, dh.nishimori_lines(p).gamma_local),
            (curves.global_load, dh.nishimori_lines(p).gamma_global),
        ):
            found = kind(p, 1 / gamma)
            assert abs(found.value - 1 / gamma) <= 2 * found.error + 1e-15


CACHES = (many_body.spinodal, curves.glass_table, glass.at_parisi, nishimori._lines, broken_curve.curve)


@pytest.fixture
def finer_quadrature(monkeypatch):
    """Return a function that replaces the quadrature of `site` by another one, finer and with another seam."""

    def forget():
        for cache in CACHES:
            cache.cache_clear()

    def replace():
        nodes, weights = np.polynomial.legendre.leggauss(30)
        monkeypatch.setattr(site, "GAUSS_NODES", nodes)
        monkeypatch.setattr(site, "GAUSS_WEIGHTS", weights)
        monkeypatch.setattr(site, "PANELS", (0.0, 1.0, 3.0, 7.0, 12.0, 24.0))
        monkeypatch.setattr(site, "WIDE", 1.7)
        h, w = site._panels()
        z = np.arange(0.0, 10.0, 1 / 13)
        z_weights = np.exp(-(z**2) / 2) * np.where(z == 0, 0.5, 1.0)
        changed = {"H": h, "W": w, "TANH": np.tanh(h), "SECH2": np.cosh(h) ** -2, "Z": z}
        changed |= {"FAR": np.log1p(np.exp(-2 * h)), "LOSS": 2 / (1 + np.exp(2 * h)), "Z_WEIGHTS": z_weights}
        changed |= {"SPIN_ENTROPY": changed["FAR"] + h * changed["LOSS"]}
        changed["Z_WEIGHTS"] = z_weights / z_weights.sum()
        weighed = {"SECH2": changed["SECH2"], "SECH4": changed["SECH2"] ** 2, "LOSS": changed["LOSS"]}
        weighed |= {"TANH_SECH2": changed["TANH"] * changed["SECH2"], "ENTROPY": changed["SPIN_ENTROPY"]}
        changed |= {"PAIRS": np.stack([z, -z])} | {f"W_{name}": w * value for name, value in weighed.items()}
        for name, value in changed.items():
            monkeypatch.setattr(site, name, value)
        forget()

    yield replace
    monkeypatch.undo()
    forget()


def test_error_covers_another_quadrature(finer_quadrature):
    """The same lines with other nodes, panels and seam differ by no more than the errors of both allow."""
    points = [
        (curve, p, t)
        for curve in (limits.spinodal_load, curves.global_load, limits.stability_load)
        for p in (3, 5)
        for t in ((0.02, 0.1, 0.2) if curve is limits.stability_load else (0.05, 0.5, 0.75, 1.0, 1.3))
    ]
    before = [curve(p, t) for curve, p, t in points]
    finer_quadrature()
    for (curve, p, t), first in zip(points, before, strict=True):
        second = curve(p, t)
        assert abs(second.value - first.value) <= 2 * (first.error + second.error), (curve.__name__, p, t)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_lines_that_do_not_exist_are_refused():
    for arguments, settings, error, message in (
        (("inference_spinodal", 3), {}, dh.InvalidInput, "a direct model has no inference boundary"),
        (("retrieval_spinodal", 3), COLD, dh.InvalidInput, "retrieval does not depend on the teacher_temperature"),
        (("inference_or_retrieval", 3, [0.5]), FIXED, dh.NoSolution, "no inference_or_retrieval line for p = 3"),
        (("inference_stability", 3), {"model": "nishimori"}, dh.NoSolution, "replica symmetry is exact there"),
        (("retrieval_global", 3, [2.0]), {}, dh.NoSolution, "no retrieval_global line for p = 3"),
        (("inference_or_retrieval", 2), TAUGHT, dh.InvalidInput, "has no line 'inference_or_retrieval'"),
        (("spinodal", 3), {}, dh.InvalidInput, "kind must be one of 'retrieval_spinodal'"),
    ):
        with pytest.raises(error, match=message):
            dh.boundary(*arguments, **settings)
    for arguments in ((3, 0.5, "local"), (3, 0.5, "spinodal", "2rsb"), (1, 0.5), (3, -0.5)):
        with pytest.raises(dh.InvalidInput):
            dh.retrieval_boundary(*arguments)
