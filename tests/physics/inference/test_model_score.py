"""The evidence of p and T against enumeration, and on examples whose teacher is known."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput


def test_evidence_is_that_of_enumeration():
    _, examples = dh.draw_examples(13, dh.n_examples_for(40.0, 13, 3), 3, 4.0, seed=0)
    temperatures = [3.0, 4.0, 5.0]
    found = dh.inference.evidence(examples, 3, temperatures)
    exact = [dh.theory.log_evidence(examples, 3, t) + examples.size * math.log(2) for t in temperatures]
    np.testing.assert_allclose(found.log_odds[0], exact, rtol=0, atol=0.1)


def test_evidence_knows_the_teacher():
    _, examples = dh.draw_examples(32, dh.n_examples_for(60.0, 32, 3), 3, 4.0, seed=0)
    found = dh.inference.evidence(examples, (2, 3, 4), np.linspace(3.0, 5.5, 6))
    assert found.best_p == 3
    assert abs(found.best_temperature - 4.0) < 3 * found.temperature_error
    assert found.temperature_error < 0.6
    assert found.advice == ""


def test_noise_has_no_evidence():
    examples = np.random.default_rng(0).integers(0, 2, (400, 20)) * 2 - 1
    found = dh.inference.evidence(examples, (2, 3), [3.0, 4.0, 5.0])
    assert found.best_p == 0
    assert math.isnan(found.best_temperature)
    assert "no pattern" in found.advice


def test_maximum_at_an_end_is_said_to_be_one():
    _, examples = dh.draw_examples(32, dh.n_examples_for(60.0, 32, 3), 3, 4.0, seed=0)
    found = dh.inference.evidence(examples, 3, [5.0, 6.0, 7.0])
    assert found.best_p == 3
    assert math.isnan(found.temperature_error)
    assert "extend the temperatures" in found.advice


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p": []}, "p must be"),
        ({"p": 1}, "p must be"),
        ({"p": "3"}, "p must be"),
        ({"temperatures": [2.0, 1.0]}, "positive and rising"),
        ({"temperatures": [0.0, 1.0]}, "positive and rising"),
    ],
)
def test_wrong_input_is_one_line(change, message):
    with pytest.raises(InvalidInput, match=message):
        dh.inference.evidence(**{"examples": np.ones((3, 5)), "p": 3, "temperatures": [1.0, 2.0], **change})
