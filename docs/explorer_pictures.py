"""Take the pictures of the explorer in docs/explorer: `python docs/explorer_pictures.py [NAME ...]`.

Run it after pages of the explorer have changed. It needs Chromium and the extra `dev`. Each picture carries the labels
of its page as text, and a browser test (tests/browser/test_layout.py) compares them with the page of today. Pictures
have 128 colours, to be small.
"""

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

FOLDER = Path(__file__).parent / "explorer"
COLOURS = 128
HEIGHT = 800  # pixels; a page that is longer is taken whole
PATIENCE = 600_000  # milliseconds
RESTING = 300  # milliseconds in which labels do not change
SETTLING = 1_500  # milliseconds, for charts to be drawn after the last number has come
LABELS = "labels"  # under which a PNG file holds them
FIND_LABELS = """() => {
    const found = [];
    const look = root => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            const labels = one.matches("h1, h2, h3, [role=tab], button, label, summary");
            if (labels && one.checkVisibility({visibilityProperty: true})) found.push(one.textContent.trim());
        }
    };
    look(document);
    return found;
}"""


def _nothing(page: Any) -> None:
    del page


def _simulate(page: Any) -> None:
    page.locator(".download-phase-diagram-said small").wait_for(state="detached")  # until the lines are traced
    page.get_by_role("button", name="Simulate here").click()
    page.wait_for_selector("text=400 sweeps")


def _cut(page: Any) -> None:
    page.get_by_role("button", name="Simulate along the line").click()
    page.wait_for_selector("text=points done, all")


def _restore(page: Any) -> None:
    page.get_by_role("button", name="Restore", exact=True).click()
    page.wait_for_selector("text=restored without an error by")


def _attack(page: Any) -> None:
    page.get_by_role("button", name="Attack", exact=True).click()
    page.wait_for_selector(".attacked b:text('recovered')")
    page.wait_for_selector(".proved b")


def _live(page: Any) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector("text=/[4-9] sweeps/")
    page.get_by_role("button", name="Pause").click()


@dataclass(frozen=True)
class Picture:
    """A file, the link to what it shows, how wide the window is, and what is done on the page."""

    name: str
    link: str
    width: int
    prepare: Callable[[Any], None] = _nothing


PICTURES = (
    Picture("phase", "/?view=phase", 1280, _simulate),
    Picture("phase-phone", "/?view=phase", 400),
    Picture("cut", "/?view=cut&model=nishimori&p=3&x=8&t=2&n=192&disorders=4", 1280, _cut),
    Picture("live", "/?view=live", 1280, _live),
    Picture("restore", "/?view=restore&digit=7", 1280, _restore),
    Picture("attack", "/?view=attack", 1280, _attack),
)


def labels(page: Any) -> str:
    """Return what stands on headings, tabs, buttons and fields once it rests, without numbers."""
    before, now = None, _labels(page)
    while now != before:
        page.wait_for_timeout(RESTING)
        before, now = now, _labels(page)
    return now


def _labels(page: Any) -> str:
    found = (" ".join(label.split()) for label in page.evaluate(FIND_LABELS))
    return "\n".join(sorted({re.sub(r"[\d.,-]+", "#", label) for label in found}))


def labels_of(name: str) -> str:
    """Return the labels that stood on the page when a picture was taken."""
    with Image.open(FOLDER / f"{name}.png") as picture:
        return str(picture.info[LABELS])


def wait_until_drawn(page: Any) -> None:
    """Wait until charts are drawn and nothing is computed any more."""
    page.wait_for_selector("canvas")
    page.wait_for_load_state("networkidle")


def take(picture: Picture, browser: Any, address: str) -> bytes:
    """Return a picture as a PNG file."""
    page = browser.new_page(viewport={"width": picture.width, "height": HEIGHT})
    page.set_default_timeout(PATIENCE)
    page.goto(address + picture.link)
    wait_until_drawn(page)
    found = labels(page)
    picture.prepare(page)
    page.wait_for_timeout(SETTLING)
    taken = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    page.close()
    text = PngImagePlugin.PngInfo()
    text.add_text(LABELS, found)
    file = io.BytesIO()
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "png", optimize=True, pnginfo=text)
    return file.getvalue()


@contextmanager
def explorer() -> Iterator[str]:
    """Run an explorer and return its address."""
    command = [sys.executable, "-u", "-m", "densehop", "explore", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"http://\S+", line):
                    yield found.group()
                    return
            sys.exit("the explorer did not start")
        finally:
            process.terminate()


def main() -> None:
    """Take the pictures that are named, or all."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (the test needs only what stands above)

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with explorer() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in [one for one in PICTURES if not sys.argv[1:] or one.name in sys.argv[1:]]:
            (FOLDER / f"{picture.name}.png").write_bytes(take(picture, browser, address))
        browser.close()


if __name__ == "__main__":
    main()
