"""Whether TensorRT takes a graph, said without TensorRT: operators, types and their limits.

The table is that of the ONNX-TensorRT parser, see tensorrt_operators.json for version and source.
A graph that passes is one whose every operator the parser lists; whether an engine can be built of
it, only TensorRT itself can say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import onnx

_TYPES: dict[int, str] = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.FLOAT16: "float16",
    onnx.TensorProto.BFLOAT16: "bfloat16",
    onnx.TensorProto.DOUBLE: "float64",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.BOOL: "bool",
}
# These take a tensor of indices, sizes or axes beside their data, whose type is their own matter.
_DATA_INPUTS = {
    "Expand": 1, "Gather": 1, "GatherElements": 1, "GatherND": 1, "OneHot": 0, "Pad": 1,
    "ReduceL1": 1, "ReduceL2": 1, "ReduceMax": 1, "ReduceMean": 1, "ReduceMin": 1, "ReduceProd": 1,
    "ReduceSum": 1, "ReduceSumSquare": 1, "Reshape": 1, "Resize": 1, "Slice": 1, "Split": 1,
    "Squeeze": 1, "Tile": 1, "TopK": 1, "Trilu": 1, "Unsqueeze": 1, "Where": 0,
    "ConstantOfShape": 0, "ScatterElements": 1, "ScatterND": 1, "CumSum": 1, "Upsample": 1,
    "GridSample": 2, "Clip": 1, "Pow": 1, "Constant": 0, "CastLike": 1, "NonZero": 1,
}  # fmt: skip
# The result is indices or truth, whatever the data's type.
_OTHER_RESULT = {
    "Shape", "Size", "ArgMax", "ArgMin", "NonZero", "NonMaxSuppression", "Equal", "Greater",
    "GreaterOrEqual", "Less", "LessOrEqual", "IsNaN", "IsInf",
}  # fmt: skip
_RESIZE = {
    "mode": ("nearest", ("nearest", "linear")),
    "coordinate_transformation_mode": (
        "half_pixel",
        ("half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn", "asymmetric", "align_corners"),
    ),
    "nearest_mode": (
        "round_prefer_floor",
        ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"),
    ),
    "keep_aspect_ratio_policy": ("stretch", ("stretch",)),
}


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """What the table says of a graph.

    Attributes:
        tensorrt: the version the table is for.
        operators: operator -> how often it occurs.
        faults: sentences; with any of them the parser refuses the graph.
        caveats: sentences; what works but may be slow, fixed or less exact there.
    """

    tensorrt: str
    operators: dict[str, int]
    faults: tuple[str, ...]
    caveats: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the table has nothing against the graph."""
        return not self.faults


def check_operators(content: bytes) -> OperatorReport:
    """Hold a graph against the table.

    Args:
        content: an ONNX file's bytes.
    """
    table = _table()
    faults: list[str] = []
    caveats: list[str] = []
    model = onnx.load_from_string(content)
    try:
        model = onnx.shape_inference.infer_shapes(model)
    except onnx.shape_inference.InferenceError:
        caveats.append("Types between operators could not be worked out and were not checked.")
    low, high = table["opsets"]
    for opset in model.opset_import:
        if opset.domain not in ("", "ai.onnx"):
            continue
        if not low <= opset.version <= high:
            faults.append(f"Opset {opset.version} lies outside {low} to {high}.")
    if model.functions:
        caveats.append("The graph has functions of its own, which were not looked into.")
    counts: dict[str, int] = {}
    for graph in _graphs(model.graph):
        known = _Known.of(graph)
        for node in graph.node:
            counts[node.op_type] = counts.get(node.op_type, 0) + 1
            where = f"{node.op_type} '{node.name or node.output[0]}'"
            if node.domain not in ("", "ai.onnx"):
                faults.append(f"{where} belongs to '{node.domain}', not to ONNX.")
                continue
            entry = table["operators"].get(node.op_type)
            if entry is None:
                faults.append(f"{where} is nothing TensorRT {table['tensorrt']} takes.")
                continue
            faults += [f"{where}: {said}." for said in _wrong_types(node, entry, known)]
            limit = _LIMITS.get(node.op_type)
            if limit is not None:
                faults += [f"{where}: {said}." for said in limit(node, known)]
            elif "note" in entry:
                caveats.append(f"{where}: {entry['note']}.")
            if node.op_type in _SHAPED_BY_VALUES:
                caveats.append(
                    f"{where}: its result's shape depends on values, which the engine must "
                    "allow for at run time."
                )
    return OperatorReport(
        table["tensorrt"], dict(sorted(counts.items())), _once(faults), _once(caveats)
    )


