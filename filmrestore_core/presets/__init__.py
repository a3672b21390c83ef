"""Presets: YAML files that change some of the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from filmrestore_core.errors import SettingsError
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.yamlfile import YamlDocument, parse_yaml, read_yaml

DEFAULT_PRESET = "standard"


def preset_names() -> tuple[str, ...]:
    """Names of the presets that ship with the package."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(f.name[:-5] for f in files if f.name.endswith(".yaml")))


def preset_description(name: str) -> str:
    """The comment at the head of a shipped preset, as one line.

    Raises:
        SettingsError: there is no such preset.
    """
    head = []
    for line in _shipped_text(name).splitlines():
        if not line.startswith("#"):
            break
        head.append(line.lstrip("# ").strip())
    return " ".join(head)


def load_preset(
    name: str | Path = DEFAULT_PRESET, *, changes: Mapping[str, Any] | None = None
) -> RestoreSettings:
    """Settings of a shipped preset or of a YAML file, with single values changed.

    Args:
        name: a shipped name, or the path of a .yaml file.
        changes: dotted path -> value, laid over the preset ("detect.sensitivity": 0.7).

    Raises:
        SettingsError: unknown name, unknown key, wrong type or a value out of bounds; the message
            says the key's path, the file's line and the nearest known name.
    """
    text = str(name)
    if text in preset_names():
        document = parse_yaml(_shipped_text(text), name=f"preset '{text}'")
    elif Path(text).suffix.lower() in (".yaml", ".yml"):
        document = read_yaml(Path(text))
    else:
        raise SettingsError(
            f"There is no preset '{text}'.",
            hint=f"choose {', '.join(preset_names())} or give a .yaml file",
        )
    return _settings(document, changes or {})


def settings_from_yaml(text: str, *, name: str = "settings") -> RestoreSettings:
    """Settings from YAML text.

    Raises:
        SettingsError: as `load_preset`.
    """
    return _settings(parse_yaml(text, name=name), {})


def _shipped_text(name: str) -> str:
    file = resources.files(__name__) / f"{name}.yaml"
    if name not in preset_names():
        raise SettingsError(
            f"There is no preset '{name}'.", hint=f"choose {', '.join(preset_names())}"
        )
    return file.read_text(encoding="utf-8")


def _settings(document: YamlDocument, changes: Mapping[str, Any]) -> RestoreSettings:
    values: dict[str, Any] = {
        k: dict(v) if isinstance(v, dict) else v for k, v in document.values.items()
    }
    for dotted, value in changes.items():
        *sections, key = dotted.split(".")
        target = values
        for section in sections:
            inner = target.setdefault(section, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"{document.name}: '{section}' must be a section.")
            target = inner
        target[key] = value
    try:
        return RestoreSettings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_message(error, document, changes)) from error


def _message(error: ValidationError, document: YamlDocument, changes: Mapping[str, Any]) -> str:
    first = error.errors()[0]
    path = tuple(str(part) for part in first["loc"])
    dotted = ".".join(path)
    line = document.lines.get(path)
    where = document.name if line is None else f"{document.name}, line {line}"
    if dotted in changes:
        where = "the given value"
    if first["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        near = get_close_matches(path[-1], known, n=1, cutoff=0.4)
        nearest = f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}."
        return f"{where}: there is no setting '{dotted}'{nearest}"
    got = first.get("input")
    if first["type"] == "model_type":
        keys = ", ".join(_known_keys(path))
        return f"{where}: '{dotted}' is {got!r}: it is a section, with the settings {keys}."
    return f"{where}: '{dotted}' is {got!r}: {first['msg'].lower()}."


def _known_keys(path: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = RestoreSettings
    for key in path:
        field = model.model_fields.get(key)
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return [field.alias or name for name, field in model.model_fields.items()]
