"""Figures of phase diagrams: names inside their phases, lines only where they mean something."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.campaign import store
from densehop.plot import style
from densehop.plot.phase_diagrams import phase_diagram
from densehop.recipes import RECIPES
from densehop.recipes.phase_diagrams import plane
from densehop.recipes.recipe import reproduce
from densehop.theory.diagrams import diagram, line_marks

NAMES = ("P", "SG", "lR", "gR", "eR")


def invented(codes, model="direct", **attributes):
    """Return a dataset with these phases over load 0..2 and T 0..4, and no lines."""
    rows, columns = codes.shape
    dataset = xr.Dataset(coords={"temperature": np.linspace(0, 4, rows), "alpha": np.linspace(0, 2, columns)})
    dataset["phase"] = ("temperature", "alpha"), codes, {"flag_meanings": " ".join(NAMES)}
    return dataset.assign_attrs(p=3, model=model, **attributes)


def with_line(dataset, kind, coordinate, temperature):
    dataset[f"{kind}_alpha"] = f"{kind}_point", np.asarray(coordinate, dtype=float)
    dataset[f"{kind}_temperature"] = f"{kind}_point", np.asarray(temperature, dtype=float)
    rule = line_marks.rules(dataset.attrs["model"])[kind]
    marks = line_marks.shown(
        dataset["phase"], dataset[f"{kind}_alpha"].values, dataset[f"{kind}_temperature"].values, rule
    )
    dataset[f"{kind}_shown"] = f"{kind}_point", marks
    return dataset


def labels_of(figure):
    return {label.get_text(): label for label in figure.axes[0].texts}


def check_names(dataset):
    """Each phase of the grid is named once, at a point of it, within the frame; return the figure."""
    figure = phase_diagram(dataset)
    labels, phase = labels_of(figure), dataset["phase"]
    present = {NAMES[code] for code in np.unique(phase)}
    assert set(labels) == present
    assert len(figure.axes[0].texts) == len(present)
    left, right = figure.axes[0].get_xlim()
    low, high = figure.axes[0].get_ylim()
    for name, label in labels.items():
        x, t = label.xy
        code = int(phase.sel({phase.dims[1]: x, "temperature": t}, method="nearest"))
        assert NAMES[code] == name
        written = label.xyann
        assert left < written[0] < right
        assert low < written[1] < high
    return figure


def blocks(narrow):
    """Return codes of all five phases, one of them a strip of this many columns."""
    codes = np.zeros((81, 81), dtype=np.int8)
    codes[:40, :30], codes[:40, 50:], codes[45:, 60:] = 4, 1, 3
    codes[45:, 60 - narrow : 60] = 2
    return codes


@pytest.mark.parametrize("narrow", [1, 2, 20])
def test_names_lie_in_their_phases(narrow):
    labels = labels_of(check_names(invented(blocks(narrow))))
    led = labels["lR"].arrow_patch is not None
    assert led == (narrow < 20)
    assert labels["P"].arrow_patch is None


def test_names_keep_off_lines_and_off_each_other():
    middle = np.linspace(0, 4, 81)
    dataset = invented(np.zeros((81, 81), dtype=np.int8))
    plain = labels_of(phase_diagram(dataset))["P"].xy
    moved = labels_of(phase_diagram(with_line(dataset, "glass_dynamic", np.full(81, plain[0]), middle)))["P"].xy
    assert abs(moved[0] - plain[0]) > 0.1
    figure = phase_diagram(invented(blocks(1)))
    style.encode(figure)
    boxes = [label.get_window_extent() for label in figure.axes[0].texts]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_lines_are_drawn_only_where_they_part_phases():
    codes = np.zeros((81, 81), dtype=np.int8)
    codes[:40] = 1
    codes[:, :20] = 3
    dataset = with_line(invented(codes), "glass_static", np.linspace(0, 2, 41), np.full(41, 1.975))
    dataset = with_line(dataset, "retrieval_spinodal", [1.0, 1.5], [3.0, 3.5])
    (line,) = phase_diagram(dataset).axes[0].lines
    x, t = line.get_xdata(), line.get_ydata()
    assert x[np.isfinite(t)].min() == pytest.approx(0.4875, abs=0.02)
    assert x[np.isfinite(t)].max() == 2


def test_nishimori_line_lies_across_a_plane_off_it():
    dataset = invented(blocks(20), "fixed_teacher", teacher_temperature=1.5)
    (line,) = phase_diagram(dataset).axes[0].lines
    assert set(line.get_ydata()) == {1.5}
    assert "Nishimori" in line.get_label()


def test_where_a_pattern_is_hard_to_find_is_dotted():
    codes = np.full((9, 9), NAMES.index("gR"))
    dataset = invented(codes, "nishimori", n_spins=100)
    difficulty = np.repeat([0, 1, 2], 3) * np.ones((9, 1), dtype=int)
    dataset["difficulty"] = ("temperature", "alpha"), difficulty, {"flag_meanings": "impossible hard easy"}
    axes = phase_diagram(dataset).axes[0]
    legend = axes.get_legend_handles_labels()[1] or [text.get_text() for text in axes.get_legend().get_texts()]
    assert "hard at N = 100" in legend
    dataset["difficulty"][:] = 2
    assert "hard at N = 100" not in phase_diagram(dataset).axes[0].get_legend_handles_labels()[1]


def test_a_figure_needs_a_grid():
    with pytest.raises(dh.InvalidInput, match="at least 2 x 2 points"):
        phase_diagram(invented(np.zeros((1, 5), dtype=np.int8)))


def test_computed_diagram(tmp_path, monkeypatch):
    monkeypatch.setattr(diagram, "LINE_POINTS", 41)
    asked = plane.Size.from_options(4, "finite_noise", 61, None, None, teacher_temperature=3.0)
    figure = check_names(plane.compute(asked, 0, None, NoProgress(), tmp_path))
    axes = figure.axes[0]
    assert "scaled load" in axes.get_xlabel()
    labels = {line.get_label() for line in axes.lines}
    assert labels == {"lR: spinodal", "gR: transition", "eR: transition", "eR against gR"}
    contents = style.encode(figure)
    assert contents[".png"].startswith(b"\x89PNG")
    assert contents[".pdf"].startswith(b"%PDF")


@pytest.mark.parametrize(
    ("model", "settings", "words"),
    [
        ("direct", {}, "direct model"),
        ("nishimori", {"teacher_critical_temperature": 1.5}, "Bayes-optimal"),
        ("fixed_teacher", {"teacher_temperature": 1.5}, "T^* = 1.5"),
        ("large_noise", {}, "lambda = "),
        ("large_noise", {"scaled_teacher_temperature": 0.8}, "tilde T^* = 0.8"),
    ],
)
def test_every_plane_says_what_it_is(model, settings, words):
    figure = check_names(invented(blocks(20), model, **settings))
    assert words in figure.legends[0].get_title().get_text()


def test_recipe_writes_its_files_whole_or_not_at_all(tmp_path, monkeypatch):
    recipe = RECIPES["finite-noise-phase-diagram"]
    made = reproduce(recipe, "quick", tmp_path / "made", 0, None, NoProgress())
    assert [path.suffix for path in made.files] == [".png", ".pdf", ".nc"]
    assert store.load(made.files[-1])["phase"].identical(made.dataset["phase"])
    assert "1.451797" in made.table

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(store, "encode", fail)
    with pytest.raises(OSError, match="no space left"):
        reproduce(replace(recipe, compute=lambda *_: made.dataset), "quick", tmp_path / "failed", 0, None, NoProgress())
    assert list((tmp_path / "failed").iterdir()) == []


def test_sizes_of_the_phase_diagrams():
    for name in ("direct", "fixed-teacher", "finite-noise", "large-noise"):
        sizes = RECIPES[f"{name}-phase-diagram"].sizes
        assert (sizes["paper"].n_coordinates, sizes["paper"].n_temperatures) == (400, 401)
        assert sizes["quick"].n_coordinates < 400


def test_lines_end_at_the_frame_not_before_it():
    """A line with points on either side of the frame is drawn through it, and no farther."""
    dataset = with_line(invented(blocks(20)), "glass_static", [-0.4, -0.1, 0.3, 1.8, 2.1, 2.6], np.full(6, 0.5))
    dataset["glass_static_shown"] = ("glass_static_point", np.array([False, False, True, True, False, False]))
    names = [line.get_label() for line in phase_diagram(dataset).axes[0].lines]
    line = phase_diagram(dataset).axes[0].lines[names.index("spin glass (static)")]
    drawn = line.get_xdata()[np.isfinite(line.get_ydata())]
    window = dataset["alpha"].values[[0, -1]]
    assert drawn.min() < window[0]
    assert drawn.max() > window[1]
    assert len(drawn) == 4