_SHAPED_BY_VALUES = {"NonZero", "NonMaxSuppression", "If", "Loop", "Scan", "Compress", "Unique"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a graph's tensors.

    Attributes:
        types: name -> type.
        ranks: name -> number of sides.
        values: name -> value of what is constant; only small ones.
    """

    types: dict[str, str]
    ranks: dict[str, int]
    values: dict[str, Any]

    @classmethod
    def of(cls, graph: Any) -> _Known:
        types: dict[str, str] = {}
        ranks: dict[str, int] = {}
        values: dict[str, Any] = {}
        for info in (*graph.input, *graph.output, *graph.value_info):
            tensor = info.type.tensor_type
            types[info.name] = _type_name(tensor.elem_type)
            if tensor.HasField("shape"):
                ranks[info.name] = len(tensor.shape.dim)
        constants = [(t.name, t) for t in graph.initializer]
        for node in graph.node:
            if node.op_type == "Constant":
                held = [a.t for a in node.attribute if a.name == "value"]
                constants += [(node.output[0], t) for t in held]
        for name, tensor in constants:
            types[name], ranks[name] = _type_name(tensor.data_type), len(tensor.dims)
            small = int(np.prod(tensor.dims, dtype=np.int64)) <= 64
            values[name] = onnx.numpy_helper.to_array(tensor) if small else None
        return cls(types, ranks, values)

    def is_constant(self, name: str) -> bool:
        return not name or name in self.values


def _wrong_types(node: Any, entry: dict[str, Any], known: _Known) -> Iterator[str]:
    inputs = list(node.input)[: _DATA_INPUTS.get(node.op_type, len(node.input))]
    outputs = [] if node.op_type in _OTHER_RESULT else list(node.output)[:1]
    for name in (*inputs, *outputs):
        found = known.types.get(name)
        if found is not None and found not in entry["types"]:
            yield f"takes {', '.join(entry['types'])}, not {found}"


def _attribute(node: Any, name: str, default: Any) -> Any:
    for attribute in node.attribute:
        if attribute.name == name:
            value = onnx.helper.get_attribute_value(attribute)
            return value.decode() if isinstance(value, bytes) else value
    return default


def _pool(node: Any, known: _Known) -> Iterator[str]:
    if known.ranks.get(node.input[0], 4) not in (4, 5):
        yield "only 2D and 3D pooling is taken"
    if any(step != 1 for step in _attribute(node, "dilations", [])):
        yield "dilations must be all ones"
    if node.op_type == "MaxPool" and len([n for n in node.output if n]) > 1:
        yield "its Indices output is not taken"


def _resize(node: Any, _: _Known) -> Iterator[str]:
    for name, (default, allowed) in _RESIZE.items():
        value = _attribute(node, name, default)
        if name == "nearest_mode" and _attribute(node, "mode", "nearest") != "nearest":
            continue
        if value not in allowed:
            yield f"{name} '{value}' is not taken"
    if _attribute(node, "antialias", 0):
        yield "antialiasing is not taken"


def _reduce(node: Any, known: _Known) -> Iterator[str]:
    if len(node.input) > 1 and not known.is_constant(node.input[1]):
        yield "its axes must be constant"


def _first_output_only(node: Any, _: _Known) -> Iterator[str]:
    if len([n for n in node.output if n]) > 1:
        yield "only its first output is taken"


def _scatter(node: Any, _: _Known) -> Iterator[str]:
    if _attribute(node, "reduction", "none") != "none":
        yield "a reduction is not taken"


def _constant(node: Any, _: _Known) -> Iterator[str]:
    for attribute in node.attribute:
        if attribute.name in ("sparse_value", "value_string", "value_strings"):
            yield f"'{attribute.name}' is not taken"


def _grid_sample(node: Any, known: _Known) -> Iterator[str]:
    if known.ranks.get(node.input[0], 4) != 4:
        yield "only 4D inputs are taken"


def _top_k(node: Any, known: _Known) -> Iterator[str]:
    if _attribute(node, "sorted", 1) != 1:
        yield "it must sort"
    count = known.values.get(node.input[1])
    if count is not None and int(np.max(count)) >= 3840:
        yield "K must be below 3840"


def _second_constant(node: Any, known: _Known) -> Iterator[str]:
    if len(node.input) > 1 and not known.is_constant(node.input[1]):
        yield "its second input must be constant"


_LIMITS: dict[str, Callable[[Any, _Known], Iterator[str]]] = {
    "AveragePool": _pool,
    "MaxPool": _pool,
    "LpPool": _pool,
    "Resize": _resize,
    "LayerNormalization": _first_output_only,
    "ScatterND": _scatter,
    "Constant": _constant,
    "GridSample": _grid_sample,
    "TopK": _top_k,
    "Squeeze": _second_constant,
    "Unsqueeze": _second_constant,
    "CumSum": _second_constant,
    "OneHot": _second_constant,
    **{
        f"Reduce{kind}": _reduce
        for kind in (
            *("L1", "L2", "LogSum", "LogSumExp", "Max"),
            *("Mean", "Min", "Prod", "Sum", "SumSquare"),
        )
    },
}


def _graphs(graph: Any) -> Iterator[Any]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _graphs(inner)


def _table() -> dict[str, Any]:
    path = resources.files("filmrestore_export") / "tensorrt_operators.json"
    table: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return table


def _type_name(kind: int) -> str:
    return _TYPES.get(kind) or f"type {kind}"


def _once(said: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said))
