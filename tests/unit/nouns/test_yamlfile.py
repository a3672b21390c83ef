from __future__ import annotations

from pathlib import Path

import pytest

from filmrestore_core.errors import SettingsError
from filmrestore_core.yamlfile import LARGEST_BYTES, parse_yaml, read_yaml, write_yaml


def test_keys_know_their_lines() -> None:
    document = parse_yaml("a: 1\nb:\n  c: 2\n", name="x")
    assert document.values == {"a": 1, "b": {"c": 2}}
    assert document.lines == {("a",): 1, ("b",): 2, ("b", "c"): 3}


def test_an_empty_document_changes_nothing() -> None:
    assert parse_yaml("# only a comment\n", name="x").values == {}


def test_code_is_never_run(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with pytest.raises(SettingsError):
        parse_yaml(f"a: !!python/object/apply:os.mkdir ['{target}']", name="x")
    assert not target.exists()


def test_a_bomb_is_refused() -> None:
    bomb = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n"
    with pytest.raises(SettingsError, match="aliases"):
        parse_yaml(bomb, name="x")
    with pytest.raises(SettingsError, match="deeply"):
        parse_yaml("[" * 20000, name="x")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    file.write_bytes(b"#" * (LARGEST_BYTES + 1))
    with pytest.raises(SettingsError, match="too many"):
        read_yaml(file)


def test_what_is_written_is_read_again() -> None:
    values = {"name": "Straße 1", "list": [1, 2.5, None], "deep": {"x": True}}
    assert parse_yaml(write_yaml(values), name="x").values == values
