"""Facts read from an ONNX file's bytes, compared with what the onnx package says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from filmrestore_core.errors import ModelIntegrityError
from filmrestore_core.models.card import CARD_KEY, ModelCard
from filmrestore_core.models.onnx_scan import scan_onnx

onnx = pytest.importorskip("onnx")


def _external(tensor: Any) -> Any:
    onnx.external_data_helper.set_external_data(tensor, location="weights.bin")
    tensor.ClearField("raw_data")
    return tensor


def _tensor(name: str = "w") -> Any:
    return onnx.numpy_helper.from_array(np.ones(4, np.float32), name)


def _in_initializer(model: Any) -> None:
    _external(model.graph.initializer[0])


def _in_constant(model: Any) -> None:
    node = onnx.helper.make_node("Constant", [], ["k"], value=_external(_tensor()))
    model.graph.node.append(node)


def _in_branch(model: Any) -> None:
    branch = onnx.helper.make_graph([], "then", [], [], [_external(_tensor())])
    model.graph.node.append(onnx.helper.make_node("If", ["c"], ["d"], then_branch=branch))


def _in_function(model: Any) -> None:
    node = onnx.helper.make_node("Constant", [], ["k"], value=_external(_tensor()))
    opsets = [onnx.helper.make_opsetid("", 17)]
    model.functions.append(onnx.helper.make_function("own", "f", [], ["k"], [node], opsets))


def _in_sparse(model: Any) -> None:
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(_external(_tensor()))


def _in_list(model: Any) -> None:
    node = onnx.helper.make_node("Own", [], ["k"], many=[_tensor("a"), _external(_tensor("b"))])
    model.graph.node.append(node)


def test_metadata_and_opset_are_read(
    tiny_onnx: Callable[..., bytes], tiny_card: Callable[..., ModelCard]
) -> None:
    card = tiny_card(license="CC BY \u2013 4.0")
    content = tiny_onnx(card, opset=18)
    facts = scan_onnx(content, where="test")
    model = onnx.load_from_string(content)
    assert facts.metadata == {p.key: p.value for p in model.metadata_props}
    assert facts.opsets == {o.domain: o.version for o in model.opset_import} == {"": 18}
    assert ModelCard.from_json(facts.metadata[CARD_KEY], where="test") == card
    assert not facts.external


@pytest.mark.parametrize(
    "hide", [_in_initializer, _in_constant, _in_branch, _in_function, _in_sparse, _in_list]
)
def test_external_data_is_found_wherever_it_hides(
    tiny_onnx: Callable[..., bytes], hide: Callable[[Any], None]
) -> None:
    model = onnx.load_from_string(tiny_onnx())
    assert not scan_onnx(model.SerializeToString(), where="test").external
    hide(model)
    assert scan_onnx(model.SerializeToString(), where="test").external


def test_what_is_no_onnx_is_a_sentence(tiny_onnx: Callable[..., bytes]) -> None:
    whole = tiny_onnx()
    for content in (b"", b"no model at all", b"\x89PNG\r\n\x1a\n" * 9, whole[:-7], b"\xff" * 64):
        with pytest.raises(ModelIntegrityError) as error:
            scan_onnx(content, where="that file")
        assert str(error.value).startswith("that file is no")


def test_random_bytes_never_crash_the_scan() -> None:
    random = np.random.default_rng(7)
    for size in range(0, 400, 7):
        try:
            scan_onnx(random.bytes(size), where="test")
        except ModelIntegrityError:
            continue
