from __future__ import annotations

from pathlib import Path

import pytest

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.training.config import read_config

WHOLE = """net:
  net: unet
  planes: t5-v1
scenes:
  train: 10
  validation: 4
steps: 20
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_said_is_as_described(tmp_path: Path) -> None:
    config = read_config(_file(tmp_path, WHOLE))
    assert config.net == {"net": "unet", "planes": "t5-v1"}
    assert (config.scenes.train, config.scenes.seed, config.steps) == (10, 1, 20)
    assert (config.batch, config.crop, config.rate) == (8, 192, 0.002)


@pytest.mark.parametrize(
    ("change", "key", "line"),
    [
        (("steps: 20", "steps: none"), "steps", 7),
        (("steps: 20", "stepps: 20"), "stepps", 7),
        (("train: 10", "train: 1"), "scenes.train", 5),
        (("steps: 20", "steps: 20\ncrop: 100"), "crop", 8),
        (("steps: 20", "steps: 20\nrate: -1"), "rate", 8),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], key: str, line: int
) -> None:
    path = _file(tmp_path, WHOLE.replace(*change))
    with pytest.raises(SettingsError) as caught:
        read_config(path)
    assert f"{path}, line {line}: {key}: " in str(caught.value)


def test_what_is_lacking_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.yaml: net: Field required"):
        read_config(_file(tmp_path, "steps: 3\n"))
    with pytest.raises(SettingsError):
        read_config(tmp_path / "absent.yaml")
