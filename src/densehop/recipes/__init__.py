"""Published figures, one small file each: what to compute, at which sizes, and how to draw it."""

from densehop.recipes import (
    adversarial,
    adversarial_prototypes,
    capacity,
    direct_phase_diagram,
    finite_noise_phase_diagram,
    fixed_teacher_phase_diagram,
    landscape,
    large_noise_overlap,
    large_noise_phase_diagram,
    nishimori_overlap,
    nishimori_phase_diagram,
    prototype_or_feature,
)
from densehop.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        direct_phase_diagram.RECIPE,
        nishimori_phase_diagram.RECIPE,
        nishimori_overlap.RECIPE,
        fixed_teacher_phase_diagram.RECIPE,
        finite_noise_phase_diagram.RECIPE,
        large_noise_phase_diagram.RECIPE,
        capacity.RECIPE,
        landscape.RECIPE,
        large_noise_overlap.RECIPE,
        adversarial.RECIPE,
        adversarial_prototypes.RECIPE,
        prototype_or_feature.RECIPE,
    )
}

__all__ = ["RECIPES", "Recipe"]
