"""Published figures, one small file each: what to compute, at which sizes, and how to draw it."""

from densehop.recipes import nishimori_overlap, nishimori_phase_diagram
from densehop.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (nishimori_phase_diagram.RECIPE, nishimori_overlap.RECIPE)
}

__all__ = ["RECIPES", "Recipe"]
