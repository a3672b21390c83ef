"""A tiny film, and a tiny net on a shelf with its checkpoint beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from filmrestore_core.noise import generator

COUNT = 20
SPEC: dict[str, Any] = {"net": "unet", "planes": "t5-v1", "widths": [6, 10], "blocks": 1}


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty grainy frames of 300 x 360 px over which a pattern moves."""
    root = tmp_path_factory.mktemp("film") / "Old Film_01"
    root.mkdir()
    noise = generator(9, "film").random((400, 460, 3), np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 6.0)
    whole = (soft - soft.mean()) / soft.std() * 30 + 120
    for i in range(COUNT):
        grain = generator(9, "grain", i).normal(0, 3, (300, 360, 3))
        frame = whole[2 * i : 2 * i + 300, 3 * i : 3 * i + 360] + grain
        cv2.imwrite(str(root / f"f.{i + 1:04d}.png"), np.clip(frame, 0, 255).astype(np.uint8))
    return root


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tiny-damage-0.1.0.onnx with fresh weights, and its .safetensors."""
    folder = tmp_path_factory.mktemp("shelf")
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from filmrestore_core.learning.nets.build import build_net
    from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors
    from filmrestore_export.checkpoint import complete_card
    from filmrestore_export.onnx_graph import export_onnx

    torch.manual_seed(6)
    net = build_net(dict(SPEC))
    given: dict[str, Any] = {"id": "tiny-damage", "version": "0.1.0", "license": "Apache-2.0"}
    given |= {"calibration": {"pivot": 0.9}}
    path = folder / "tiny-damage-0.1.0.onnx"
    save_tensors(path.with_suffix(".safetensors"), net.state_dict(), {NET_KEY: SPEC})
    export_onnx(net, complete_card(given, SPEC, where="test"), path)
    return path
