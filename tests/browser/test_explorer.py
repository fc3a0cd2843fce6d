"""The explorer as a user meets it: in Chromium, against a server in a process of its own."""

import contextlib
import io
import re
import time
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from tests.browser.conftest import ATTACK, NISHIMORI, PATIENCE, RESTORE, SMALL


def query(page):
    """Return the parameters in the address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def problem_of(page):
    """Return the problem of a student at the Nishimori line that the address names."""
    at = query(page)
    return dh.TeacherStudent.nishimori(int(at["p"]), float(at["x"]), float(at["t"]))


def wait_until(page, holds):
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(30)


def numbers(page):
    """Return the branches that the page shows, by name."""
    rows = page.locator("table.branches tr").all()
    head, *body = [[cell.inner_text() for cell in row.locator("th, td").all()] for row in rows]
    return {row[0]: dict(zip(head, row, strict=True)) for row in body}


def click(page, right, up):
    """Click into the phase diagram, at fractions of its canvas."""
    box = page.locator("canvas").first.bounding_box()
    page.mouse.click(box["x"] + right * box["width"], box["y"] + (1 - up) * box["height"])


def run(code):
    """Run lines of Python and return what they print."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "page", "exec"), {})
    return printed.getvalue()


def downloaded(page, selector, tmp_path):
    """Return the file that a button hands out."""
    with page.expect_download() as caught:
        page.locator(selector).click()
    path = tmp_path / caught.value.suggested_filename
    caught.value.save_as(path)
    return path


def wait_for_files(page, name):
    """Wait until a view hands out its files."""
    page.locator(f".download-{name}-said small").wait_for(state="detached")


def files(page, name, tmp_path):
    """Return the dataset that a view hands out, after a look at its pictures."""
    wait_for_files(page, name)
    assert downloaded(page, f".download-{name}-png a", tmp_path).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert ElementTree.parse(downloaded(page, f".download-{name}-svg a", tmp_path)).getroot().tag.endswith("svg")
    return xr.load_dataset(downloaded(page, f".download-{name}-nc a", tmp_path), engine="h5netcdf")


def test_a_click_shows_what_solve_says(share):
    page = share(NISHIMORI)
    before = page.url
    click(page, 0.8, 0.5)
    wait_until(page, lambda: page.url != before)
    problem = problem_of(page)
    page.wait_for_selector(f"text=α = {problem.load:.4g}, T = {problem.temperature:.4g}")
    shown = numbers(page)["inference"]
    solution = dh.solve(problem, "inference")
    assert [float(shown[name]) for name in ("q", "q*", "free entropy", "entropy")] == pytest.approx(
        [solution.q, solution.q_star, solution.free_entropy, solution.entropy], abs=5e-5
    )
    assert f"({dh.phase(problem).value})" in page.locator(".about h3").inner_text()


def test_a_link_restores_its_state(share):
    page = share(SMALL, fresh=True)
    solution = dh.solve(dh.TeacherStudent.nishimori(4, 6, 1.5), "inference")
    page.wait_for_selector("text=α = 6, T = 1.5: global retrieval (gR)")
    assert float(numbers(page)["inference"]["q*"]) == pytest.approx(solution.q_star, abs=5e-5)


def to_load(page, load):
    """Type the load of a point of `SMALL`; wait for what is known there."""
    field = page.locator(".point-load input")
    field.fill(str(load))
    field.press("Enter")
    page.wait_for_selector(f"text=α = {load}, T = 1.5")


def test_back_shows_the_point_before(share):
    page = share(SMALL)
    to_load(page, 5)
    to_load(page, 4.5)
    page.get_by_role("tab", name="Restore").click()
    page.wait_for_selector("text=50 digits are stored")
    page.go_back()
    page.wait_for_selector("text=α = 4.5, T = 1.5")
    page.go_back()
    page.wait_for_selector("text=α = 5, T = 1.5")


def settled(page, value, quiet: float = 1.0):
    """Return the value once it has stood still for `quiet` seconds: on a busy machine the last block takes a while."""
    last, since = value(), time.monotonic()
    deadline = since + PATIENCE
    while time.monotonic() < since + quiet:
        assert time.monotonic() < deadline, f"still moving at {last}"
        page.wait_for_timeout(100)
        if (now := value()) != last:
            last, since = now, time.monotonic()
    return last


def test_simulation_streams_pauses_stops_and_is_repeated_by_its_code(visit, tmp_path):
    page = visit("/?model=nishimori&p=3&n=224&sweeps=2000&x=8&t=2.2&disorders=2")  # several seconds long on any machine
    page.get_by_role("button", name="Simulate here").click()
    said = page.locator(".verdict div").first

    def sweeps():
        found = re.match(r"(\d+) sweeps", said.inner_text())
        return int(found.group(1)) if found else 0

    seen = set()

    def streams():
        seen.add(sweeps())
        return len(seen) >= 4  # points arrive one block after the other

    wait_until(page, streams)
    page.get_by_role("button", name="Pause").click()
    paused = settled(page, sweeps)
    assert 0 < paused < 2000
    page.get_by_role("button", name="Go on").click()
    wait_until(page, lambda: sweeps() != paused)
    page.locator(".python-simulation button").click()
    code = page.locator(".script-simulation pre")
    page.get_by_role("button", name="Stop").click()
    wait_until(page, lambda: ":, 500:]" not in code.inner_text() or sweeps() == 2000)  # the code of what was done
    ended = sweeps()
    assert paused < ended <= 2000
    mean, error = map(float, run(code.inner_text()).split())
    assert f"overlap {mean:.4f} ± {error:.4f}" in said.inner_text()
    with xr.open_dataset(downloaded(page, ".download-simulation-nc a", tmp_path), engine="h5netcdf") as data:
        assert data["overlap"].shape == (2, 2, ended)
        late = data["overlap"][:, :, int(0.25 * ended) :]
        assert float(late.mean()) == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("attempt", range(4))  # without the lock about half of the clicks were lost
