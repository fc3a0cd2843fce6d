import dataclasses
import math

import pytest

import densehop as dh


def test_nishimori_problem():
    problem = dh.TeacherStudent.nishimori(p=3, load=20, temperature=4)
    assert problem == dh.TeacherStudent(p=3, load=20.0, temperature=4.0, teacher_temperature=4.0, teacher_p=3)
    assert problem.on_nishimori_line
    assert problem.gamma == 20 / 16
    assert not dataclasses.replace(problem, teacher_p=4).on_nishimori_line
    assert not dataclasses.replace(problem, teacher_temperature=4.1).on_nishimori_line


def test_problem_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        dh.TeacherStudent.nishimori(3, 1.0, 2.0).load = 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 1}, "p must be an integer >= 2, got 1"),
        ({"load": -0.2}, "load must be a finite number >= 0, got -0.2"),
        ({"load": math.nan}, "load must be a finite number >= 0, got nan"),
        ({"temperature": -1}, "temperature must be a finite number >= 0, got -1"),
        ({"teacher_temperature": 0}, "teacher_temperature must be a finite positive number, got 0"),
        ({"teacher_temperature": None}, "give exactly one of teacher_temperature and signal"),
        ({"signal": 1.0}, "give exactly one of teacher_temperature and signal"),
        ({"signal": -1.0, "teacher_temperature": None}, "signal must be a finite number >= 0, got -1"),
        ({"signal": 1.0, "teacher_temperature": None, "p": 2}, "p = 2 takes teacher_temperature, not signal"),
        ({"teacher_temperature": -1}, "teacher_temperature must be a finite positive number, got -1"),
        ({"teacher_p": 0}, "teacher_p must be an integer >= 2, got 0"),
        ({"load": "much"}, "load must be a finite number >= 0, got 'much'"),
    ],
)
def test_wrong_values_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.TeacherStudent(**{"p": 3, "load": 1.0, "temperature": 2.0, "teacher_temperature": 2.0, **arguments})


def test_load_and_examples_are_inverse():
    assert dh.n_examples_for(9.0, 512, 3) == 393_216  # the published size
    assert dh.load_of(393_216, 512, 3) == 9.0
    assert dh.load_of(50, 1000, 2) == 0.1  # at p = 2 twice M/N
    with pytest.raises(dh.InvalidInput, match="load must be"):
        dh.n_examples_for(-1.0, 512, 3)


@pytest.mark.parametrize("arguments", [{"p": 1}, {"load": -0.1}, {"load": math.inf}, {"temperature": -1}, {"p": 2.5}])
def test_direct_model_refuses_wrong_values(arguments):
    with pytest.raises(dh.InvalidInput, match=f"{next(iter(arguments))} must be"):
        dh.DirectModel(**{"p": 3, "load": 1.0, "temperature": 2.0, **arguments})


def test_gamma_at_zero_temperature():
    assert dh.DirectModel(3, 0.4, 0.0).gamma == math.inf
    assert dh.DirectModel(3, 0.0, 0.0).gamma == 0.0
    assert dh.DirectModel(3, 0.4, 0.5).gamma == pytest.approx(1.6)


def test_two_body_teachers_carry_the_signal_of_their_scaling():
    """eta is 1 for p = 4 at T* = 2 + sqrt(2) (the published adversarial case); large noise: alpha T~^(-p/2)/(p/2)!."""
    few = dh.TeacherStudent.finite_noise(4, 0.7, 1.0, 2 + math.sqrt(2))
    assert (few.load, few.teacher_p) == (0.0, 2)
    assert few.signal == pytest.approx(0.7, rel=1e-14)
    many = dh.TeacherStudent.large_noise(4, 1.5, 1.0, 0.8)
    assert many.signal == pytest.approx(1.5 / (2 * 0.8**2), rel=1e-14)
    with pytest.raises(dh.InvalidInput, match="p must be even, got 5"):
        dh.TeacherStudent.large_noise(5, 1.0, 1.0, 1.0)
    with pytest.raises(dh.InvalidInput, match="teacher_temperature must exceed 2"):
        dh.TeacherStudent.finite_noise(4, 1.0, 1.0, 1.5)
