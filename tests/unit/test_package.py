"""The public face: the names at the top and in each room, as `import densehop as dh` shows them."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import densehop as dh

ROOMS = ("campaign", "diagnostics", "energies", "errors", "inference", "learn", "plot", "simulate", "teacher", "theory")
MOST_NAMES_AT_THE_TOP = 50
SLOW = ("h5netcdf", "matplotlib", "numba", "pydantic", "scipy", "scipy.special", "sklearn", "xarray")  # to import
NEVER_NEEDED = {  # by any of a room's names
    "campaign": {"matplotlib", "sklearn"},
    "diagnostics": {"matplotlib", "pydantic", "sklearn", "xarray"},
    "energies": {"matplotlib", "numba", "pydantic", "scipy", "sklearn", "xarray"},
    "errors": set(SLOW),
    "inference": {"matplotlib", "pydantic", "sklearn"},
    "learn": {"matplotlib", "pydantic"},
    "plot": {"numba", "pydantic", "sklearn"},
    "simulate": {"matplotlib", "pydantic", "sklearn", "xarray"},
    "teacher": {"matplotlib", "pydantic", "sklearn", "xarray"},
    "theory": {"matplotlib", "numba", "pydantic", "sklearn"},
}
ALONG = (  # rooms that are loaded one after the other in one process; a later one may need all that an earlier one may
    ("errors", "energies", "theory", "plot"),
    ("teacher", "simulate", "diagnostics", "inference", "learn"),
    ("campaign",),
)


def public(room: ModuleType) -> list[str]:
    """Return a room's public names, special ones left out."""
    return [name for name in room.__all__ if not name.startswith("__")]


def packages() -> list[ModuleType]:
    """Return densehop and every package within it that has public names."""
    inside = [found.name for found in pkgutil.walk_packages(dh.__path__, "densehop.") if found.ispkg]
    return [dh, *(one for one in map(importlib.import_module, inside) if hasattr(one, "__all__"))]


def test_every_room_is_known_here():
    assert {name for name in public(dh) if inspect.ismodule(getattr(dh, name))} == set(ROOMS)
    assert set(NEVER_NEEDED) == set(ROOMS)


def test_there_are_few_names_at_the_top():
    assert len(public(dh)) <= MOST_NAMES_AT_THE_TOP


@pytest.mark.parametrize("room", [dh, *(getattr(dh, name) for name in ROOMS)], ids=lambda room: room.__name__)
def test_names_of_a_room_are_promised_present_and_documented(room):
    """What the stub imports is what `__all__` and tab completion show, and each name has a docstring of its own."""
    stub = Path(room.__file__).with_suffix(".pyi")
    if stub.exists():
        tree = ast.parse(stub.read_text())
        imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert imported == set(room.__all__)
    assert [name for name in dir(room) if not name.startswith("_")] == sorted(public(room))
    assert room.__doc__
    for name in public(room):
        item = getattr(room, name)
        assert item.__doc__, name
        if inspect.isclass(item):
            assert "__doc__" in vars(item), f"{name} has only its parent's docstring"
            assert not item.__doc__.startswith(f"{name}("), f"{name} has only the docstring that dataclass invents"


@pytest.mark.parametrize("room", ROOMS)
def test_names_at_the_top_stand_in_their_room_too(room):
    """Everything at the top but problems, the network and the rooms themselves is the same object in a room."""
    at_the_top = {
        name for name in public(dh) if getattr(getattr(dh, name), "__module__", "").startswith(f"densehop.{room}")
    }
    assert at_the_top <= set(public(getattr(dh, room)))
    for name in at_the_top:
        assert getattr(dh, name) is getattr(getattr(dh, room), name)


def test_no_public_name_is_also_that_of_a_module_beside_it():
    """Importing a module sets it on its package, over a lazily loaded name: `run` would be a function or a module."""
    clashes = [f"{package.__name__}.{name}" for package in packages() for name in hidden_names(package)]
    assert clashes == []


def hidden_names(package: ModuleType) -> set[str]:
    """Return public names that a module of the same package would replace once it is imported."""
    modules = {found.name for found in pkgutil.iter_modules(package.__path__)}
    return {name for name in modules & set(package.__all__) if not inspect.ismodule(getattr(package, name))}


