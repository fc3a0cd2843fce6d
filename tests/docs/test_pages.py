"""What README and pages promise: blocks of Python print what stands under them, links lead somewhere."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from densehop.recipes import RECIPES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PICTURE = "docs/figures/nishimori-overlap.png"
PAGES = ["README.md", "CONTRIBUTING.md", "docs/figures/README.md"] + [
    f"docs/{name}.md"
    for name in (
        "campaigns",
        "cite",
        "conventions",
        "explorer",
        "first-steps",
        "gallery",
        "from-other-packages",
        "glossary",
        "how-to-choose",
        "index",
        "message-passing",
        "performance",
        "practice",
        "reliability",
    )
]
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


def blocks(text: str) -> list[tuple[str, str]]:
    """Return each block of Python with the block of text under it, which is what it prints; '' where there is none."""
    return [(code, printed or "") for code, printed in BLOCK.findall(text)]


def run(code: str, name: str) -> None:
    exec(compile(code, name, "exec"), {"__name__": name})


@pytest.mark.parametrize("page", ["index", "first-steps", "conventions", "from-other-packages", "message-passing"])
def test_blocks_print_what_stands_under_them(page, capsys):
    """Each block by itself, as a reader copies it."""
    found = blocks((ROOT / f"docs/{page}.md").read_text())
    assert found
    for code, promised in found:
        assert promised, f"nothing stands under {code}"
        run(code, page)
        assert capsys.readouterr().out == promised


def test_a_block_that_prints_something_else_is_found_out(capsys):
    [(code, promised)] = blocks("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    run(code, "wrong")
    assert capsys.readouterr().out != promised


def test_example_runs_and_theory_meets_simulation(capsys):
    code = blocks(README)[0][0]
    assert len(code.strip().splitlines()) == 5
    run(code, "README")
    printed = capsys.readouterr().out
    simulation, theory = (float(number) for number in re.findall(r"0\.\d+|1\.\d+", printed))
    assert simulation == pytest.approx(theory, abs=0.05)


def test_theory_example_prints_what_it_says(capsys):
    code = blocks(README)[1][0]
    promised = re.findall(r"# (\S+?)(?:\.\.\.|$| )", code, re.MULTILINE)
    run(code, "README")
    printed = capsys.readouterr().out.splitlines()
    assert len(promised) == 3
    for line, promise in zip(printed, promised, strict=False):
        assert line.startswith(promise)
    assert "examples" in printed[3]


def test_readme_of_the_package_needs_no_repository():
    """A package index shows it alone: no link or picture may lead to a file that is not there; nothing else changes."""
    hook = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["metadata"]["hooks"]
    hook = hook["fancy-pypi-readme"]
    alone = "".join((ROOT / fragment["path"]).read_text() for fragment in hook["fragments"])
    for substitution in hook["substitutions"]:
        alone = re.sub(substitution["pattern"], substitution["replacement"], alone)
    assert relative_links(README) == sorted(
        set(re.findall(r"`((?:docs/)?[\w/-]+\.md|docs/tutorials)`", alone)) | {PICTURE}
    )
    assert relative_links(alone) == []
    assert "*Figure: The overlap of a student" in alone
    assert "first steps (`docs/first-steps.md`)" in alone
    assert blocks(alone) == blocks(README)


def test_a_relative_link_is_found_out():
    assert relative_links("[one](docs/one.md) ![two](two.png) [three](https://x.org/a.md)") == [
        "docs/one.md",
        "two.png",
    ]


def relative_links(text: str) -> list[str]:
    """Return where links and pictures lead that need the repository around them."""
    return sorted(re.findall(r"\]\((?!https?:)([^)]*)\)", text))


def test_first_screen_of_the_readme():
    """For each of three kinds of users a sentence; one picture, two commands, five lines of Python, in that order."""
    screen = README.split("```python")[0]
    users, picture, commands = (screen.index(mark) for mark in ("**You study", PICTURE, "```\nmake demo"))
    assert users < screen.index("**You have data") < screen.index("**You are learning") < picture < commands
    assert README.count("![") == 1
    assert len(re.findall("^make ", screen, re.MULTILINE)) == 2
    assert len(screen.splitlines()) < 35


def test_choosing_a_dynamics_runs(capsys):
    """The blocks of three sections, in order: what is stored comes back, ladders exchange, fluctuations have errors."""
    section = (ROOT / "docs/how-to-choose.md").read_text().split("## Which energy, which dynamics")[1]
    run("\n".join(code for code, _ in blocks(section)), "how-to-choose")
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in printed[:3]] == ["[1.]", "[1.]", "[1.]"]
    assert "equilibrated: " in printed[3]
    assert printed[4].startswith("TimeAverage(mean=0.")
    assert "reason=''" in printed[4]


def test_commands_exist():
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page}: make {target}"


@pytest.mark.parametrize("page", PAGES)
def test_files_and_tests_that_are_named_exist(page):
    """Commands and tables name files of the repository, and single tests in them with -k or ::."""
    text = (ROOT / page).read_text()
    for file in re.findall(r"(?:tests|benchmarks)/[\w/]+\.(?:py|c)\b", text):
        assert (ROOT / file).is_file(), file
    for file, words in re.findall(r"(tests/[\w/]+\.py) -k (\w+)", text):
        assert re.search(rf"def test_\w*{words}", (ROOT / file).read_text()), f"{file} -k {words}"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    assert not broken_links(ROOT / page)


def test_the_gallery_shows_every_figure_with_its_command():
    text = (ROOT / "docs/gallery.md").read_text()
    for name, recipe in RECIPES.items():
        assert f":img-top: figures/{name}.png" in text
        [size] = re.findall(rf"`densehop reproduce {name}(?: --size (\w+))?`", text)
        assert (size or "quick") in recipe.sizes


def test_a_broken_link_is_found_out(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A heading, here\n[one](none.md) [two](page.md#a-heading-here) [three](#none) [four](page.md)")
    assert broken_links(page) == ["none.md", "#none"]


def broken_links(page: Path) -> list[str]:
    """Return links to files that are not there, or to headings that those have not."""
    broken = []
    for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text()):
        target = page.parent / link if link else page
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(f"{link}#{heading}" if heading else link)
    return broken


def test_names_of_the_package_that_are_written_anywhere_exist():
    """Pages, tutorials, benchmarks, and programs within strings of the sources, as the explorer shows them."""
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/figures").glob("*.md")]
    for folder in ("docs/tutorials", "benchmarks", "src"):
        files += (ROOT / folder).rglob("*.py")
    assert [f"{file.relative_to(ROOT)}: {name}" for file in files for name in missing_names(file.read_text())] == []


def test_a_name_that_is_gone_is_found_out():
    text = (
        "densehop.theory.solve, dh.theory.gone, densehop.gone.away, dh.learn.attacks.attacked_models.attacked_model, "
        "dh.gone"
    )
    assert missing_names(text) == ["densehop.theory.gone", "densehop.gone.away", "densehop.gone"]


def missing_names(text: str) -> list[str]:
    """Return dotted names that begin with the package or with `dh` and lead nowhere."""
    names = re.findall(r"(?<![\w./-])(?:densehop|dh)((?:\.[A-Za-z_]\w*)+)(?![\w/-])", text)
    return [f"densehop{name}" for name in names if not name.endswith((".nc", ".py")) and not exists(f"densehop{name}")]


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or what is behind the last module is written in that module or in its stub."""
    module, rest = name, ""
    while not is_module(module):
        module, _, rest = module.rpartition(".")
    source = Path(importlib.util.find_spec(module).origin)
    stub = source.with_suffix(".pyi")
    return not rest or re.search(rf"\b{rest}\b", source.read_text() + (stub.read_text() if stub.exists() else ""))


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is no package
        return False


def anchors(page: Path) -> set[str]:
    """Return what a link can name after '#': the headings in lower case, words joined by hyphens."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_room_is_missing_from_the_design_page():
    """Each package and each module at the top stands in the tree; nothing at the top of the tree is gone."""
    tree = (ROOT / "docs/design.md").read_text().split("src/densehop/\n")[1].split("```")[0]
    rooms = re.findall(r"^ +([a-z_]+/|[a-z_]+\.py) ", tree, re.MULTILINE)
    source = ROOT / "src/densehop"
    assert {f"{found.parent.name}/" for found in source.rglob("__init__.py")} - {"densehop/"} <= set(rooms)
    modules = {found.name for found in source.glob("*.py") if not found.name.startswith("__")}
    at_the_top = set(re.findall(r"^  ([a-z_]+/|[a-z_]+\.py) ", tree, re.MULTILINE))
    assert at_the_top == modules | {f"{found.parent.name}/" for found in source.glob("*/__init__.py")}
