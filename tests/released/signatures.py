"""The public names with their parameters and defaults, as text that can be compared between versions."""

import dataclasses
import enum
import inspect
import re
from types import ModuleType
from typing import Any

import densehop as dh


def signatures() -> dict[str, str]:
    """Return what may be called and read, by dotted name: the parameters of functions, "attribute" for the rest."""
    rooms = {"densehop": dh, **{f"densehop.{name}": room for name, room in _public(dh) if inspect.ismodule(room)}}
    found: dict[str, str] = {}
    for path, room in rooms.items():
        for name, item in _public(room):
            if not inspect.ismodule(item):
                found |= _described(f"{path}.{name}", item)
    return dict(sorted(found.items()))


def _public(room: ModuleType) -> list[tuple[str, Any]]:
    return [(name, getattr(room, name)) for name in room.__all__ if not name.startswith("_")]


def _described(path: str, item: Any) -> dict[str, str]:
    """Return a name's own line, and for a class those of its members that densehop defines."""
    if not callable(item):
        return {path: "attribute"}
    choices = inspect.isclass(item) and issubclass(item, enum.Enum)  # their constructor is that of the Python that runs
    lines = {path: "choices" if choices else _parameters(item)}
    if inspect.isclass(item):
        for owner in reversed([one for one in item.__mro__ if one.__module__.startswith("densehop")]):
            lines |= {f"{path}.{name}": text for name, text in _members(owner).items()}
    return lines


def _members(owner: type) -> dict[str, str]:
    """Return the public methods, properties, fields and choices of one class."""
    fields = [field.name for field in dataclasses.fields(owner)] if dataclasses.is_dataclass(owner) else []
    lines = {name: "attribute" for name in fields if name[0] != "_"}
    for name, member in vars(owner).items():
        if name[0] == "_" or name in lines or name.endswith("_request"):  # scikit-learn makes requests
            continue
        if isinstance(member, staticmethod | classmethod):
            lines[name] = _parameters(member.__func__)
        elif inspect.isfunction(member):
            lines[name] = _parameters(member)
        elif isinstance(member, property) or issubclass(owner, enum.Enum) or hasattr(member, "__get__"):
            lines[name] = "attribute"
    return lines


def _parameters(item: Any) -> str:
    """Return the parameters with their defaults; types may change, since what is accepted is what counts."""
    try:
        parameters = inspect.signature(item).parameters.values()
    except (TypeError, ValueError):
        return "callable"
    listed = "(" + ", ".join(str(one.replace(annotation=one.empty)) for one in parameters) + ")"
    return re.sub(r"<(?:class '|function )([\w.]+).*?>", r"\1", listed)
