"""Guided tours: what each step says is what theory, simulation, attack and restoration give there."""

import numpy as np
import pytest

from densehop.apps.explorer.compute import attack, restoration
from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.apps.explorer.compute.stored import stored_digits
from densehop.apps.explorer.compute.tours import TOURS
from densehop.apps.explorer.sessions.state import SessionState
from densehop.theory.questions.shannon import channel_capacity


def simulated(controls, n_sweeps=400):
    """Return the phase, the likeliest branch and the mean overlap of a step."""
    plane = PhasePlane.from_controls(controls["model"], controls.get("p", 2), controls.get("teacher_t", 3.0))
    point = Point(plane, controls["x"], controls["t"])
    settings = controls["n"], controls["disorders"], controls.get("start", "pattern"), controls.get("amount", 0.5)
    simulation = Simulation(SimulationRequest(point, *settings, n_sweeps=n_sweeps))
    while not simulation.finished:
        simulation.advance()
    phase, ranked = point.phase_and_branches()
    return phase.value, ranked[0].branch, simulation.mean_overlap()[0]


@pytest.mark.parametrize("name", TOURS)
def test_controls_can_have_the_values_of_every_step(name):
    for step in TOURS[name].steps:
        state = SessionState()
        assert state.load_query({key: str(value) for key, value in step.controls.items()}) == ""


def test_a_memory_is_lost():
    phases, branches, overlaps = zip(*(simulated(step.controls) for step in TOURS["lost"].steps), strict=True)
    assert phases == ("gR", "lR", "SG")
    assert branches == ("retrieval", "spin_glass", "spin_glass")
    assert overlaps[0] > 0.999
    assert 0.95 < overlaps[1] < 0.999
    assert 0.2 < overlaps[2] < 0.85


def test_features_prototypes_and_a_student_who_does_not_find_the_pattern():
    assert [simulated(step.controls)[:2] for step in TOURS["features"].steps] == [
        ("gR", "inference"),
        ("eR", "retrieval"),
    ]
    (_, likeliest, at_pattern), (_, _, from_random) = (simulated(step.controls) for step in TOURS["hard"].steps)
    assert likeliest == "inference"
    assert at_pattern > 0.9
    assert abs(from_random) < 0.3


def test_shannons_limit_is_between_the_loads_of_the_tour():
    steps = [step.controls for step in TOURS["shannon"].steps]
    limits = [channel_capacity((1 - controls["amount"]) / 2) for controls in steps]
    assert [controls["x"] < limit for controls, limit in zip(steps, limits, strict=True)] == [True, False, True]
    assert limits[0] == pytest.approx(0.193, abs=5e-4)
    assert limits[2] == pytest.approx(0.495, abs=5e-4)
    found = [simulated(controls, 20) for controls in steps]
    assert [one[:2] for one in found] == [("gR", "retrieval")] * 3
    assert found[0][2] > 0.999
    assert found[1][2] < 0.7
    assert found[2][2] > 0.95


def test_attacks_and_digits_end_as_the_tours_say():
    ends = []
    for step in TOURS["attack"].steps:
        tried = attack.AttackSimulation(attack.Attack(*(step.controls[key] for key in ("attack_load", "eps", "digit"))))
        while not tried.finished:
            tried.advance()
        ends.append(max(tried.counts, key=tried.counts.get))
    assert ends == ["recovered", "captured", "recovered"]
    stored = stored_digits()
    for step in TOURS["digits"].steps:
        damage = restoration.Damage(*(step.controls[key] for key in ("digit", "hidden", "flipped", "overwritten")))
        restored = restoration.Restoration(stored, damage)
        while not restored.finished:
            restored.advance()
        right = [name for name, state in restored.states.items() if np.array_equal(state, stored[damage.digit])]
        assert right == ["rectified n = 10", "exponential"]
