"""The phase diagram of archetypes: its table, and its figure, from the data beside its page."""

from pathlib import Path

import numpy as np

from densehop.campaign import store
from densehop.recipes import RECIPES

DATA = Path(__file__).parents[3] / "docs" / "figures" / "archetype-phase-diagram.nc"


def test_the_table_has_what_exact_sums_say():
    recipe, dataset = RECIPES["archetype-phase-diagram"], store.load(DATA)
    rows = [line.split() for line in recipe.table(dataset).splitlines() if line.startswith("T = 1/(2L)")]
    assert len(rows) == 2
    for *_, here, exact in rows:
        assert here == exact
    names = np.array(dataset["phase"].attrs["flag_meanings"].split())[np.unique(dataset["map_phase"])]
    assert set(names) == {"P", "lR", "gR", "eR"}


def test_the_figure_names_phases_and_lines():
    figure = RECIPES["archetype-phase-diagram"].draw(store.load(DATA))
    axes = figure.axes[0]
    assert {text.get_text() for text in axes.texts} == {"P", "lR", "gR", "eR"}
    said = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert {"eR against gR", "copies: spinodal", "gR: transition", "eR: transition", "lR: spinodal"} <= said
    assert axes.get_xlabel().startswith("load of archetypes")
