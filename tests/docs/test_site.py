"""The documentation site builds without a warning, and each of its links leads somewhere."""

import contextlib
import inspect
import io
import re
import shutil
import sys
import warnings
from pathlib import Path

import pytest
from sphinx.cmd.build import main

import densehop as dh

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from check_links import broken_links  # noqa: E402 (docs/ is no package; the line above lets it be found)
from site_links import link_citations, link_names, link_page, name_equations  # noqa: E402 (as above)


def build(source: Path, site: Path) -> str:
    """Build without running the tutorials, which have tests of their own; return the complaints.

    In this process, which has imported what a process of its own would take seconds to import.
    """
    complaints = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stderr(complaints):
        warnings.resetwarnings()
        for quiet in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", quiet)  # as in a process of its own
        main(["-q", "-D", "sphinx_gallery_conf.plot_gallery=0", str(source), str(site)])
    return complaints.getvalue()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for name in ("README.md", "VISION.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder)
    generated = shutil.ignore_patterns("generated", "learn", "sg_execution_times.rst")
    return Path(shutil.copytree(ROOT / "docs", folder / "docs", ignore=generated))


def described() -> set[str]:
    """Return the full name under which the reference must describe each public name of the top and of every room."""
    rooms = {name: getattr(dh, name) for name in dh.__all__ if inspect.ismodule(getattr(dh, name))}
    in_rooms = {f"densehop.{room}.{name}" for room, module in rooms.items() for name in module.__all__}
    elsewhere = set(dh.__all__) - set(rooms) - {name.rpartition(".")[2] for name in in_rooms} - {"__version__"}
    return in_rooms | {f"densehop.{name}" for name in elsewhere}


def test_site_builds_without_a_warning_and_its_links_lead_somewhere(source, tmp_path):
    assert build(source, tmp_path / "site") == ""
    assert broken_links(tmp_path / "site") == []
    theory = (tmp_path / "site/theory.html").read_text()
    for number in (1, 45, 93):  # two in formulas, one in a list
        assert f'id="eq-{number}"' in theory
    assert "theory.html#eq-54" in (tmp_path / "site/api/generated/densehop.theory.examples_needed.html").read_text()
    pages = {path.stem for path in (tmp_path / "site/api/generated").glob("densehop.*.html")}
    assert described() <= pages
    assert {page for page in pages if page.count(".") < 3} <= described(), "a page describes a name that is not public"


def test_citations_of_equations_become_links():
    assert link_citations("see eq. 5 and\n 6.", ":ref:") == "see eq. :ref:`5 <eq-5>` and\n :ref:`6 <eq-6>`."
    assert link_citations("(Wolff 2004, eq. 49)", ":ref:") == "(Wolff 2004, eq. 49)"
    assert link_page("eq. 5 and `eq. 6`, $eq. 7$") == "eq. {ref}`5 <eq-5>` and `eq. 6`, $eq. 7$"
    page = "$$\na = b \\tag{1}\n$$\n\nBy (1), $f(1)$.\n\n- (2) $c$ (eq. 1)\n"
    assert name_equations(page) == (
        "(eq-1)=\n$$\na = b \\tag{1}\n$$\n\nBy ({ref}`1 <eq-1>`), $f(1)$.\n\n- [(2)]{#eq-2} $c$ (eq. {ref}`1 <eq-1>`)\n"
    )
    assert link_names("`solve` and `time.sleep`") == ":py:obj:`solve <densehop.theory.solve>` and `time.sleep`"


def test_reference_has_a_page_for_each_room_and_lists_the_top():
    top = (ROOT / "docs/api/densehop.md").read_text()
    for name in dh.__all__:
        if inspect.ismodule(getattr(dh, name)):
            assert f"\n.. currentmodule:: densehop.{name}\n" in (ROOT / f"docs/api/{name}.md").read_text()
            assert f"\n{name}\n" in (ROOT / "docs/api/index.md").read_text()
        else:
            assert re.search(rf"\b{name}\b", top), name


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="here"><a href="b.html#there">b</a> <a href="#here">a</a> <a href="https://x.org">x</a>'
    )
    (tmp_path / "b.html").write_text('<a href="a.html#here">a</a> <img src="missing.png"> <a href="a.html#gone">a</a>')
    with pytest.raises(SystemExit, match="no pages"):
        broken_links(tmp_path / "elsewhere")
    assert sorted(broken_links(tmp_path)) == ["a.html: b.html#there", "b.html: a.html#gone", "b.html: missing.png"]
