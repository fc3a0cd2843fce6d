"""Published figures, one small file each: what to compute, at which sizes, and how to draw it."""

from densehop.recipes.capacity.limit import RECIPE as CAPACITY_LIMIT
from densehop.recipes.capacity.recipe import RECIPE as CAPACITY
from densehop.recipes.exponential.recipe import RECIPE as EXPONENTIAL_ENERGIES
from densehop.recipes.overlaps.landscape import RECIPE as LANDSCAPE
from densehop.recipes.overlaps.large_noise import RECIPE as LARGE_NOISE_OVERLAP
from densehop.recipes.overlaps.nishimori import RECIPE as NISHIMORI_OVERLAP
from densehop.recipes.phase_diagrams.archetypes import RECIPE as ARCHETYPE_PHASE_DIAGRAM
from densehop.recipes.phase_diagrams.direct import RECIPE as DIRECT_PHASE_DIAGRAM
from densehop.recipes.phase_diagrams.finite_noise import RECIPE as FINITE_NOISE_PHASE_DIAGRAM
from densehop.recipes.phase_diagrams.fixed_teacher import RECIPE as FIXED_TEACHER_PHASE_DIAGRAM
from densehop.recipes.phase_diagrams.large_noise import RECIPE as LARGE_NOISE_PHASE_DIAGRAM
from densehop.recipes.phase_diagrams.nishimori import RECIPE as NISHIMORI_PHASE_DIAGRAM
from densehop.recipes.recipe import Recipe
from densehop.recipes.recovery.recipe import RECIPE as HIDDEN_PATTERN
from densehop.recipes.robustness.adversarial import RECIPE as ADVERSARIAL
from densehop.recipes.robustness.adversarial_prototypes import RECIPE as ADVERSARIAL_PROTOTYPES
from densehop.recipes.robustness.prototype_or_feature import RECIPE as PROTOTYPE_OR_FEATURE

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        DIRECT_PHASE_DIAGRAM,
        NISHIMORI_PHASE_DIAGRAM,
        NISHIMORI_OVERLAP,
        FIXED_TEACHER_PHASE_DIAGRAM,
        FINITE_NOISE_PHASE_DIAGRAM,
        LARGE_NOISE_PHASE_DIAGRAM,
        CAPACITY,
        CAPACITY_LIMIT,
        EXPONENTIAL_ENERGIES,
        ARCHETYPE_PHASE_DIAGRAM,
        LANDSCAPE,
        LARGE_NOISE_OVERLAP,
        ADVERSARIAL,
        ADVERSARIAL_PROTOTYPES,
        PROTOTYPE_OR_FEATURE,
        HIDDEN_PATTERN,
    )
}

__all__ = ["RECIPES", "Recipe"]
