"""Pictures of every page of the explorer at three widths, light and dark, and what axe-core says of them.

    python docs/look_at_explorer.py FOLDER [--axe FILE] [--only NAME ...]

FILE is `axe.min.js` of the npm package axe-core, without which no accessibility is checked. Pictures are called
NAME-WIDTH-THEME.png. It needs Chromium and the extra `dev`.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

from explorer_pictures import HEIGHT, PATIENCE, PICTURES, SETTLING, Picture, explorer, wait_until_drawn
from playwright.sync_api import sync_playwright

WIDTHS = (360, 800, 1440)
THEMES = ("default", "dark")
MORE = (
    Picture("student", "/?view=phase&model=nishimori&p=3&x=6&t=2&n=128&disorders=4", WIDTHS[0]),
    Picture("exponential", "/?view=phase&model=exponential&x=0.2&t=0.3&n=32&disorders=4", WIDTHS[0]),
    Picture("tour", "/?tour=shannon&step=1", WIDTHS[0]),
)
VIOLATIONS = """async () => (await axe.run()).violations.map(({impact, id, help, nodes}) =>
    `${impact} ${id}: ${help} (${nodes.map(node => node.target.flat().join(" ")).join("; ")})`)"""


def look(browser: Any, address: str, picture: Picture, theme: str, folder: Path, axe: Path | None) -> list[str]:
    """Save a page at all widths; return what axe-core finds there."""
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": HEIGHT})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}{picture.link}&theme={theme}")
    wait_until_drawn(page)
    picture.prepare(page)
    if axe is not None:
        page.add_script_tag(path=axe)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(SETTLING)
        page.screenshot(path=folder / f"{picture.name}-{width}-{theme}.png", full_page=True)
        if axe is not None:
            found += [f"{picture.name}, {width}, {theme}: {said}" for said in page.evaluate(VIOLATIONS)]
    page.close()
    return found


def main() -> None:
    """Look at all pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--axe", type=Path, metavar="FILE")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    names = chosen.only or {one.name for one in (*PICTURES, *MORE)} - {"phase-phone"}
    pages = [one for one in (*PICTURES, *MORE) if one.name in names]
    found = []
    with explorer() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in pages:
            for theme in THEMES:
                found += look(browser, address, picture, theme, chosen.folder, chosen.axe)
        browser.close()
    print("\n".join(found))
    if chosen.axe is not None:
        print(f"{len(found)} violations on {len(pages)} pages at {len(WIDTHS)} widths, light and dark")


if __name__ == "__main__":
    main()
