"""The README's promises: its five lines run, its commands exist, its figure is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_example_runs_and_theory_meets_simulation(capsys):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    assert len(code.strip().splitlines()) == 5
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    simulation, theory = (float(number) for number in re.findall(r"0\.\d+|1\.\d+", printed))
    assert simulation == pytest.approx(theory, abs=0.05)


def test_theory_example_prints_what_it_says(capsys):
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[1]
    promised = re.findall(r"# (\S+?)(?:\.\.\.|$| )", code, re.MULTILINE)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(promised) == 3
    for line, promise in zip(printed, promised, strict=False):
        assert line.startswith(promise)
    assert "examples" in printed[3]


def test_choosing_a_dynamics_runs(capsys):
    """The blocks of one section, in order: what is stored comes back, and the ladder exchanges."""
    section = (ROOT / "docs/how-to-choose.md").read_text().split("## Which energy, which dynamics")[1]
    exec(compile("\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL)), "how-to-choose.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in printed[:3]] == ["[1.]", "[1.]", "[1.]"]
    assert "equilibrated: " in printed[-1]


def test_commands_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\S+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/how-to-choose.md", "docs/practice.md"])
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / document).read_text())
    assert links
    for link in links:
        assert ((ROOT / document).parent / link).exists(), link


def test_every_cited_equation_is_in_the_theory_page():
    numbered = {int(n) for n in re.findall(r"^- \((\d+)\)", (ROOT / "docs/theory.md").read_text(), re.MULTILINE)}
    for source in (ROOT / "src").rglob("*.py"):
        for citation in re.findall(r"theory\.md, eq\. ([\d, to and]+)", source.read_text()):
            assert {int(n) for n in re.findall(r"\d+", citation)} <= numbered, source
