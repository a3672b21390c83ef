"""Whether TensorRT takes a graph, by its published table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from filmrestore_core.errors import DeviceError, MissingExtraError  # noqa: E402
from filmrestore_core.models.card import ModelCard  # noqa: E402
from filmrestore_core.models.store import open_lone  # noqa: E402
from filmrestore_core.runtime.device import PROVIDERS, Device  # noqa: E402
from filmrestore_core.runtime.session import provider_loads  # noqa: E402
from filmrestore_export.onnx_graph import export_onnx  # noqa: E402
from filmrestore_export.operators import check_operators  # noqa: E402
from filmrestore_export.precision import half_precision  # noqa: E402
from filmrestore_export.tensorrt_engine import build_by_runtime, build_by_tensorrt  # noqa: E402
from filmrestore_export.wrap import Activation  # noqa: E402

helper = onnx.helper
FLOAT = onnx.TensorProto.FLOAT


def _graph(
    nodes: list[Any], *, opset: int = 17, kind: int = FLOAT, constants: tuple[Any, ...] = ()
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, [1, 3, "H", "W"])],
        [helper.make_empty_tensor_value_info(nodes[-1].output[0])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants],
    )
    return bytes(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8
        ).SerializeToString()
    )


def test_what_the_exporter_writes_passes(
    torch_net: Any, tiny_card: Callable[..., ModelCard], tmp_path: Path
) -> None:
    path = tmp_path / "net.onnx"
    export_onnx(torch_net, tiny_card(), path, activation=Activation.SIGMOID)
    model = open_lone(path)
    report = check_operators(model.content)
    assert report.fits
    assert report.faults == report.caveats == ()
    assert report.tensorrt == "10.15"
    assert report.operators["Conv"] == 4
    halved, _, _ = half_precision(model.content, model.card)
    assert check_operators(halved).fits


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (helper.make_node("Det", ["x"], ["y"]), "is nothing TensorRT 10.15 takes"),
        (helper.make_node("Relu", ["x"], ["y"], domain="com.own"), "belongs to 'com.own'"),
        (helper.make_node("Resize", ["x", "", "s"], ["y"], mode="cubic"), "mode 'cubic'"),
        (
            helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear", antialias=1),
            "antialiasing",
        ),
        (
            helper.make_node(
                "Resize", ["x", "", "s"], ["y"], coordinate_transformation_mode="tf_crop_and_resize"
            ),
            "coordinate_transformation_mode",
        ),
        (helper.make_node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2]), "Indices"),
        (
            helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 2]),
            "dilations",
        ),
        (helper.make_node("ReduceMax", ["x", "a"], ["y"]), "axes must be constant"),
        (helper.make_node("TopK", ["x", "k"], ["y", "i"], sorted=0), "it must sort"),
        (helper.make_node("TopK", ["x", "k"], ["y", "i"]), "below 3840"),
    ],
)
def test_what_tensorrt_does_not_take(node: Any, said: str) -> None:
    axes = helper.make_node("NonZero", ["x"], ["a"])
    constants = (("s", np.ones(4, np.float32)), ("k", np.array([4000], np.int64)))
    report = check_operators(_graph([axes, node], opset=18, constants=constants))
    assert not report.fits
    assert any(said in sentence for sentence in report.faults)


def test_types_and_opsets_are_looked_at() -> None:
    relu = helper.make_node("Relu", ["x"], ["y"])
    assert check_operators(_graph([relu])).fits
    double = check_operators(_graph([relu], kind=onnx.TensorProto.DOUBLE))
    assert "not float64" in double.faults[0]
    old = check_operators(_graph([relu], opset=8))
    assert "Opset 8 lies outside 9 to 24" in old.faults[0]


def test_shapes_that_depend_on_values_are_a_caveat() -> None:
    report = check_operators(_graph([helper.make_node("NonZero", ["x"], ["y"])]))
    assert report.fits
    assert "depends on values" in report.caveats[0]


def test_operators_inside_branches_are_found() -> None:
    inner = helper.make_graph(
        [helper.make_node("Det", ["x"], ["d"])], "b", [], [helper.make_empty_tensor_value_info("d")]
    )
    branch = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    constants = (("c", np.array(True)),)
    report = check_operators(_graph([branch], constants=constants))
    assert any("Det" in sentence for sentence in report.faults)


def test_without_tensorrt_a_sentence_says_so(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_lone(tiny_file)
    # Where TensorRT is installed, as if it were not.
    monkeypatch.setitem(__import__("sys").modules, "tensorrt", None)
    with pytest.raises(MissingExtraError, match="pip install tensorrt"):
        build_by_tensorrt(model, tmp_path / "engines")
    if not provider_loads(PROVIDERS[Device.TENSORRT]):
        with pytest.raises(DeviceError, match="'tensorrt' was asked for"):
            build_by_runtime(model, tmp_path / "engines")
    assert not (tmp_path / "engines").exists()
