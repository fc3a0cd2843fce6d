"""The point that was clicked: how hard its pattern is to find, and what the colours of the plane mean."""


def test_a_point_says_how_hard_its_pattern_is_to_find_and_colours_have_a_key(visit):
    page = visit("/?model=nishimori&p=3&x=6&t=2&n=128")
    page.wait_for_selector("text=Finding the pattern: hard")
    page.wait_for_selector("dl.colours")
    assert page.locator("dl.colours dt").all_inner_texts() == ["P", "lR", "gR", "eR"]
    page.get_by_label("load", exact=True).fill("2")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Finding the pattern: impossible")
