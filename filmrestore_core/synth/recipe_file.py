"""RecipeFile: recipes in YAML, one's own or those that lie beside a data set."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from filmrestore_core.errors import SettingsError
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe, recipe_names
from filmrestore_core.synth.section import Section
from filmrestore_core.yamlfile import YamlDocument, read_yaml


class _Document(Section):
    """What lies beside a data set: see `recipe_document`."""

    recipe: RecipeSettings
    seed: int | None = Field(None, ge=0)
    negatives: tuple[NegativeKind, ...] = ()
    source: str = ""
    frames: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class RecipeFile:
    """A recipe and what may be noted with it.

    Attributes:
        recipe: what happens to a film.
        seed: the seed noted with it; None where none is.
        negatives: the hard negatives noted with it.
    """

    recipe: RecipeSettings
    seed: int | None = None
    negatives: tuple[NegativeKind, ...] = ()


def find_recipe(name: str) -> RecipeFile:
    """A recipe that comes with the program, or one in a YAML file.

    Args:
        name: a name of `recipe_names`, or the path of a .yaml file: a recipe's own keys, or a
            data set's recipe.yaml with its seed and negatives.

    Raises:
        SettingsError: no such recipe, no such file, an unknown key or a value out of bounds; says
            the key and its line.
    """
    if Path(name).suffix.lower() not in (".yaml", ".yml"):
        if name not in recipe_names():
            raise SettingsError(
                f"There is no recipe called '{name}'.",
                hint=f"choose {', '.join(recipe_names())} or give a .yaml file",
            )
        return RecipeFile(load_recipe(name))
    document = read_yaml(Path(name))
    try:
        if "recipe" in document.values:
            found = _Document.model_validate(dict(document.values))
            return RecipeFile(found.recipe, found.seed, found.negatives)
        return RecipeFile(RecipeSettings.model_validate(dict(document.values)))
    except ValidationError as error:
        raise SettingsError(_sentence(error, document)) from error


def _sentence(error: ValidationError, document: YamlDocument) -> str:
    first = error.errors()[0]
    path = tuple(str(part) for part in first["loc"])
    line = document.lines.get(path)
    where = document.name if line is None else f"{document.name}, line {line}"
    dotted = ".".join(path)
    if first["type"] != "extra_forbidden":
        return f"{where}: '{dotted}' is {first.get('input')!r}: {first['msg'].lower()}."
    within = path[1:-1] if "recipe" in document.values and path[0] == "recipe" else path[:-1]
    known = _keys(within)
    near = get_close_matches(path[-1], known, n=1, cutoff=0.4)
    nearest = f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}."
    return f"{where}: a recipe has no '{dotted}'{nearest}"


def _keys(path: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = RecipeSettings
    for key in path:
        field = model.model_fields.get(key)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]
