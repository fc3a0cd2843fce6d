"""Figures in anybody's settings: the house style is the same everywhere, and `style=None` is the user's own."""

import inspect
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import densehop as dh
from densehop.campaign import store
from densehop.diagnostics.verdicts import Verdict
from densehop.plot import (
    attacks,
    capacity,
    images,
    landscape,
    nishimori_phases,
    overlap_curves,
    phase_diagrams,
    recovery,
)
from densehop.plot.style import BLUE, HOUSE, applied, encode

FIGURES = Path(__file__).parents[3] / "docs" / "figures"
FUNCTIONS = [
    attacks.heat_maps,
    attacks.prototypes,
    capacity.capacity,
    images.memory_grid,
    images.overwrite_curve,
    images.restored_rows,
    images.robustness_curves,
    images.student_rows,
    landscape.landscape,
    nishimori_phases.nishimori_phase_diagram,
    overlap_curves.by_temperature,
    phase_diagrams.phase_diagram,
    recovery.recovery,
]
PUBLISHED = {
    "adversarial": (attacks.heat_maps, 2),
    "adversarial-prototypes": (attacks.prototypes, 2),
    "capacity": (capacity.capacity, 9),
    "nishimori-overlap": (overlap_curves.by_temperature, 3),
    "nishimori-phase-diagram": (nishimori_phases.nishimori_phase_diagram, 3),
    "prototype-or-feature": (recovery.recovery, 3),
}
DARK = {
    "axes.facecolor": "black",
    "figure.facecolor": "black",
    "text.color": "white",
    "font.size": 17,
    "savefig.dpi": 50,
    "text.usetex": True,
    "font.family": "monospace",
    "axes.prop_cycle": mpl.cycler(color=["#111111", "#222222", "#333333", "#444444"]),
}


@pytest.fixture(scope="module")
def diagram():
    """The published diagram of p = 3 on a coarse grid: nothing is computed."""
    every = slice(None, None, 20)
    published = store.load(FIGURES / "direct-phase-diagram.nc").isel(alpha=every, temperature=every)
    return published.drop_vars([name for name in published.data_vars if str(name).startswith("published_")])


@pytest.mark.parametrize("function", FUNCTIONS, ids=[function.__name__ for function in FUNCTIONS])
def test_every_function_takes_axes_and_a_style(function):
    parameters = inspect.signature(function).parameters
    assert parameters["ax"].default is None
    assert parameters["style"].default == "densehop"


def test_the_users_settings_do_not_change_a_figure_of_the_house(diagram):
    plain = encode(phase_diagrams.phase_diagram(diagram))[".png"]
    with mpl.rc_context(DARK):
        figure = phase_diagrams.phase_diagram(diagram)
        assert encode(figure)[".png"] == plain
    figure = phase_diagrams.phase_diagram(diagram)
    with mpl.rc_context(DARK):  # drawn in one place, saved in another
        assert encode(figure)[".png"] == plain


def test_the_users_settings_rule_without_a_style(diagram):
    settings = {**DARK, "text.usetex": False}
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(figsize=(3.375, 4.5))
        phase_diagrams.phase_diagram(diagram, axes, style=None)
    plt.close(figure)
    assert axes.get_xaxis().label.get_fontsize() == 17
    colours = {line.get_color() for line in axes.lines}
    assert BLUE not in colours
    assert {"#111111", "#222222"} <= colours
    with mpl.rc_context({"lines.linewidth": 3.0}):
        thick = phase_diagrams.phase_diagram(diagram, style=None).axes[0].lines
    thin = phase_diagrams.phase_diagram(diagram).axes[0].lines
    assert [line.get_linewidth() for line in thick] == [2 * line.get_linewidth() for line in thin]


def test_a_figure_for_a_column_is_legible(diagram):
    figure = phase_diagrams.phase_diagram(diagram, width=3.375)
    encode(figure)
    frame, legend = figure.axes[0].get_window_extent(), figure.legends[0].get_window_extent()
    whole = figure.bbox
    assert frame.width > 0.75 * whole.width
    assert frame.height > 0.4 * whole.height
    assert legend.y1 < frame.y0
    assert whole.x0 <= legend.x0 < legend.x1 <= whole.x1
    sizes = [text.get_fontsize() for text in (*figure.axes[0].texts, *figure.legends[0].get_texts())]
    assert min(sizes) >= 7


@pytest.mark.parametrize("name", ["nishimori-overlap", "prototype-or-feature"])
def test_panels_stand_below_each_other_in_a_column(name):
    """All of them use the width, and nothing is cut off."""
    figure = PUBLISHED[name][0](store.load(FIGURES / f"{name}.nc"), width=3.375)
    with applied(HOUSE):  # letters are measured in its font
        figure.canvas.draw()
        frames, legend = [axes.get_window_extent() for axes in figure.axes], figure.legends[0].get_window_extent()
    whole = figure.bbox
    assert min(frame.width for frame in frames) > 0.75 * whole.width
    assert all(above.y0 > below.y1 for above, below in pairwise(frames))
    assert legend.y1 < frames[-1].y0
    assert whole.x0 <= legend.x0 < legend.x1 <= whole.x1


def test_what_is_not_found_is_named_and_settled_chains_are_filled():
    """Chains from the pattern: filled where they settled, open elsewhere. From no overlap: one look, and a note."""
    data = store.load(FIGURES / "nishimori-overlap.nc")
    panel = overlap_curves.by_temperature(data).axes[2]
    assert "not found from $q^* = 0$" in [text.get_text() for text in panel.texts]
    filled, open_markers = [
        sum(
            int(np.isfinite(np.asarray(line.get_ydata(), float)).sum())
            for line in panel.lines
            if line.get_marker() == "o" and (line.get_markerfacecolor() == "white") is empty
        )
        for empty in (False, True)
    ]
    here = data.sel(alpha=9.0, n_spins=512, start="pattern")["verdict"]
    settled = int(here.isin([list(Verdict).index(one) for one in (Verdict.EQUILIBRATED, Verdict.FROZEN)]).sum())
    assert (filled, open_markers) == (settled, 20 - settled)
    assert 0 < settled < 20


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_can_be_drawn_on_axes_of_ones_own(name):
    draw, n_panels = PUBLISHED[name]
    data = store.load(FIGURES / f"{name}.nc")
    figure, axes = plt.subplots(1, n_panels)
    try:
        assert draw(data, axes, style=None) is figure
        assert all(one.has_data() for one in axes)
        with pytest.raises(dh.InvalidInput, match=f"ax must be {n_panels} of Matplotlib's axes"):
            draw(data, list(axes[:-1]))
    finally:
        plt.close(figure)


def test_unknown_styles_are_refused(diagram):
    with pytest.raises(dh.InvalidInput, match="style must be 'densehop', None or a style of Matplotlib, got 'no-such'"):
        phase_diagrams.phase_diagram(diagram, style="no-such")


@pytest.mark.long
def test_commands_draw_whatever_the_environment_says(tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfigure.facecolor: black\nsavefig.dpi: 40\n")
    command = [sys.executable, "-m", "densehop", "phase-diagram", "--p", "4", "--model", "nishimori", "--size", "5"]
    written = []
    for name, extra in {
        "plain": {},
        "odd": {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "MATPLOTLIBRC": str(tmp_path)},
    }.items():
        environment = {**os.environ, **extra, "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [*command, "--out", str(tmp_path / name)], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        written.append(next((tmp_path / name).glob("*.png")).read_bytes())
    assert written[0] == written[1]
