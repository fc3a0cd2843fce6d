"""Why a simulation leaves the theory, where its chains have gone, and how hard it is to find the pattern."""

import math
import re

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize_scalar

import densehop as dh
from densehop.apps.explorer.compute import description
from densehop.apps.explorer.compute.cut import agreement
from densehop.apps.explorer.compute.destination import destination
from densehop.apps.explorer.compute.difficulty import Student, difficulty, has_difficulty, sentence
from densehop.apps.explorer.compute.exponential_size import wall
from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest

EXPONENTIAL = PhasePlane("exponential", None, None, 1.0)
EXAMPLES = PhasePlane("exponential_examples", None, None, 1.0, 0.6)


def simulated(point, n_spins, n_sweeps, n_disorders=4):
    simulation = Simulation(SimulationRequest(point, n_spins, n_disorders, n_sweeps=n_sweeps))
    while not simulation.finished:
        simulation.advance()
    return simulation


@pytest.mark.parametrize(("load", "temperature"), [(0.2, 0.6), (0.1, 1.0), (0.3, 0.3)])
def test_the_wall_is_the_drop_of_free_entropy_to_where_the_others_weigh_as_much(load, temperature):
    """f(x) is the entropy of spins at overlap x with a memory, plus x/T; its maximum is the memory's state."""

    def free_entropy(x):
        return -sum(y * math.log(y) for y in ((1 + x) / 2, (1 - x) / 2)) + x / temperature

    others = load + math.log(math.cosh(1.0))  # log of the mean weight of the others, at L = 1 where many carry it
    if math.tanh(1.0) * 1.0 - math.log(math.cosh(1.0)) > load:  # else the closest ones do: I(m*) = A
        others = minimize_scalar(
            lambda m: abs(math.log(2) - (free_entropy(m) - m / temperature) - load), bounds=(0, 1), method="bounded"
        ).x
    top = minimize_scalar(lambda x: -free_entropy(x), bounds=(0, 1), method="bounded").x
    expected = free_entropy(top) - free_entropy(others)
    assert wall(dh.ExponentialModel(load, 1.0, temperature)) == pytest.approx(expected, rel=1e-4)
    assert wall(dh.ExponentialModel(load, 1.0, 0.0)) == math.inf


def test_chains_cross_low_walls_and_the_page_says_so():
    point = Point(EXPONENTIAL, 0.2, 0.6)
    assert 16 * wall(point.problem) < math.log(40) < 48 * wall(point.problem)
    low, high = simulated(point, 16, 60), simulated(point, 48, 30, 2)
    m = point.levels(16).overlap
    assert low.mean_overlap()[0] < 0.5 * m
    assert high.mean_overlap()[0] == pytest.approx(m, abs=0.03)
    said = description.small_size_warning(point, 16)
    assert f"N = 16 there are {dh.n_examples_for(0.2, 16, None)} memories" in said
    enough = int(re.search(r"take N = (\d+) or more", said).group(1))
    assert description.small_size_warning(point, enough) == ""
    assert "at other memories" in description.result(low, point.levels(16))
    assert "25 examples" in description.small_size_warning(Point(EXAMPLES, 0.2, 0.3), 16)
    archetypes = PhasePlane("exponential_archetypes", None, sharpness=1.0, reliability=0.6, copies_load=0.05)
    assert "2 copies of each archetype" in description.small_size_warning(Point(archetypes, 0.1, 0.3), 16)
    rectified = PhasePlane("rectified", None, degree=0.3)
    assert description.small_size_warning(Point(rectified, 0.1, 0.3), 16) == ""  # memories, and no wall is known


def test_chains_that_leave_a_feature_for_an_example_are_found_there():
    point = Point(EXAMPLES, 0.06, 0.8)
    simulation = simulated(point, 64, 60)
    assert "chains have left the pattern for a prototype" in description.result(simulation, point.levels(64))
    assert destination(point, point.levels(64).energy, 0.001, False) == ""
    assert destination(point, simulation.mean_energy()[0], 1.0, True) == ""  # an error bar that holds both


@pytest.mark.parametrize(("load", "word"), [(2.0, "impossible"), (6.0, "hard"), (10.0, "easy")])
def test_how_hard_it_is_to_find_the_pattern_is_what_the_theory_says(load, word):
    student = Student(Point(PhasePlane("nishimori", 3), load, 2.0), 128)
    found = difficulty(student)
    asked = dh.theory.inference_regime(128, dh.n_examples_for(load, 128, 3), 3, 2.0)
    assert (found.attrs["regime"], found.attrs["explanation"]) == (word, asked.explanation)
    assert f"<b>Finding the pattern: {word}</b> at N = 128" in sentence(128, found)


def test_no_difficulty_where_there_is_nothing_to_find():
    assert not has_difficulty(Point(PhasePlane(), 0.1, 0.5))
    assert not has_difficulty(Point(EXAMPLES, 0.1, 0.5))
    assert sentence(64, difficulty(Student(Point(PhasePlane("nishimori", 3), 0.0, 2.0), 64))) == ""


def test_a_cut_counts_what_agrees_and_says_where_the_state_ends():
    positions = np.linspace(0.0, 2.0, 21)
    theory = xr.Dataset(
        {
            "winner": ("position", np.where(positions < 0.8, 1.0, 0.0)),
            "ordered": ("position", np.where(positions < 1.05, 1.0, np.nan)),
            "finite_size": ("coarse_position", np.full(5, np.nan)),
        },
        {"position": positions, "coarse_position": positions[::5]},
    )
    good = np.array([[0.5, 0.999, 0.001], [0.9, 0.99, 0.01], [1.5, 0.01, 0.01]])
    assert agreement(theory, good, 64) == "3 of 3 agree with the theory within 3 standard errors."
    bad = agreement(theory, np.array([[0.5, 1.0, 0.001], [1.1, 0.4, 0.01]]), 64)
    assert bad.startswith("1 of 2 agree")
    assert "an ordered state up to 1: 1 of 1 agree there" in bad
    late = theory.assign(ordered=("position", np.where(positions > 1.05, 1.0, np.nan)))
    assert "from 1.1 on: 0 of 1 agree" in agreement(late, np.array([[0.5, 1.0, 0.001], [1.5, 0.4, 0.01]]), 64)
