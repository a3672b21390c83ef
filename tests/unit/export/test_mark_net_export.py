"""The net that judges marks, from its checkpoint onto a shelf."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("safetensors")

from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.nets.mark_net import MarkNet  # noqa: E402
from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors  # noqa: E402
from filmrestore_core.models.card import Task  # noqa: E402
from filmrestore_core.models.store import ModelStore  # noqa: E402
from filmrestore_core.runtime.device import Device  # noqa: E402
from filmrestore_core.runtime.shared import shared_session  # noqa: E402
from filmrestore_core.segment.mark_crops import CROP_PLANES, SIDE  # noqa: E402
from filmrestore_export.command import app  # noqa: E402
from filmrestore_export.operators import check_operators  # noqa: E402


def test_crops_get_the_same_answers_from_the_file(tmp_path: Path) -> None:
    torch.manual_seed(4)
    spec = {"net": "mark-net", "widths": [8, 12, 16]}
    net = build_net(spec)
    assert isinstance(net, MarkNet)
    rng = np.random.default_rng(1)
    crops = rng.uniform(-1, 1, (5, 2 * len(CROP_PLANES), SIDE, SIDE)).astype(np.float32)
    # What normalizes must have seen something, or nothing would be compared.
    net.logits(torch.from_numpy(crops))
    net.eval()
    save_tensors(tmp_path / "best.safetensors", net.state_dict(), {NET_KEY: spec})
    (tmp_path / "card.yaml").write_text("id: a\nversion: 1.0.0\nlicense: x\n", encoding="utf-8")
    given = ["onnx", tmp_path / "best.safetensors", "--card", tmp_path / "card.yaml"]
    given += ["--out", tmp_path / "net.onnx", "--publish", tmp_path / "shelf"]
    app([str(a) for a in given], standalone_mode=False)
    shelf = ModelStore(tmp_path / "shelf")
    model = shelf.open("a")
    assert model.card.task is Task.JUDGE
    assert model.card.metrics["reach"] < SIDE  # type: ignore[operator]
    report = check_operators(model.content)
    assert report.fits, report.faults
    beside = np.moveaxis(crops, 0, 2).reshape(2 * len(CROP_PLANES), SIDE, -1)
    found = shared_session(shelf, "a", Device.CPU).run(beside)[0, 0, ::SIDE]
    with torch.inference_mode():
        expected = net.logits(torch.from_numpy(crops)).numpy()
    # Measured 3e-7; float32 sums in another order.
    np.testing.assert_allclose(found, expected, atol=1e-5)