def test_a_click_that_overtakes_a_slider_is_answered(share, attempt):
    page = share(SMALL)
    to_load(page, 5 + (attempt + 1) / 8)
    page.locator(".verdict b").wait_for(state="detached")  # what an earlier simulation said
    page.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowLeft" if query(page)["p"] == "4" else "ArrowRight")
    page.get_by_role("button", name="Simulate here").click()
    page.wait_for_selector(".verdict b:text('40 sweeps')")  # the end: nothing is on its way to a page that closes


def test_too_large_a_simulation_is_one_clear_line(share):
    page = share(SMALL)
    settings, size = page.get_by_role("button", name="Size, start, sweeps"), page.get_by_label("N", exact=True)

    def take(n):
        size.fill(str(n))
        size.press("Enter")
        page.wait_for_function(f"document.location.search.includes('n={n}')")

    settings.click()
    take(1024)
    page.get_by_role("button", name="Simulate here").click()
    page.wait_for_selector("text=too much for a page")
    take(48)
    settings.click()


def test_diagram_and_code_are_handed_out(share, tmp_path):
    page = share(NISHIMORI)
    wait_for_files(page, "phase-diagram")
    with xr.open_dataset(downloaded(page, ".download-phase-diagram-nc a", tmp_path), engine="h5netcdf") as data:
        assert data["phase"].attrs["flag_meanings"].split()[0] == "P"
        assert "inference_global_alpha" in data
    assert downloaded(page, ".download-phase-diagram-png a", tmp_path).read_bytes()[:4] == b"\x89PNG"
    assert b"<svg" in downloaded(page, ".download-phase-diagram-svg a", tmp_path).read_bytes()[:500]
    page.locator(".python-phase button").click()
    code = page.locator(".script-phase pre").inner_text().split("# the whole diagram")[0]
    printed = run(code).splitlines()
    assert printed[0] == str(dh.phase(problem_of(page)))
    shown = numbers(page)["inference"]
    assert float(printed[1].split()[3]) == pytest.approx(float(shown["q*"]), abs=5e-5)


def test_another_p_is_another_diagram(share):
    page = share(NISHIMORI)
    handle = page.locator(".noUi-handle").first
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.location.search.includes('p=4')")
    solution = dh.solve(problem_of(page), "inference")
    page.wait_for_selector(f"text={solution.q_star:.4f}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.location.search.includes('p=3')")


def test_dots_appear_along_a_cut_and_its_files_and_code_agree(visit, tmp_path):
    page = visit("/?view=cut&model=nishimori&p=3&t=2&n=24&sweeps=40&disorders=2&x=8")
    page.get_by_role("button", name="Simulate along the line").click()
    page.wait_for_selector("text=12 points done, all")
    data = files(page, "cut", tmp_path)
    page.locator(".python-cut button").click()
    theory, first = run(page.locator(".script-cut pre").inner_text()).split("]")
    assert np.array(theory.strip("[").split(), float) == pytest.approx(data["winner"].values, abs=1e-7)
    assert list(map(float, first.split())) == pytest.approx(
        [data["simulated"].values[0], data["simulated_error"].values[0]], abs=1e-9
    )


def test_a_digit_is_restored_and_files_and_code_say_the_same(share, tmp_path):
    page = share(RESTORE)
    page.get_by_role("tab", name="Restore").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    page.wait_for_selector("text=restored without an error by")
    said = page.locator(".restored div").first.inner_text().split(":")[1]
    page.locator(".python-restore button").click()
    printed = run(page.locator(".script-restore pre").inner_text())
    right = re.findall(r"^(.*) 100%$", printed, re.MULTILINE)
    assert "exponential" in right
    assert [name.strip() for name in said.split(",")] == right
    values = files(page, "restored", tmp_path)["value"]
    for line in printed.splitlines():
        name, share = line.rsplit(" ", 1)
        agreement = (values.sel(picture=name) == values.sel(picture="stored")).mean()
        assert f"{float(agreement):.0%}" == share


@pytest.mark.parametrize(("eps", "end"), [(0.15, "recovered"), (0.7, "captured")])
def test_an_attack_below_and_above_the_boundary(share, tmp_path, eps, end):
    page = share(ATTACK)
    page.locator(".noUi-handle").nth(1).focus()
    page.keyboard.press("Home")
    for _ in range(round(eps / 0.05)):
        page.keyboard.press("PageUp")
    page.wait_for_selector(f"text=ε = {eps} is {'below' if eps < 0.5 else 'above'} ε* = 0.5000")
    page.get_by_role("button", name="Attack", exact=True).click()
    page.wait_for_selector(f".attacked b:text('{end}')")
    q_star = re.search(r"q\* = ([-\d.]+)", page.locator(".attacked div").first.inner_text()).group(1)
    page.locator(".python-attack button").click()
    *draws, boundary = run(page.locator(".script-attack pre").inner_text()).splitlines()
    first = draws[0].split()
    assert float(first[2]) == pytest.approx(float(q_star), abs=1e-3)
    if end == "recovered":
        data = files(page, "attack", tmp_path)
        assert data["overlap"].values[0, -1] == pytest.approx([float(first[2]), float(first[5])], abs=1e-9)
        assert data["n_draws"].sel(outcome="recovered").values == [len(draws)]
        on_curve = data["boundary"].interp(scaled_load=1.0)
        assert float(on_curve) == pytest.approx(float(boundary.split()[-1]), abs=1e-4)
