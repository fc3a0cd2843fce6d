"""How the documentation site is built: `make docs`; without network, warnings are errors."""

import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.ext import autosummary
from typer.cli import app as typer_program
from typer.testing import CliRunner

import densehop

sys.path.insert(0, str(Path(__file__).parent))  # the line below, and tutorial_pages.py
import site_links

project = "densehop"
author = "the densehop developers"
project_copyright = author
version = release = densehop.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # formulas are set without network, too
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_templates", "examples", "tutorials"]
templates_path = ["_templates"]

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
default_role = "autolink"
autodoc_typehints = "none"  # docstrings give shapes and units, which the types cannot
numpydoc_show_class_members = False
autosummary.WELL_KNOWN_ABBREVIATIONS += ("eq.",)  # no end of a sentence
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(Path(__file__).parent / "search_hits.js")
html_theme = "pydata_sphinx_theme"
html_title = "densehop"
html_show_sourcelink = False
html_sidebars = {name: [] for name in ("index", "first-steps", "gallery")}  # nothing to list beside these
html_theme_options = {
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

sphinx_gallery_conf = {
    "examples_dirs": "tutorials",
    "gallery_dirs": "learn",
    "filename_pattern": ".*",
    "within_subsection_order": "tutorial_pages.place",
    "image_scrapers": "tutorial_pages.scrape",
    "abort_on_example_error": True,
    "ignore_repr_types": r"matplotlib",
    "write_computation_times": False,  # a page that asks other hosts for scripts
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
}


def list_commands(app: Sphinx) -> None:
    """Write the page of the command line from the program itself."""
    options = ["utils", "docs", "--name", "densehop", "--title", "Command line"]
    listed = CliRunner().invoke(typer_program, ["densehop.apps.cli.program", *options], catch_exceptions=False)
    (Path(app.srcdir) / "api/command-line.md").write_text(listed.stdout)


def link_docstring(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Turn what docstrings cite, equations and public names of any room, into links."""
    del app, what, name, item, options
    text = site_links.link_citations("\n".join(lines), ":ref:").replace("docs/theory.md", ":doc:`theory </theory>`")
    lines[:] = site_links.link_names(text).split("\n")


def link_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Turn citations of equations on all pages into links, and public names on handwritten pages of the reference."""
    del app
    if name == "theory":
        source[0] = site_links.name_equations(source[0])
    elif Path(name).parts[0] not in {"learn", "api"}:
        source[0] = site_links.link_page(source[0])
    elif Path(name).parent == Path("api") and name != "api/command-line":
        source[0] = site_links.link_names(site_links.link_page(source[0])).replace(":py:obj:", "{py:obj}")


def setup(app: Sphinx) -> None:
    """Connect what this file adds."""
    app.connect("builder-inited", list_commands)
    app.connect("autodoc-process-docstring", link_docstring)
    app.connect("source-read", link_page)
