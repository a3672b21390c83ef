"""What an ONNX file says about itself, read from its bytes without running or loading it.

ONNX is protocol buffers: fields of (number, kind, value), those of kind 2 with a length in front.
Only the few fields are looked at that a store must know; field numbers are those of onnx.proto3
(ONNX 1.16, IR version 10), https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from filmrestore_core.errors import ModelIntegrityError

_DEEPEST = 32
_EXTERNAL = 1  # TensorProto.DataLocation

# Message -> field number -> the message that stands there. A tensor may hide in any of them.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_TENSOR_EXTERNAL_DATA = 13
_TENSOR_DATA_LOCATION = 14
_MODEL_GRAPH = 7
_MODEL_OPSET_IMPORT = 8
_MODEL_METADATA = 14

_Field = tuple[int, int | memoryview]


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What was found.

    Attributes:
        opsets: domain -> version; "" is ONNX's own.
        metadata: the file's free key-value pairs.
        external: whether a tensor's data lies in another file.
    """

    opsets: dict[str, int]
    metadata: dict[str, str]
    external: bool


def scan_onnx(content: bytes, *, where: str) -> OnnxFacts:
    """Read an ONNX model's own facts.

    Args:
        content: the whole file.
        where: what to call it in errors.

    Raises:
        ModelIntegrityError: the bytes are no ONNX model, or end too early.
    """
    opsets: dict[str, int] = {}
    metadata: dict[str, str] = {}
    has_graph = False
    try:
        view = memoryview(content)
        for number, value in _fields(view):
            if not isinstance(value, memoryview):
                continue
            has_graph |= number == _MODEL_GRAPH
            if number == _MODEL_OPSET_IMPORT:
                domain, version = _pair(value)
                opsets[_text(domain)] = version if isinstance(version, int) else 0
            elif number == _MODEL_METADATA:
                key, held = _pair(value)
                metadata[_text(key)] = _text(held)
        external = _has_external(view, "model", 0)
    except (ValueError, IndexError) as error:
        raise ModelIntegrityError(f"{where} is no whole ONNX file: {error}.") from error
    if not has_graph:
        raise ModelIntegrityError(f"{where} is no ONNX file: it holds no graph.")
    return OnnxFacts(opsets, metadata, external)


def _has_external(view: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("its graphs are nested too deeply")
    inside = _INSIDE.get(kind, {})
    for number, value in _fields(view):
        if kind == "tensor":
            if number == _TENSOR_EXTERNAL_DATA:
                return True
            if number == _TENSOR_DATA_LOCATION and value == _EXTERNAL:
                return True
        elif (
            number in inside
            and isinstance(value, memoryview)
            and _has_external(value, inside[number], depth + 1)
        ):
            return True
    return False


def _pair(view: memoryview) -> tuple[int | memoryview | None, int | memoryview | None]:
    """Fields 1 and 2 of a message."""
    found = dict(_fields(view))
    return found.get(1), found.get(2)


def _text(value: int | memoryview | None) -> str:
    return bytes(value).decode("utf-8") if isinstance(value, memoryview) else ""


def _fields(view: memoryview) -> Iterator[_Field]:
    at, end = 0, len(view)
    while at < end:
        tag, at = _varint(view, at)
        number, kind = tag >> 3, tag & 7
        value: int | memoryview
        if kind == 0:
            value, at = _varint(view, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = view[at : at + size], at + size
        elif kind == 2:
            size, at = _varint(view, at)
            value, at = view[at : at + size], at + size
        else:
            raise ValueError(f"a field of kind {kind} stands at byte {at}")
        if at > end or number == 0:
            raise ValueError("a field goes on beyond its end")
        yield number, value


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
