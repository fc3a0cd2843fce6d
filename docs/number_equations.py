"""Number the equations of docs/theory.md in their order, and bring every citation up to date.

Run it after equations were added: `python docs/number_equations.py`. It changes nothing where they are in order.
Citations are "eq. 5 and 6" or "eq. 57 to 68" anywhere, (39) in the page itself, and the references of quantities.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "theory.md"
FOLDERS = ("src", "tests", "docs", "benchmarks")
NOT_OURS = {"test_equations.py", "number_equations.py"}  # citations there are examples
CITED = re.compile(r"\beqs?\.\s+(?:#\s+)?\d+(?:(?:\s+(?:#\s+)?to\s+|,\s+|,\s+and\s+|\s+and\s+)(?:#\s+)?\d+)*")
OF_A_PAPER = re.compile(r"\d{4}, $")  # before a citation such as (Wolff 2004, eq. 49)


def places(page: str) -> dict[int, int]:
    """Return the place of each equation on the page by its number."""
    order = [int(bullet or tag) for bullet, tag in re.findall(r"^- \((\d+)\) |\\tag\{(\d+)\}", page, re.MULTILINE)]
    twice = sorted({number for number in order if order.count(number) > 1})
    if twice:
        sys.exit(f"docs/theory.md has these numbers more than once: {twice}")
    return {number: place for place, number in enumerate(order, 1)}


def replaced(new: dict[int, int], text: str) -> str:
    """Return a citation with its numbers brought up to date."""
    return re.sub(r"\d+", lambda found: str(new.get(int(found.group()), int(found.group()))), text)


def renumbered_page(new: dict[int, int], page: str) -> str:
    """Return the page: tags, bullets, citations and numbers in brackets outside of formulas and code."""
    parts = re.split(r"(```.*?```|\$\$.*?\$\$|\$[^$]*?\$)", page, flags=re.DOTALL)
    for place, part in enumerate(parts):
        if part.startswith("$$"):
            tagged = re.sub(r"\\tag\{\d+\}", lambda found: replaced(new, found.group()), part)
            parts[place] = re.sub(r"\\text\{[^}]*\}", lambda found: replaced(new, found.group()), tagged)
        elif not part.startswith(("$", "```")):
            bracketed = re.sub(r"(?<![\w.])\(\d{1,3}\)", lambda found: replaced(new, found.group()), part)
            parts[place] = renumbered(new, bracketed)
    return "".join(parts)


def renumbered(new: dict[int, int], text: str) -> str:
    """Return a text with its citations brought up to date."""

    def change(found: re.Match[str]) -> str:
        of_a_paper = OF_A_PAPER.search(text[max(0, found.start() - 8) : found.start()])
        return found.group() if of_a_paper else replaced(new, found.group())

    return CITED.sub(change, text)


def main() -> None:
    """Rewrite the page, and each file that cites it."""
    page = PAGE.read_text()
    new = places(page)
    if all(number == place for number, place in new.items()):
        return
    PAGE.write_text(renumbered_page(new, page))
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".md", ".pyi"}]
    files += ROOT.glob("*.md")
    for file in files:
        if file == PAGE or file.name in NOT_OURS:
            continue
        text = file.read_text()
        changed = renumbered(new, text)
        if file.name == "quantities.py":
            changed = re.sub(r'_equation\("[^"]*"\)', lambda found: replaced(new, found.group()), changed)
        if changed != text:
            file.write_text(changed)


if __name__ == "__main__":
    main()
