"""Recipes of the quantizer's own, as files give them."""

from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.workflows.build.own_recipes_of import quantizer_recipe


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is an empty list, which quantizes nothing"),
        ("{}", "is not a recipe of litert-quantizer"),
        ('[{"regex": ".*"}]', "a list of algorithm_key, operation, regex"),
        ("[", "is not JSON"),
    ],
)
def test_what_is_no_recipe_is_refused_before_anything_is_built(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        quantizer_recipe(path)


def test_a_recipe_is_written_alike_however_its_file_is(tmp_path: Path) -> None:
    spaced, other = tmp_path / "a.json", tmp_path / "b.json"
    spaced.write_text('[ {"regex": ".*",\n "operation": "*", "algorithm_key": "min_max_uniform_quantize"} ]')
    other.write_text('[{"algorithm_key": "min_max_uniform_quantize", "operation": "*", "regex": ".*"}]')
    assert quantizer_recipe(spaced) == quantizer_recipe(other)
