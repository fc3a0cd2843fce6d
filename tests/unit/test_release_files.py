"""What a release needs beside the code says the same as the code: conda recipe, container, citation and paper."""

import json
import re
import tomllib
from pathlib import Path

import yaml

import densehop as dh
from densehop.recipes import RECIPES

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "packaging/paper/paper.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"matplotlib": "matplotlib-base"}


def bounds(requirements: list[str]) -> dict[str, str]:
    """Return the bounds of requirements by name."""
    split = (re.fullmatch(r"([\w.-]+)\s*(.*)", one) for one in requirements)
    return {found.group(1): found.group(2) for found in split}


def test_the_conda_recipe_asks_for_what_the_package_asks_for():
    recipe = yaml.safe_load((ROOT / "packaging/conda/recipe.yaml").read_text())
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in bounds(PROJECT["dependencies"]).items()}
    assert bounds(recipe["requirements"]["run"]) == {"python": PROJECT["requires-python"], **wanted}
    assert recipe["context"]["version"] == dh.__version__
    assert recipe["about"]["license"] == PROJECT["license"]
    (name, target), *others = PROJECT["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [f"{name} = {target}"]
    assert not others


def test_the_citation_names_this_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == dh.__version__
    assert f"version = {{{dh.__version__}}}" in (ROOT / "docs/cite.md").read_text()


def test_containers_use_a_python_that_is_tested_and_files_that_are_there():
    lines = (ROOT / "packaging/Dockerfile").read_text().splitlines()
    (python,) = re.findall(r"FROM python:(\d\.\d+)", "\n".join(lines))
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[2:-1]]
    assert len(copied) >= 5
    assert [name for name in copied if not (ROOT / name).exists()] == []
    extras = re.findall(r"source\[([\w,]+)\]", "\n".join(lines))[0].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    assert json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["image"] == f"python:{python}"


def test_the_paper_cites_what_its_bibliography_holds():
    text = PAPER.read_text()
    entries = set(re.findall(r"@\w+\{(\w+),", (ROOT / "packaging/paper/paper.bib").read_text()))
    assert set(re.findall(r"@(\w+)", text)) == entries


def test_the_figures_of_the_paper_are_recipes():
    named = set(re.findall(r"densehop reproduce (\w[\w-]+)", PAPER.read_text()))
    assert named
    assert named <= set(RECIPES)
