"""What can be built: a variant of mbench's own networks, or of a user's, each with its recipe."""

from mbench.core.own_recipes import OwnRecipe
from mbench.core.own_variants import OwnVariant
from mbench.core.recipes import Recipe
from mbench.core.variants import Variant

AnyVariant = Variant | OwnVariant
AnyRecipe = Recipe | OwnRecipe
