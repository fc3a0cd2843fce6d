"""What commands say of their results: digits that mean something, and sentences that fit the numbers."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.apps.cli import campaign_sentences, output, sentences, theory_sentences
from densehop.diagnostics.verdicts import Verdict
from densehop.theory.diagrams.phases import Phase, candidates, phase
from densehop.theory.lines.boundaries import KINDS
from densehop.theory.saddle_point import find


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (3.49220149238e-06, 4.9e-13, "3.4922015e-06"),
        (0.8474467403621, 6.3e-12, "0.847446740362"),
        (12.3456, 0.2, "12.3"),
        (0.001, 5.0, "0.001"),
        (0.0, 1e-9, "0"),
        (0.5, 0.0, "0.5"),
        (math.nan, math.nan, "nan"),
        (0.25, math.inf, "0.25"),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(value, error, shown):
    assert output.known(value, error) == shown


@pytest.mark.parametrize(
    ("share", "error", "shown"),
    [
        (534 / 540, 0.0047, "98.9% +- 0.5%"),
        (1.0, 0.0149, "100.0% +- 1.5%"),
        (0.5, 0.05, "50% +- 5%"),
        (0.5, 0.12, "50% +- 12%"),
        (0.9, 0.0, "90%"),
    ],
)
def test_a_share_has_the_digits_that_its_error_leaves(share, error, shown):
    assert output.percent_with_error(share, error) == shown


def test_every_phase_and_every_line_has_a_meaning():
    assert set(theory_sentences.PHASES) == {one.value for one in Phase}
    assert set(theory_sentences.LINES) == set(KINDS)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (dh.TeacherStudent.nishimori(3, 9, 2.0), "the hidden pattern's state is e^("),
        (dh.DirectModel(3, 0.8, 1.2), "the paramagnet is e^("),
        (dh.TeacherStudent.nishimori(3, 0.4, 0.5), "each example is nearly the hidden pattern"),
    ],
)
def test_a_phase_is_explained(problem, words):
    assert words in "\n".join(theory_sentences.phase_sentences(phase(problem, "1rsb"), candidates(problem, "1rsb")))


def test_a_state_that_is_not_to_be_believed_says_so():
    said = theory_sentences.solution_sentences(find(dh.DirectModel(3, 0.4, 0.01), "paramagnet", "rs"))
    assert said == [
        "Do not believe it as it is: the paramagnet has negative entropy (-2e+03); it is not the state of the system."
    ]


def test_a_diagram_explains_the_phases_that_it_shows():
    shares = {"P": 0.5, "gR": 0.5}
    assert [line.split(",")[0] for line in theory_sentences.diagram_sentences(shares)] == list(shares)


def test_doubtful_cells_of_a_campaign_are_counted():
    cells = {Verdict.EQUILIBRATED: "ab", Verdict.TOO_SHORT: "c", Verdict.DISAGREE: "", Verdict.FROZEN: "defg"}
    said = campaign_sentences.campaign_sentences(cells, 2)
    assert [line.split()[0] for line in said] == ["2", "1", "4", "2"]
    assert campaign_sentences.doubtful(cells) == {Verdict.TOO_SHORT: "c"}
    assert campaign_sentences.campaign_sentences(dict.fromkeys(Verdict, ()), 0) == []


def test_rows_that_are_not_to_be_trusted_are_named():
    assert len(sentences.restored_sentences(np.ones(3, bool), 0.01)) == 1
    assert "row 2, 4:" in sentences.restored_sentences(np.array([True, False, True, False]), 0.01)[1]
    assert "and 2 more" in sentences.restored_sentences(np.zeros(12, bool), 0.0)[1]
    assert sentences.restored_sentences(np.ones(3, bool), 0.049)[0].endswith("comes 1 stranger in 20.")
    assert "too few different rows" in sentences.restored_sentences(np.zeros(3, bool), 0.0)[0]
    counted, unsure = sentences.classified_sentences(np.array(["a", "b", "b"]), np.array([0.9, 0.6, 0.7]))
    assert counted == "3 rows classified: a 1, b 2."
    assert unsure == "The least sure is row 2: b, with 60%. Look at the 2 below 80% before you rely on them."


def test_a_rounding_error_is_no_share():
    assert [output.percent(share) for share in (3e-17, 2.6e-5, 0.0, math.nan, 0.5)] == [
        "0%",
        "0.0026%",
        "0%",
        "-",
        "50%",
    ]
