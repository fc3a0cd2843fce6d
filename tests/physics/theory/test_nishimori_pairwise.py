"""The Nishimori line of two bodies: a continuous transition, identities of the Wishart functional."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import densehop as dh
from tests import naive_replicas


def test_pairwise_transition_is_continuous():
    with pytest.raises(dh.InvalidInput, match="the transition of p = 2 is continuous"):
        dh.nishimori_lines(2)
    temperature, critical = 3.0, 2 * (3.0 / 2 - 1) ** 2  # load alpha = 2 M/N
    with pytest.raises(dh.NoSolution, match="begins continuously"):
        dh.solve(dh.TeacherStudent.nishimori(2, critical * 0.999, temperature))
    overlaps = [dh.solve(dh.TeacherStudent.nishimori(2, critical * (1 + x), temperature)).q for x in (1e-6, 1e-4, 1e-2)]
    assert overlaps[0] < 1e-5
    assert overlaps == sorted(overlaps)


@given(st.floats(2.01, 20.0), st.floats(1.001, 50.0))
def test_pairwise_identities_at_random_points(temperature, ratio):
    """p = 2: the two-parameter functional of the Wishart noise is stationary at q = q*, and u = -gamma c."""
    beta, c = 1 / temperature, 2 / temperature / (1 - 2 / temperature)
    gamma = ratio * (temperature / 2 - 1) ** 2
    found = dh.solve(dh.TeacherStudent.nishimori(2, 2 * gamma, temperature))
    assert found.residual < 1e-9
    assert found.energy == pytest.approx(-gamma * c, rel=1e-13)
    assert found.free_entropy == pytest.approx(
        naive_replicas.free_entropy_pairwise(beta, gamma, c, found.q, found.q), rel=1e-11
    )
    change = 1e-4 * (beta - 2 * beta**2)
    slope = (
        naive_replicas.free_entropy_pairwise(beta + change, gamma, c, found.q, found.q)
        - naive_replicas.free_entropy_pairwise(beta - change, gamma, c, found.q, found.q)
    ) / (2 * change)
    assert found.energy == pytest.approx(-slope, rel=1e-5)
    assert found.replicon > 0


def test_phases_of_two_bodies():
    assert dh.phase(dh.TeacherStudent.nishimori(2, 0.49, 3.0)) is dh.Phase.PARAMAGNETIC
    assert dh.phase(dh.TeacherStudent.nishimori(2, 0.51, 3.0)) is dh.Phase.GLOBAL_RETRIEVAL
    assert dh.phase(dh.TeacherStudent.nishimori(2, 0.1, 1.9)) is dh.Phase.EXAMPLE_RETRIEVAL


@pytest.mark.parametrize("temperature", [2.001, 3.0, 10.0])
@pytest.mark.parametrize("distance", [1e-4, 1e-6, 1e-8])
def test_pairwise_overlap_near_its_transition(temperature, distance):
    """q = distance/(1 + c) to first order: relative digits, not absolute ones."""
    load = 2 * (temperature / 2 - 1) ** 2 * (1 + distance)
    found = dh.solve(dh.TeacherStudent.nishimori(2, load, temperature))
    expected = distance / (1 + 2 / (temperature - 2))
    assert found.q == pytest.approx(expected, rel=4 * distance + 1e-15 / distance)
    assert found.residual < 1e-11


def test_two_bodies_at_the_teacher_critical_point():
    with pytest.raises(dh.OutOfRange, match="the teacher is exactly critical"):
        dh.solve(dh.TeacherStudent.nishimori(2, 0.5, 2.0))
    with pytest.raises(dh.NoSolution, match="it exists above T = 2"):
        dh.solve(dh.TeacherStudent.nishimori(2, 0.5, 2.0), "paramagnet")