def test_a_public_name_that_is_also_a_module_is_found_out(tmp_path, monkeypatch):
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap/__init__.py").write_text("from trap.run import run\n__all__ = ['run']\n")
    (tmp_path / "trap/run.py").write_text("def run(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert hidden_names(importlib.import_module("trap")) == {"run"}


def loaded_by(*statements: str) -> list[set[str]]:
    """Return the slow libraries that are loaded after each of some statements in one fresh interpreter."""
    look = f"print(*(name for name in {SLOW} if name in sys.modules))"
    program = "\n".join(["import sys", *(f"{statement}\n{look}" for statement in statements)])
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in result.stdout.splitlines()]


def test_import_is_light():
    """Neither `import densehop` nor a look into a room loads a slow library; each name brings what it needs."""
    looks = "\n".join(f"dir(densehop.{room}), densehop.{room}.__doc__" for room in ROOMS)
    assert loaded_by(f"import densehop\n{looks}") == [set()]


def test_a_network_loads_only_what_compiles_its_kernels():
    assert loaded_by("import densehop\ndensehop.PBodyHopfield") == [{"numba", "scipy"}]  # numba loads an empty scipy


@cache
def loaded_along(rooms: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the slow libraries that are loaded once all names of a room, and of those before it, have been used."""
    uses = (f"from densehop import {room}\n[getattr({room}, name) for name in dir({room})]" for room in rooms)
    return dict(zip(rooms, loaded_by(*uses), strict=True))


@pytest.mark.parametrize("room", ROOMS)
def test_names_of_a_room_load_only_what_they_need(room):
    [rooms] = (along for along in ALONG if room in along)
    before = rooms[: rooms.index(room)]
    assert all(NEVER_NEEDED[room] <= NEVER_NEEDED[earlier] for earlier in before)
    assert not loaded_along(rooms)[room] & NEVER_NEEDED[room]


def functions_of(*modules: str) -> list[str]:
    """Return the public functions and methods that are written in modules, as dotted names below densehop."""
    found = set()
    for room in (dh, *(getattr(dh, name) for name in ROOMS)):
        for name in public(room):
            item = getattr(room, name)
            methods = vars(item) if inspect.isclass(item) else {}
            if not getattr(item, "__module__", "").startswith(modules):
                continue
            if inspect.isfunction(item):
                found.add(name)
            found |= {f"{name}.{method}" for method in methods if callable(getattr(item, method)) and method[0] != "_"}
    return sorted(found)


@pytest.mark.parametrize(
    "name", functions_of("densehop.teacher", "densehop.problem", "densehop.theory.questions"), ids=str
)
def test_docstrings_say_what_comes_in_and_what_goes_wrong(name):
    first, _, method = name.partition(".")
    item = next(getattr(room, first) for room in (dh, dh.teacher, dh.theory) if first in room.__all__)
    function = getattr(item, method) if method else item
    text = inspect.getdoc(function)
    for parameter in inspect.signature(function).parameters:
        named = re.search(rf"\b{parameter}\b", text)
        assert named or method == "nishimori", parameter  # whose parameters are those of its class
    assert "Raises\n------" in text
    assert "docs/theory.md" in text


def arguments_of(room: ModuleType) -> dict[str, inspect.Signature]:
    """Return the signatures of a room's functions, and of the public methods of its classes."""
    functions = {}
    for name in public(room):
        thing = getattr(room, name)
        if inspect.isfunction(thing):
            functions[name] = thing
        elif inspect.isclass(thing) and thing.__module__.startswith("densehop"):
            functions |= {
                f"{name}.{key}": one for key, one in vars(thing).items() if inspect.isfunction(one) and key[0] != "_"
            }
    return {name: inspect.signature(function) for name, function in functions.items()}


@pytest.mark.parametrize("room", ["diagnostics", "energies", "inference", "learn", "simulate", "teacher", "theory"])
def test_help_begins_with_words(room):
    """Signatures name the types of arrays instead of listing all that NumPy makes an array of."""
    signatures = arguments_of(getattr(dh, room)) | {"sample": inspect.signature(dh.PBodyHopfield.sample)}
    assert [name for name, signature in signatures.items() if "_typing" in str(signature)] == []
    assert max(len(str(signature)) for signature in signatures.values()) < 700
