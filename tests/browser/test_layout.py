"""The page for everybody: by keyboard, with names that a screen reader can say, on any width, light and dark."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

from explorer_pictures import labels, labels_of

WIDTHS = (360, 800, 1440)
HEADINGS = {
    "phase": "Which state wins where",
    "cut": "The overlap along a line",
    "live": "The network at work",
    "restore": "A damaged memory, and what each network makes of it",
    "attack": "An example attacks the pattern",
}
UNNAMED = """() => {
    const found = [];
    const visible = element => element.checkVisibility({visibilityProperty: true});
    function look(root) {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            const control = one.matches("button, input, select, a[href], [role=slider], [role=button], [role=tab]");
            if (!control || !visible(one) || one.type === "hidden") continue;
            const label = one.id && root.querySelector(`label[for="${one.id}"]`) || one.closest("label");
            const says = one.getAttribute("aria-label") || label?.textContent || one.title ||
                (one.matches("input, select") ? "" : one.textContent);
            if (!says?.trim()) found.push(one.outerHTML.slice(0, 120));
        }
    }
    look(document);
    return found;
}"""


FAINT = """() => {
    const found = [];
    const numbers = colour => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const opaque = colour => !(numbers(colour)[3] < 1);
    const above = one => one.assignedSlot ?? one.parentElement ?? one.getRootNode().host;
    const light = colour => numbers(colour).slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    function look(root) {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            const says = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
            if (!says || one.disabled || one.closest("[disabled], style, script, option")) continue;
            if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
            let ground = one;
            while (above(ground) && !opaque(getComputedStyle(ground).backgroundColor)) ground = above(ground);
            const style = getComputedStyle(one);
            const both = [style.color, getComputedStyle(ground).backgroundColor].map(light).sort((x, y) => x - y);
            const needed = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
            if ((both[1] + 0.05) / (both[0] + 0.05) < needed) found.push([one.textContent.trim(), style.color]);
        }
    }
    look(document);
    return found;
}"""


@pytest.mark.parametrize("view", list(HEADINGS))
def test_every_view_fits_and_every_control_has_a_name(share, view):
    page = share("/?theme=dark" if view in {"phase", "restore"} else "/?view=cut")
    page.locator(f"[role=tab][data-view={view}]").click()
    page.get_by_text(HEADINGS[view], exact=True).wait_for()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_function(f"({UNNAMED})().length === 0")
    assert page.evaluate(FAINT) == []
    assert page.locator("meta[name=viewport]").count() == 1
    assert page.get_by_role("tab", selected=True).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert [page.locator(landmark).count() for landmark in ("header", "main", "footer", "html[lang]")] == [1] * 4
    page.set_viewport_size({"width": 1280, "height": 800})
    assert labels(page) == labels_of(view), "the picture on the site is old: run python docs/explorer_pictures.py"


def test_the_first_page_meets_the_theory_and_goes_by_keyboard(visit):
    page = visit()
    page.get_by_role("button", name="Simulate here").click()
    page.wait_for_selector("text=400 sweeps")
    page.wait_for_selector("text=It agrees with the theory for N → ∞ within two standard errors.")
    page.get_by_role("tab", name="Phase diagram").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text=The overlap along a line")
    page.keyboard.press("End")
    page.wait_for_selector("text=An example attacks the pattern")
    page.keyboard.press("Home")
    page.get_by_label("load", exact=True).fill("0.35")
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:text('Spin glass')")
    page.wait_for_function("document.location.search.includes('x=0.35')")
    page.get_by_role("tab", name="Restore").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("text=50 digits are stored")
    page.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html.dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"


def test_a_tour_drives_the_controls_and_can_be_linked_to(visit):
    page = visit("/?tour=lost")
    page.get_by_text("A memory is lost at 0.138 N, 1 of 3").wait_for()
    page.get_by_role("button", name="Next").click()
    page.wait_for_selector("text=α = 0.26, T = 0.02: local retrieval (lR)")
    page.get_by_role("button", name="Next").click()
    page.wait_for_selector("h2:text('Spin glass')")
    page.get_by_text("3 of 3").wait_for()
    page.get_by_label("Guided tours").select_option(label="An attack and a defence")
    page.wait_for_selector("text=An example attacks the pattern")
