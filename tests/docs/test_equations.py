"""Equations of docs/theory.md: each has a number of its own, and every number that is cited exists."""

import importlib.util
import re
from pathlib import Path

from densehop.base.quantities import QUANTITIES

ROOT = Path(__file__).parents[2]
THEORY = (ROOT / "docs" / "theory.md").read_text()
CITED = re.compile(r"\beqs?\.\s+(\d+(?:(?:\s+to\s+|,\s+|\s+and\s+)\d+)*)")
ELSEWHERE = re.compile(r"\(Wolff 2004, eq\. 49\)")  # an equation of a paper


def numbers(text):
    """Return the numbers of the equations of the page, in their order."""
    found = re.findall(r"^- \((\d+)\) |\\tag\{(\d+)\}", text, re.MULTILINE)
    return [int(bullet or tag) for bullet, tag in found]


def cited(text):
    """Return the numbers that a text cites, ranges by their ends."""
    plain = re.sub(r"\s+#?\s*", " ", ELSEWHERE.sub("", text))
    return [int(number) for match in CITED.findall(plain) for number in re.findall(r"\d+", match)]


def test_citations_are_found():
    assert cited("docs/theory.md, eq. 5 and 6; eq. 57 to 68, eq.\n    99") == [5, 6, 57, 68, 99]
    assert cited("(Wolff 2004, eq. 49)") == []


def test_each_equation_has_a_number_of_its_own():
    assert sorted(set(numbers(THEORY))) == sorted(numbers(THEORY))


def test_every_cited_equation_exists():
    known = set(numbers(THEORY))
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "docs").rglob("*.md")]
    files += ROOT.glob("*.md")
    files = [file for file in files if file.name != Path(__file__).name]
    missing = {
        f"{file.relative_to(ROOT)}: eq. {number}"
        for file in files
        for number in cited(file.read_text())
        if number not in known
    }
    assert not missing
    assert {number for each in QUANTITIES.values() for number in cited(each.reference)} <= known


def test_numbering_brings_citations_up_to_date():
    """Two equations out of order: numbers on the page and citations change together, those of papers and p do not."""
    script = ROOT / "docs" / "number_equations.py"
    spec = importlib.util.spec_from_file_location("number_equations", script)
    numbering = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(numbering)
    page = "$$\na = b \\tag{2}\n$$\n\nBy (2), $f(1)$ is 0.5 (3).\n\n- (1) $c$ (eq. 1, 2)\n"
    new = numbering.places(page)
    assert new == {2: 1, 1: 2}
    expected = "$$\na = b \\tag{1}\n$$\n\nBy (1), $f(1)$ is 0.5 (3).\n\n- (2) $c$ (eq. 2, 1)\n"
    assert numbering.renumbered_page(new, page) == expected
    assert numbering.renumbered(new, "eq. 1 and 2 (Wolff 2004, eq. 2)") == "eq. 2 and 1 (Wolff 2004, eq. 2)"


def test_the_page_refers_to_its_own_equations():
    own = {int(number) for number in re.findall(r"(?<![\w)$])\((\d{1,3})\)", THEORY)}
    assert own <= set(numbers(THEORY))


def test_equations_are_numbered_in_order():
    """`python docs/number_equations.py` brings numbers and citations up to date."""
    assert numbers(THEORY) == list(range(1, len(numbers(THEORY)) + 1))
