"""Exponential memories: their phase diagram and simulation, and what is proved of a classifier of theirs."""

import re

import densehop as dh
from tests.browser.conftest import ATTACK


def test_the_plane_of_exponential_memories(visit):
    page = visit("/?model=exponential&sharpness=1&x=0.2&t=0.3&n=32&disorders=2&sweeps=40")
    page.wait_for_selector("text=A = 0.2, T = 0.3: global retrieval (gR)")
    m = dh.solve(dh.ExponentialModel(0.2, 1.0, 0.3), "retrieval").m
    page.wait_for_selector(f"td:text('{m:.4f}')")
    page.get_by_role("button", name="Simulate here").click()
    page.wait_for_selector(".verdict b:text('40 sweeps')")
    page.locator(".python-phase button").click()
    assert 'None, "exponential"' in page.locator(".script-phase pre").inner_text()
    page.get_by_label("sharpness L").fill("0.3")
    page.get_by_label("sharpness L").press("Enter")
    page.wait_for_function("document.location.search.includes('sharpness=0.3')")
    weak = dh.solve(dh.ExponentialModel(0.2, 0.3, 0.3), "retrieval").m
    page.wait_for_selector(f"td:text('{weak:.4f}')")


def test_the_radius_of_certificates_slides(share):
    page = share(ATTACK)
    said = page.locator(".proved p b").first
    said.wait_for()
    first = int(re.match(r"\d+", said.inner_text())[0])
    page.locator(".radius .noUi-handle").focus()
    page.keyboard.press("End")
    page.wait_for_selector("text=At size 1.20")
    assert int(re.match(r"\d+", said.inner_text())[0]) < first
