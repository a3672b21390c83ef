"""A net on a device: contract, threads, faults."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from filmrestore_core.errors import (
    DeviceError,
    DeviceMemoryError,
    ModelContractError,
    ModelIntegrityError,
    ModelNotFoundError,
)
from filmrestore_core.models.card import ModelCard
from filmrestore_core.models.store import open_lone
from filmrestore_core.runtime.device import CPU_PROVIDER, Device
from filmrestore_core.runtime.fingerprint import runtime_fingerprint
from filmrestore_core.runtime.session import Session, is_out_of_memory, provider_loads

Cards = Callable[..., ModelCard]
Nets = Callable[..., bytes]


def _planes(height: int, width: int, seed: int = 3) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).random((3, height, width), np.float32)


def test_any_size_that_the_card_allows(tiny_onnx: Nets, tiny_card: Cards) -> None:
    session = Session(tiny_card(), tiny_onnx(), device=Device.CPU)
    for height, width in ((16, 16), (64, 100), (128, 36)):
        scores = session.run(_planes(height, width))
        assert scores.shape == (2, height, width)
        assert scores.dtype == np.float32
        assert 0 <= scores.min() < scores.max() <= 1
    assert session.provider == CPU_PROVIDER


def test_numbers_do_not_depend_on_threads(tiny_onnx: Nets, tiny_card: Cards) -> None:
    card, content, planes = tiny_card(), tiny_onnx(), _planes(252, 316)
    one = Session(card, content, device=Device.CPU, threads=1).run(planes)
    for threads in (2, 3):
        more = Session(card, content, device=Device.CPU, threads=threads).run(planes)
        np.testing.assert_array_equal(one, more)


def test_one_session_serves_many_threads(tiny_onnx: Nets, tiny_card: Cards) -> None:
    session = Session(tiny_card(), tiny_onnx(), device=Device.CPU)
    wanted = [session.run(_planes(64, 64, seed)) for seed in range(8)]
    found: dict[int, Any] = {}

    def work(seed: int) -> None:
        for _ in range(4):
            found[seed] = session.run(_planes(64, 64, seed))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(8):
        np.testing.assert_array_equal(found[seed], wanted[seed])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": [{"name": "frames", "shape": [1, 3, "H", "W"]}]}, "the input 'planes'"),
        (
            {"inputs": [{"name": "planes", "shape": [1, 4, "H", "W"]}]},
            r"\(1, 4, H, W\)",
        ),
        (
            {"outputs": [{"name": "damage", "shape": [1, 1, "H", "W"]}], "classes": ["dirt"]},
            "the output 'damage'",
        ),
    ],
)
def test_a_graph_that_is_not_what_its_card_says(
    tiny_onnx: Nets, tiny_card: Cards, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ModelContractError, match=said):
        Session(tiny_card(**changes), tiny_onnx(), device=Device.CPU)


def _altered(content: bytes, change: Callable[[Any], None]) -> bytes:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(content)
    change(model)
    return bytes(model.SerializeToString())


def test_fixed_sizes_halves_and_further_outputs_are_refused(
    tiny_onnx: Nets, tiny_card: Cards
) -> None:
    onnx = pytest.importorskip("onnx")

    def fix_size(model: Any) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 64

    def one_more(model: Any) -> None:
        model.graph.output.append(onnx.helper.make_tensor_value_info("a", 1, [1, 8, "H", "W"]))

    def halves(model: Any) -> None:
        model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
        del model.graph.node[1:]
        del model.graph.output[0]
        weights = onnx.numpy_helper.to_array(model.graph.initializer[0]).astype(np.float16)
        model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, "a0.w"))
        model.graph.output.append(
            onnx.helper.make_tensor_value_info("a0", onnx.TensorProto.FLOAT16, [1, 8, "H", "W"])
        )

    for change, said in (
        (fix_size, r"\(1, 3, 64, W\)"),
        (one_more, "has 2 outputs"),
        (halves, "float16"),
    ):
        with pytest.raises(ModelContractError, match=said):
            Session(tiny_card(), _altered(tiny_onnx(), change), device=Device.CPU)


def test_an_output_of_another_size_is_refused(tiny_onnx: Nets, tiny_card: Cards) -> None:
    def lose_a_border(model: Any) -> None:
        for node in model.graph.node:
            if node.output[0] == "g":
                del node.attribute[:]
        for side in (2, 3):
            model.graph.output[0].type.tensor_type.shape.dim[side].ClearField("dim_param")

    session = Session(tiny_card(), _altered(tiny_onnx(), lose_a_border), device=Device.CPU)
    with pytest.raises(ModelContractError, match="promises the same height"):
        session.run(_planes(32, 32))


@pytest.mark.parametrize(
    "planes",
    [
        np.zeros((4, 32, 32), np.float32),
        np.zeros((3, 32, 32), np.float64),
        np.zeros((3, 30, 32), np.float32),
        np.zeros((3, 32, 12), np.float32),
        np.zeros((32, 32), np.float32),
    ],
)
def test_planes_that_do_not_fit(tiny_onnx: Nets, tiny_card: Cards, planes: Any) -> None:
    session = Session(tiny_card(), tiny_onnx(), device=Device.CPU)
    with pytest.raises(ModelContractError, match=r"tiny-net-1\.0\.0 takes"):
        session.run(planes)


def test_what_is_no_model_and_what_needs_another_file(
    tiny_card: Cards, tiny_onnx: Nets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    with pytest.raises(ModelIntegrityError):
        Session(tiny_card(), b"nothing", device=Device.CPU)
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        Session(tiny_card(), tmp_path / "missing.onnx", device=Device.CPU)
    path = tmp_path / "split.onnx"
    model = onnx.load_from_string(tiny_onnx())
    onnx.save(model, str(path), save_as_external_data=True, location="s.bin", size_threshold=0)
    # Even where the file lies at hand.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelIntegrityError, match="in another file"):
        Session(tiny_card(), path.read_bytes(), device=Device.CPU)

    def unknown(model: Any) -> None:
        model.graph.node[1].op_type = "Frobnicate"

    with pytest.raises(ModelContractError, match="cannot be loaded"):
        Session(tiny_card(), _altered(tiny_onnx(), unknown), device=Device.CPU)


def test_too_little_memory_is_said_as_such(tiny_card: Cards) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    # A graph that asks for 2**50 numbers, which no machine has.
    size = onnx.numpy_helper.from_array(np.array([1, 2, 1 << 25, 1 << 24], np.int64), "size")
    graph = helper.make_graph(
        [
            helper.make_node("ConstantOfShape", ["size"], ["huge"]),
            helper.make_node("ReduceMax", ["huge"], ["one"], keepdims=1),
            helper.make_node("ReduceMax", ["planes"], ["zero"], axes=[1], keepdims=1),
            helper.make_node("Add", ["zero", "one"], ["sum"]),
            helper.make_node("Concat", ["sum", "sum"], ["damage"], axis=1),
        ],
        "huge",
        [helper.make_tensor_value_info("planes", 1, [1, 3, "H", "W"])],
        [helper.make_tensor_value_info("damage", 1, [1, 2, "H", "W"])],
        [size],
    )
    opset = [helper.make_opsetid("", 17)]
    content = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    with pytest.raises(DeviceMemoryError, match="cpu has too little memory"):
        Session(tiny_card(), content, device=Device.CPU).run(_planes(16, 16))


@pytest.mark.parametrize(
    "message",
    [
        # As CUDA, ONNX Runtime's arena, the C++ library and DirectML say it.
        "CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size);",
        "BFCArena::AllocateRawInternal(size_t, bool) Available memory of 0 is smaller than ...",
        "Failed to allocate memory for requested buffer of size 4294967296",
        "std::bad_alloc",
        "Exception(3) tid(1) 8007000E Not enough memory resources are available.",
    ],
)
def test_messages_that_mean_too_little_memory(message: str) -> None:
    assert is_out_of_memory(message)
    assert not is_out_of_memory("CUBLAS failure 13: the function failed to launch")


def test_a_device_that_is_not_there_is_a_sentence(tiny_onnx: Nets, tiny_card: Cards) -> None:
    for device in (Device.COREML, Device.DIRECTML, Device.CUDA, Device.TENSORRT):
        if sys.platform == "linux" and device in (Device.CUDA, Device.TENSORRT):
            from filmrestore_core.runtime.device import PROVIDERS

            if provider_loads(PROVIDERS[device]):
                continue
        if sys.platform != "linux" and device in (Device.COREML, Device.DIRECTML):
            continue
        with pytest.raises(DeviceError, match="'cpu' always works"):
            Session(tiny_card(), tiny_onnx(), device=device)


def test_looking_for_a_device_writes_nothing() -> None:
    code = (
        "from filmrestore_core.runtime import device, session\n"
        "[session.provider_loads(p) for p in session.offered_providers()]\n"
        "session.find_device(device.Device.AUTO)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert done.stderr == ""


def test_on_the_processor_there_is_nothing_to_fall_back_to(
    tiny_onnx: Nets, tiny_card: Cards
) -> None:
    session = Session(tiny_card(), tiny_onnx(), device=Device.CPU)
    assert session.fall_back_to_cpu("had too little memory") is None


def test_a_path_is_as_good_as_bytes(tiny_file: Path, tiny_card: Cards) -> None:
    from_path = Session(tiny_card(), tiny_file, device=Device.CPU)
    from_bytes = Session(tiny_card(), tiny_file.read_bytes(), device=Device.CPU)
    planes = _planes(32, 48)
    np.testing.assert_array_equal(from_path.run(planes), from_bytes.run(planes))


def test_the_fingerprint_names_what_computes(tiny_onnx: Nets, tiny_card: Cards) -> None:
    session = Session(tiny_card(), tiny_onnx(), device=Device.CPU)
    found = runtime_fingerprint(session)
    assert found["model"] == "tiny-net-1.0.0"
    assert found["onnxruntime"].startswith("onnxruntime")
    assert found["provider"] == CPU_PROVIDER
    assert found["device"]
    assert runtime_fingerprint(session) == found


def test_two_files_of_one_name_have_two_fingerprints(
    tiny_onnx: Nets, tiny_card: Cards, tmp_path: Path
) -> None:
    found: list[dict[str, str]] = []
    for seed in (1, 2, 1):
        file = tmp_path / f"{len(found)}.onnx"
        file.write_bytes(tiny_onnx(tiny_card(), seed=seed))
        model = open_lone(file)
        found.append(runtime_fingerprint(Session(model.card, model.content, device=Device.CPU)))
    assert found[0]["model"] == found[1]["model"]
    assert found[0] != found[1]
    assert found[0] == found[2]
