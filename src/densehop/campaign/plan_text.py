"""The text of a plan, in YAML, TOML or JSON, as plain mappings and lists. A field that stands twice is refused in each.

YAML is read by the rules of version 1.2 for numbers and words, as people mean them: PyYAML's own, of version 1.1, read
0123 as 83, 1:30 as 90, `no` as false, a date as an object and 1e0 as text. Merge keys (<<) are version 1.1's, and kept.
"""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import yaml

from densehop.errors import InvalidInput

DIGITS = r"[0-9](?:_?[0-9])*"
SCALARS = {  # tag -> form, first characters
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (rf"[-+]?{DIGITS}|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        rf"[-+]?(?:\.{DIGITS}|{DIGITS}(?:\.(?:{DIGITS})?)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    "merge": (r"<<", ["<"]),
}
MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """YAML in which a field stands once: of two, PyYAML would silently keep the last."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (the base class's name)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Read a mapping."""
        seen: list[Any] = []
        for name, _ in node.value:
            key = "<<" if name.tag == MERGE else self.construct_object(name, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key}' stands there twice", name.start_mark)
            seen.append(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read a whole number; leading zeros are no octal."""
        text = str(self.construct_scalar(node)).replace("_", "")
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read a number."""
        text = str(self.construct_scalar(node)).replace("_", "").lower()
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))


for _tag, (_form, _first) in SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def _yaml(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a mapping of JSON; of two fields of one name, Python's reader would silently keep the last."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"'{name}' stands there twice")
    return dict(pairs)


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    ".yaml": ("YAML", _yaml),
    ".yml": ("YAML", _yaml),
    ".toml": ("TOML", tomllib.loads),
    ".json": ("JSON", _json),
}


def parse(text: str, suffix: str, source: str) -> Any:
    """Return what a text in the language of a file's suffix says; `source` names it in the error."""
    language, read = READERS[suffix]
    try:
        return read(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # the errors of TOML and JSON are values
        raise InvalidInput(f"{source} is not valid {language}: {' '.join(str(error).split())}") from error
