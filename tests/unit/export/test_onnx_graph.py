"""torch -> ONNX: same numbers at every size, the card inside, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from filmrestore_core.errors import ModelContractError, SettingsError  # noqa: E402
from filmrestore_core.models.card import ModelCard  # noqa: E402
from filmrestore_core.models.store import ModelStore, open_lone  # noqa: E402
from filmrestore_core.runtime.device import Device  # noqa: E402
from filmrestore_core.runtime.session import Session  # noqa: E402
from filmrestore_core.runtime.tiles import run_tiled  # noqa: E402
from filmrestore_export.onnx_graph import export_onnx, torch_run  # noqa: E402
from filmrestore_export.parity import compare, require  # noqa: E402
from filmrestore_export.precision import half_precision  # noqa: E402
from filmrestore_export.publish import publish  # noqa: E402
from filmrestore_export.wrap import (  # noqa: E402
    Activation,
    PromisedNet,
    export_sizes,
    reach_of,
)

Cards = Callable[..., ModelCard]


@pytest.mark.parametrize("opset", [17, 18])
def test_a_net_is_written_and_computes_the_same(
    torch_net: Any, tiny_card: Cards, tmp_path: Path, opset: int
) -> None:
    path = tmp_path / "net.onnx"
    done = export_onnx(torch_net, tiny_card(opset=opset), path, activation=Activation.SIGMOID)
    assert done.parity.largest < 1e-5
    assert done.card.metrics["reach"] == reach_of(PromisedNet(torch_net), tiny_card())
    assert done.notes == ()
    assert len(done.parity.sizes) == 3
    model = open_lone(path)
    assert model.card.lone() == done.card
    assert model.card.metrics["parity"]["largest"] == done.parity.largest  # type: ignore[index,call-overload]
    assert model.card.opset == opset
    graph = onnx.load(str(path))
    assert {o.domain: o.version for o in graph.opset_import} == {"": opset}
    sides = [d.dim_param or d.dim_value for d in graph.graph.output[0].type.tensor_type.shape.dim]
    assert sides == [1, 2, "H", "W"]
    # Nothing of where it was made stands in a file that is given away.
    assert str(Path(__file__).parents[3]).encode() not in path.read_bytes()
    # Sizes that were not tried at export, and through tiles.
    net = torch_run(PromisedNet(torch_net, Activation.SIGMOID))
    session = Session(model.card, model.content, device=Device.CPU)
    planes = np.random.default_rng(1).random((3, 148, 212), np.float32)
    # Measured 2e-7; ten times that for other processors.
    np.testing.assert_allclose(session.run(planes), net(planes), rtol=0, atol=2e-6)
    np.testing.assert_allclose(run_tiled(session, planes).output, net(planes), rtol=0, atol=2e-6)


def test_the_same_net_gives_the_same_file(torch_net: Any, tiny_card: Cards, tmp_path: Path) -> None:
    for name in ("a", "b"):
        export_onnx(torch_net, tiny_card(), tmp_path / name, activation=Activation.SIGMOID)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_reach_is_that_of_the_structure(tiny_card: Cards, tmp_path: Path) -> None:
    def blur(sides: tuple[int, int], dilation: int = 1) -> Any:
        weights = torch.zeros(2, 3, *sides)
        weights[:, :, sides[0] // 2, sides[1] // 2] = 1.0
        pads = tuple(side // 2 * dilation for side in sides)
        return _Wrong(
            lambda x: torch.sigmoid(
                torch.nn.functional.conv2d(x, weights, padding=pads, dilation=dilation)
            )
        )

    assert reach_of(blur((1, 1)), tiny_card()) == 0
    # Weights of zero reach as far as others.
    assert reach_of(blur((3, 7)), tiny_card()) == 3
    assert reach_of(blur((49, 1)), tiny_card()) == 24
    assert reach_of(blur((51, 1)), tiny_card()) is None
    done = export_onnx(blur((3, 3), dilation=30), tiny_card(), tmp_path / "far.onnx")
    assert any("may leave seams" in note for note in done.notes)
    assert open_lone(done.path).card.metrics["reach"] == "more than the overlap"


class _Frozen(torch.nn.Module):  # type: ignore[name-defined,misc]
    """Its answer depends on the size in a way that tracing freezes."""

    def forward(self, planes: Any) -> Any:
        return torch.sigmoid(planes[:, :2] * float(planes.shape[2]) / 32)


class _Wrong(torch.nn.Module):  # type: ignore[name-defined,misc]
    def __init__(self, answer: Callable[[Any], Any]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, planes: Any) -> Any:
        return self.answer(planes)


def test_a_frozen_size_is_found_by_comparing(tiny_card: Cards, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    with pytest.raises(ModelContractError, match="torch and ONNX Runtime differ by up to"):
        export_onnx(_Frozen(), tiny_card(), path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: torch.sigmoid(x), "its card promises"),
        (lambda x: torch.sigmoid(x[:, :2, ::2]), "its card promises"),
        (lambda x: x[:, :2] * 9 + 2, "are its answers logits"),
        (lambda x: x[:, :2] / 0.0, "not finite"),
        (lambda x: torch.nn.functional.conv2d(x, torch.zeros(2, 4, 3, 3)), "does not take planes"),
        (lambda x: torch.sigmoid(x[:, :2]).double(), "float64"),
    ],
)
def test_a_net_that_is_not_what_its_card_says(
    tiny_card: Cards, tmp_path: Path, answer: Callable[[Any], Any], said: str
) -> None:
    with pytest.raises(ModelContractError, match=said):
        export_onnx(_Wrong(answer), tiny_card(), tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_onnx_cannot_say_is_a_sentence(tiny_card: Cards, tmp_path: Path) -> None:
    odd = _Wrong(lambda x: torch.special.i0(x[:, :2]) / 2)
    with pytest.raises(ModelContractError, match="cannot be written as ONNX opset 17"):
        export_onnx(odd, tiny_card(), tmp_path / "net.onnx")


def test_above_the_bound_is_refused(torch_net: Any, tiny_card: Cards, tmp_path: Path) -> None:
    with pytest.raises(ModelContractError, match=r"more than the 1\.00e-12 allowed"):
        export_onnx(
            torch_net,
            tiny_card(),
            tmp_path / "net.onnx",
            activation=Activation.SIGMOID,
            bound=1e-12,
        )


def test_comparing_sees_what_differs(tiny_card: Cards) -> None:
    def same(planes: Any) -> Any:
        return planes[:2]

    def other(planes: Any) -> Any:
        answer = planes[:2].copy()
        answer[1, -1, -1] += 0.25
        return answer

    sizes = export_sizes(tiny_card())
    assert all(side % 4 == 0 and side >= 16 for size in sizes for side in size)
    assert compare(same, same, channels=3, sizes=sizes).largest == 0
    found = compare(same, other, channels=3, sizes=sizes)
    assert found.largest == pytest.approx(0.25, abs=1e-6)
    assert 0 < found.mean < 0.25 / 100
    with pytest.raises(ModelContractError, match=r"differ by up to 2\.50e-01"):
        require(found, 0.1, tiny_card(), what="they")
    with pytest.raises(ModelContractError, match="not finite"):
        compare(same, lambda x: x[:2] * np.float32(np.nan), channels=3, sizes=sizes)
    with pytest.raises(ModelContractError, match="one gives"):
        compare(same, lambda x: x[:1], channels=3, sizes=sizes)


@pytest.fixture
def written(torch_net: Any, tiny_card: Cards, tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    export_onnx(torch_net, tiny_card(), path, activation=Activation.SIGMOID)
    return path


def _weights(content: bytes) -> dict[str, int]:
    return {t.name: t.data_type for t in onnx.load_from_string(content).graph.initializer}


@pytest.mark.parametrize("keep", [(), ("Conv", "LayerNormalization")])
def test_half_precision_is_measured(written: Path, keep: tuple[str, ...]) -> None:
    model = open_lone(written)
    content, card, parity = half_precision(model.content, model.card, keep=keep)
    assert card.id == "tiny-net-fp16"
    assert card.precision.compute == "float16"
    assert card.precision.kept == keep
    assert card.precision.largest == parity.largest
    # float16 has 11 bits: it must be seen, and stay near the rounding of a few layers.
    assert 1e-5 < parity.largest < 5e-3
    assert len(content) < 0.95 * len(model.content) or keep
    kinds = _weights(content)
    half = onnx.TensorProto.FLOAT16
    assert (kinds["net.enter.weight"] == half) is ("Conv" not in keep)
    assert kinds["net.up.weight"] == half
    session = Session(card, content, device=Device.CPU)
    planes = np.random.default_rng(1).random((3, 64, 96), np.float32)
    whole = Session(model.card, model.content, device=Device.CPU).run(planes)
    assert session.run(planes).dtype == np.float32
    np.testing.assert_allclose(session.run(planes), whole, rtol=0, atol=5e-3)


def test_half_precision_above_the_bound_is_refused(written: Path) -> None:
    model = open_lone(written)
    with pytest.raises(ModelContractError, match="float32 and float16 differ"):
        half_precision(model.content, model.card, bound=1e-6)
    with pytest.raises(SettingsError, match="no operator 'Frobnicate'"):
        half_precision(model.content, model.card, keep=["Frobnicate"])
    content, card, _ = half_precision(model.content, model.card)
    with pytest.raises(ModelContractError, match="float16 already"):
        half_precision(content, card)


def test_publishing_puts_it_on_a_shelf(written: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    card = publish(written, shelf)
    assert ModelStore(shelf).open("tiny-net").card == card
    content, half, _ = half_precision(open_lone(written).content, open_lone(written).card)
    lone = tmp_path / "half.onnx"
    lone.write_bytes(content)
    assert publish(lone, shelf).id == half.id
    assert {c.id for c in ModelStore(shelf).cards()} >= {"tiny-net", "tiny-net-fp16"}
    assert [c for c in ModelStore(shelf).verify() if c.fault] == []
