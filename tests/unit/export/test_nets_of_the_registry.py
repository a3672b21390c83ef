"""Every net that can be trained can be exported, and TensorRT takes its operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from filmrestore_core.learning.nets.build import build_net, net_names  # noqa: E402
from filmrestore_core.models.store import open_lone  # noqa: E402
from filmrestore_export.checkpoint import complete_card  # noqa: E402
from filmrestore_export.onnx_graph import export_onnx  # noqa: E402
from filmrestore_export.operators import check_operators  # noqa: E402

SPECS: dict[str, dict[str, Any]] = {
    "unet": {"planes": "t5-v1", "widths": [4, 6, 8, 10]},
    "attention-unet": {"planes": "t3-v1", "widths": [4, 6, 8]},
    "r2unet": {"planes": "t1-v1", "widths": [4, 6, 8]},
    "r2attention-unet": {"planes": "t3-v1", "widths": [4, 6, 8]},
    "segformer": {"planes": "t5-v1", "widths": [6, 8, 12, 16]},
}


def test_all_are_tried() -> None:
    assert set(SPECS) == set(net_names())


@pytest.mark.parametrize("name", SPECS)
def test_a_net_is_exported_at_every_size(name: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    spec = {"net": name, **SPECS[name]}
    net: Any = build_net(spec)
    # The last layer begins near zero: let it say something, or nothing would be compared.
    torch.nn.init.normal_(net.leave.weight, std=0.5)
    given = {
        "id": "a",
        "version": "1.0.0",
        "license": "x",
        "tiles": {"size": 512, "overlap": 128},
    }
    card = complete_card(given, spec, where="test")
    assert card.size.multiple_of == net.multiple_of
    done = export_onnx(net, card, tmp_path / "net.onnx")
    # Measured up to 2e-6 over all five; ten times that for other processors.
    assert done.parity.largest < 2e-5
    assert done.notes == ()
    assert 0 < int(done.card.metrics["reach"]) <= 128  # type: ignore[call-overload]
    report = check_operators(open_lone(done.path).content)
    assert report.fits, report.faults
