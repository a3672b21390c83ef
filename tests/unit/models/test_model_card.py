"""The card: what it refuses, and that it survives being written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from filmrestore_core.errors import ModelContractError
from filmrestore_core.models.card import ModelCard
from filmrestore_core.yamlfile import parse_yaml, write_yaml


def test_a_card_survives_json_and_yaml(tiny_card: Callable[..., ModelCard]) -> None:
    card = tiny_card(
        calibration={"threshold.dirt": 1e-7, "scale": 1 / 3},
        metrics={"f1": 0.1 + 0.2, "rows": [1, None, "x"]},
        tolerance={"across_devices": 3.3e-5},
    )
    assert ModelCard.from_json(card.to_json(), where="test") == card
    values = parse_yaml(write_yaml(card.values()), name="test").values
    assert ModelCard.of(values, where="test") == card


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sensitivity": 1}, "'sensitivity' is unknown"),
        ({"tiles": {"size": 96, "overlap": 24, "edge": 1}}, "'tiles.edge' is unknown"),
        ({"id": "Tiny Net"}, "'id' is wrong"),
        ({"id": "../evil"}, "'id' is wrong"),
        ({"version": "1.0"}, "'version' is wrong"),
        ({"task": "upscale"}, "'task' is wrong"),
        ({"classes": ["dirt"]}, "1 names stand beside 2"),
        ({"classes": ["dirt", "dirt"]}, "stands there twice"),
        ({"classes": ["dirt", "other"]}, "nothing a detector finds"),
        ({"task": "inpaint"}, "only a segmenter"),
        ({"inputs": [{"name": "planes", "shape": [1, 3, 64, 64]}]}, "'inputs.0.shape.2' is wrong"),
        ({"inputs": []}, "'inputs' is wrong"),
        ({"tiles": {"size": 96, "overlap": 48}}, "nothing is left"),
        ({"tiles": {"size": 96, "overlap": 22}}, "22 is no multiple of 4"),
        ({"tiles": {"size": 98, "overlap": 24}}, "98 is no multiple of 4"),
        ({"temporal": {"size": 5, "center": 5}}, "outside the window"),
        ({"file": "a.onnx"}, "come together"),
        ({"file": "../a.onnx", "sha256": "0" * 64}, "'file' is wrong"),
        ({"calibration": {"a": "high"}}, "'calibration.a' is wrong"),
        ({"license": ""}, "'license' is wrong"),
    ],
)
def test_a_wrong_card_is_refused_by_name(
    tiny_card: Callable[..., ModelCard], changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ModelContractError) as error:
        tiny_card(**changes)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ModelContractError, match="lacks the key 'id'"):
        ModelCard.of({"version": "1.0.0"}, where="test")


def test_no_json_is_a_sentence() -> None:
    with pytest.raises(ModelContractError, match="the card is wrong"):
        ModelCard.from_json("{", where="test")
