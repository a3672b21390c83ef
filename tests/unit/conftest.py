"""Tiny nets, made from seeds, for all rooms that read, run or write models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from filmrestore_core.models.card import CARD_KEY, ModelCard

TinyNet = Callable[..., bytes]
TinyCard = Callable[..., ModelCard]


@pytest.fixture(scope="session")
def tiny_card() -> TinyCard:
    """A factory of cards for `tiny_onnx`; keys given replace those of the default."""

    def make(**changes: Any) -> ModelCard:
        values: dict[str, Any] = {
            "id": "tiny-net",
            "version": "1.0.0",
            "task": "segment",
            "opset": 17,
            "planes": "test-v1",
            "inputs": [{"name": "planes", "shape": [1, 3, "H", "W"]}],
            "outputs": [{"name": "damage", "shape": [1, 2, "H", "W"], "range": [0, 1]}],
            "classes": ["dirt", "scratch"],
            "size": {"multiple_of": 4, "minimum": 16},
            "tiles": {"size": 96, "overlap": 24},
            "calibration": {"threshold.dirt": 0.5},
            "license": "Apache-2.0",
        }
        return ModelCard.of(values | changes, where="test")

    return make


@pytest.fixture(scope="session")
def tiny_onnx() -> TinyNet:
    """A factory of ONNX files: two levels down, two up, a skip; its reach is under 16 pixels."""
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def make(
        card: ModelCard | None = None, *, seed: int = 1, channels: int = 2, opset: int = 17
    ) -> bytes:
        random = np.random.default_rng(seed)
        weights: list[Any] = []

        def conv(kind: str, given: str, made: str, shape: tuple[int, ...], **how: Any) -> Any:
            scale = np.sqrt(2.0 / np.prod(shape[1:]))
            kernel = (random.standard_normal(shape) * scale).astype(np.float32)
            weights.append(numpy_helper.from_array(kernel, made + ".w"))
            return helper.make_node(kind, [given, made + ".w"], [made], **how)

        same, half = {"pads": [1, 1, 1, 1]}, {"pads": [1, 1, 1, 1], "strides": [2, 2]}
        double = {"strides": [2, 2]}
        nodes = [
            conv("Conv", "planes", "a0", (8, 3, 3, 3), **same),
            helper.make_node("Relu", ["a0"], ["a"]),
            conv("Conv", "a", "b0", (8, 8, 3, 3), **half),
            helper.make_node("Relu", ["b0"], ["b"]),
            conv("Conv", "b", "c0", (8, 8, 3, 3), **half),
            helper.make_node("Relu", ["c0"], ["c"]),
            conv("ConvTranspose", "c", "d", (8, 8, 2, 2), **double),
            conv("ConvTranspose", "d", "e", (8, 8, 2, 2), **double),
            helper.make_node("Add", ["a", "e"], ["f"]),
            conv("Conv", "f", "g", (channels, 8, 3, 3), **same),
            helper.make_node("Sigmoid", ["g"], ["damage"]),
        ]
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info("planes", 1, [1, 3, "H", "W"])],
            [helper.make_tensor_value_info("damage", 1, [1, channels, "H", "W"])],
            weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8
        )
        if card is not None:
            helper.set_model_props(model, {CARD_KEY: card.to_json()})
        return bytes(model.SerializeToString())

    return make


@pytest.fixture
def tiny_file(tmp_path: Path, tiny_onnx: TinyNet, tiny_card: TinyCard) -> Path:
    """A lone model file that carries its card."""
    path = tmp_path / "lone.onnx"
    path.write_bytes(tiny_onnx(tiny_card()))
    return path
