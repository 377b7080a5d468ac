"""What can be built: a variant of mbench's own networks, or of a user's, each with its recipe."""

from mbench.core.builds.own_recipes import OwnRecipe
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Recipe
from mbench.core.builds.variants import Variant

AnyVariant = Variant | OwnVariant
AnyRecipe = Recipe | OwnRecipe
