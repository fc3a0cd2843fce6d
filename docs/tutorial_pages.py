"""The order of the tutorials, and how they show the figures that densehop returns."""

from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

ORDER = (
    "first_day",
    "phase_diagram_of_your_model",
    "teacher_and_student",
    "who_wrote_this",
    "restore_and_classify",
    "is_my_memory_overloaded",
    "how_many_patterns",
    "campaign_on_dask",
    "reproduce_a_figure",
    "add_an_energy_or_a_dynamics",
)


def place(filename: str) -> int:
    """Return where a tutorial stands."""
    return ORDER.index(filename.removesuffix(".py"))


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return the reStructuredText of figures that a block made; sphinx-gallery itself looks only for pyplot's."""
    del block
    names = block_vars["example_globals"]
    shown = names.setdefault("__shown_figures", [])
    new = [value for value in names.values() if isinstance(value, Figure) and value not in shown]
    paths = [next(block_vars["image_path_iterator"]) for _ in new]
    for figure, path in zip(new, paths, strict=True):
        figure.savefig(path, dpi=150)
    shown += new
    return str(figure_rst(paths, gallery_conf["src_dir"]))
