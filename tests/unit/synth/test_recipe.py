import pytest
from pydantic import ValidationError

from filmrestore_core.errors import SettingsError
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_come_back_from_their_documents(name):
    recipe = load_recipe(name)
    document = recipe.model_dump_json(by_alias=True)
    assert RecipeSettings.model_validate_json(document) == recipe
    assert '"schema":1' in document


def test_unknown_names_and_keys_are_refused():
    with pytest.raises(SettingsError, match="known are"):
        load_recipe("filthy")
    with pytest.raises(ValidationError, match="dirt\\.per_fram"):
        RecipeSettings.model_validate({"dirt": {"per_fram": 3}})


def test_recipes_grow_heavier():
    counts = [load_recipe(n).dirt.per_frame for n in ("clean", "light", "medium", "heavy")]
    assert counts == sorted(counts)
