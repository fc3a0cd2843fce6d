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
        ({"temperature": 0}, "temperature must be a finite positive number, got 0"),
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
