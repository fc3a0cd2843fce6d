"""What the site turns into links: citations of equations, equations themselves, and public names."""

import inspect
import re

from number_equations import CITED, OF_A_PAPER

import densehop

LITERAL = re.compile(r"(```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*?\$)", re.DOTALL)  # code and formulas stay as they are
TAGGED = re.compile(r"\\tag\{(\d+)\}")
BULLET = re.compile(r"^- \((\d+)\) ", re.MULTILINE)
OWN = re.compile(r"(?<![\w)$.])\((\d{1,3})\)")  # how the theory page cites its own equations


def public_places() -> dict[str, str]:
    """Return where each public name is described: its full name in its room, else at the top."""
    rooms = [name for name in densehop.__all__ if inspect.ismodule(getattr(densehop, name))]
    places = {name: f"densehop.{name}" for name in densehop.__all__ if name not in rooms}
    return places | {name: f"densehop.{room}.{name}" for room in rooms for name in getattr(densehop, room).__all__}


PLACES = public_places()
NAME = re.compile(rf"(?<![`:])`(({'|'.join(PLACES)})((?:\.\w+)?)(?:\([^`]*\))?)`(?!`)")


def link_names(text: str) -> str:
    """Turn public names in single backticks, with a method or arguments behind them or not, into references."""
    return NAME.sub(lambda found: f":py:obj:`{found[1]} <{PLACES[found[2]]}{found[3]}>`", text)


def link_citations(text: str, role: str) -> str:
    """Turn each number in citations such as "eq. 5 and 6" into a link; `role` is :ref: or {ref}."""

    def link(found: re.Match[str]) -> str:
        if OF_A_PAPER.search(text[max(0, found.start() - 8) : found.start()]):
            return found.group()
        return re.sub(r"\d+", lambda number: _reference(number.group(), role), found.group())

    return CITED.sub(link, text)


def link_page(text: str) -> str:
    """Turn citations on a page into links; code and formulas stay as they are."""
    parts = LITERAL.split(text)
    return "".join(part if LITERAL.fullmatch(part) else link_citations(part, "{ref}") for part in parts)


def name_equations(text: str) -> str:
    """Give each equation of the theory page an anchor eq-N, and turn its numbers in the text into links."""
    parts = LITERAL.split(text)
    for place, part in enumerate(parts):
        if part.startswith("$$"):
            parts[place] = "".join(f"(eq-{number})=\n" for number in TAGGED.findall(part)) + part
        elif not LITERAL.fullmatch(part):
            named = OWN.sub(lambda found: f"({_reference(found[1], '{ref}')})", BULLET.sub(r"- \\eq\1\\ ", part))
            parts[place] = re.sub(r"\\eq(\d+)\\", r"[(\1)]{#eq-\1}", link_citations(named, "{ref}"))
    return "".join(parts)


def _reference(number: str, role: str) -> str:
    return f"{role}`{number} <eq-{number}>`"
