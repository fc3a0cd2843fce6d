"""Equations of docs/theory.md: each has one number, numbers rise, and every number that is cited exists."""

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


def test_every_cited_equation_exists():
    known = set(numbers(THEORY))
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "docs").glob("*.md")]
    files = [file for file in files if file.name != Path(__file__).name]
    missing = {
        f"{file.relative_to(ROOT)}: eq. {number}"
        for file in files
        for number in cited(file.read_text())
        if number not in known
    }
    assert not missing
    assert {number for each in QUANTITIES.values() for number in cited(each.reference)} <= known


def test_the_page_refers_to_its_own_equations():
    own = {int(number) for number in re.findall(r"(?<![\w)$])\((\d{1,3})\)", THEORY)}
    assert own <= set(numbers(THEORY)) | set(range(1, 1))
