"""The point that was clicked: how hard its pattern is to find, and what the colours of the plane mean."""

import densehop as dh
from tests.browser.conftest import NISHIMORI
from tests.browser.test_explorer import query


def test_a_point_says_how_hard_its_pattern_is_to_find_and_colours_have_a_key(share):
    page = share(NISHIMORI)
    n_spins, regimes = int(query(page)["n"]), set()
    page.get_by_label("temperature T", exact=True).fill("2")
    for load in (6, 2):
        page.get_by_label("load", exact=True).fill(str(load))
        page.keyboard.press("Enter")
        regime = dh.theory.inference_regime(n_spins, dh.n_examples_for(load, n_spins, 3), 3, 2.0).regime
        page.wait_for_selector(f"text=Finding the pattern: {regime} at N = {n_spins}")
        regimes.add(regime)
    assert len(regimes) == 2
    page.wait_for_selector("dl.colours")
    assert page.locator("dl.colours dt").all_inner_texts() == ["P", "lR", "gR", "eR"]
