"""The one door to YAML: safe, small, and with the line of every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from filmrestore_core.errors import SettingsError

LARGEST_BYTES = 200_000
DEEPEST = 16

_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A YAML mapping and where its keys stand.

    Attributes:
        values: the mapping.
        lines: path of a key -> its line, counted from 1.
        name: what to call the document in errors.
    """

    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    name: str


def read_yaml(path: Path) -> YamlDocument:
    """Read a YAML file whose top is a mapping.

    Raises:
        SettingsError: the file is missing, too large, no YAML, or has something else on top.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SettingsError(
                f"{path} has more than {LARGEST_BYTES} bytes, too many for settings.", path=path
            )
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text.", path=path) from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", path=path) from error
    return parse_yaml(text, name=str(path))


def parse_yaml(text: str, *, name: str) -> YamlDocument:
    """Read YAML text whose top is a mapping; aliases are refused (a few lines could expand to GB).

    Raises:
        SettingsError: no YAML, aliases, a key that stands twice, or something else on top.
    """
    try:
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            line = token.start_mark.line + 1
            if isinstance(token, yaml.AliasToken):
                raise SettingsError(f"{name}, line {line}: aliases (*name) are not allowed.")
            depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
            if depth > DEEPEST:
                raise SettingsError(f"{name}, line {line}: nested too deeply for settings.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or "it is not YAML"
        raise SettingsError(f"{name}{where}: {what}.") from error
    if values is None:
        return YamlDocument({}, {}, name)
    if not isinstance(values, dict) or node is None:
        raise SettingsError(f"{name} must hold 'key: value' lines at its top.")
    lines: dict[KeyPath, int] = {}
    _collect(node, (), lines, name)
    return YamlDocument(values, lines, name)


def _collect(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], name: str) -> None:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, str(key.value))
        line = key.start_mark.line + 1
        if here in lines:
            raise SettingsError(f"{name}, line {line}: '{'.'.join(here)}' stands there twice.")
        lines[here] = line
        _collect(value, here, lines, name)


def write_yaml(values: Mapping[str, Any]) -> str:
    """The mapping as YAML text, keys in their order."""
    text: str = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)
    return text
