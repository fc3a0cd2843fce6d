"""The network at work, live."""

from tests.browser.conftest import RESTORE


def test_a_network_relaxes_live_and_its_temperature_can_be_changed(share):
    page = share(RESTORE)
    page.get_by_role("tab", name="The network, live").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector("text=/[1-9] sweeps/")
    page.locator(".live-t .noUi-handle").focus()
    page.keyboard.press("End")
    page.wait_for_function("document.location.search.includes('live_t=3')")
    page.wait_for_selector("text=phase of paramagnetic")
    said = page.locator(".live p").first
    begun = int(said.inner_text().split()[0])
    while int(said.inner_text().split()[0]) < begun + 2:  # a sweep that has begun keeps its temperature
        page.wait_for_timeout(50)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Go on").wait_for()
    page.locator(".python-live button").click()
    assert " + [3.0] * " in page.locator(".script-live pre").inner_text()
