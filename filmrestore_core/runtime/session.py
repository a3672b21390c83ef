"""Session: one model, ready to run. The only module that imports ONNX Runtime.

Numbers do not depend on the number of threads: operators run one after another, and ONNX Runtime
splits a convolution over threads by output, never by the terms of a sum. A test holds it to that.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import (
    DeviceError,
    DeviceMemoryError,
    ModelContractError,
    ModelIntegrityError,
    ModelNotFoundError,
)
from filmrestore_core.models.card import ModelCard, TensorSpec
from filmrestore_core.models.onnx_scan import scan_onnx
from filmrestore_core.runtime.device import (
    CPU_PROVIDER,
    PROVIDERS,
    ChosenDevice,
    Device,
    choose_device,
)
from filmrestore_core.runtime.probe import PROBE

logger = logging.getLogger(__name__)

_ERROR, _FATAL = 3, 4  # ONNX Runtime's levels of severity
_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
_OUT_OF_MEMORY = (
    "failed to allocate memory",
    "out of memory",
    "bad_alloc",
    "bfc_arena",
    "bfcarena",
    "e_outofmemory",
    "not enough memory resources",
)


class Session:
    """One model on one device. May be called from several threads, which share its weights."""

    def __init__(
        self,
        card: ModelCard,
        source: bytes | Path,
        *,
        device: Device = Device.AUTO,
        threads: int = 1,
        engine_cache: Path | None = None,
        fuse: bool = True,
    ) -> None:
        """Load the graph and compare it with its card.

        Args:
            card: what the graph must be.
            source: the file's bytes, as `ModelStore.open` checked them, or a path.
            device: where to run.
            threads: processor threads that one call may use; they change nothing but the time.
            engine_cache: folder for TensorRT's engines, which take minutes to build; None keeps
                none.
            fuse: let the runtime join operators; off only to measure each one's rounding.

        Raises:
            ModelNotFoundError: the path cannot be read.
            ModelIntegrityError: the source is no ONNX model, or needs further files.
            ModelContractError: its inputs or outputs are not what the card says.
            DeviceError: the device is not there.
        """
        self.card = card
        self._content = source if isinstance(source, bytes) else _read(source)
        self._threads = max(1, threads)
        self._engine_cache = engine_cache
        self._fuse = fuse
        self._lock = threading.Lock()
        if scan_onnx(self._content, where=card.name).external:
            raise ModelIntegrityError(f"{card.name} keeps part of its weights in another file.")
        chosen = find_device(device)
        # Graph and device change together, or a thread could name the wrong one.
        self._loaded: tuple[Any, ChosenDevice] = (self._load(chosen), chosen)
        _check_contract(self._loaded[0], card)

    @property
    def device(self) -> ChosenDevice:
        """What it runs on now."""
        return self._loaded[1]

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of what the graph runs on."""
        name: str = self._loaded[0].get_providers()[0]
        return name

    def run(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the graph once, on all of `planes`.

        Args:
            planes: (P, H, W) float32; H and W as the card's size rule says.

        Returns:
            (K, H, W) float32.

        Raises:
            ModelContractError: the planes do not fit the card, or the output does not.
            DeviceMemoryError: the device has too little memory.
            DeviceError: the device failed.
        """
        self._check_planes(planes)
        session, device = self._loaded
        feed = {self.card.inputs[0].name: np.ascontiguousarray(planes)[None]}
        try:
            given = session.run([self.card.outputs[0].name], feed)[0]
        except MemoryError as error:
            raise DeviceMemoryError(f"{device.device} has too little memory.") from error
        except Exception as error:
            raise _device_error(error, device, planes.shape) from error
        scores: NDArray[np.float32] = given[0]
        if scores.shape != (self.card.outputs[0].channels, *planes.shape[1:]):
            raise ModelContractError(
                f"{self.card.name} gave an output of shape {given.shape} for planes of shape "
                f"{planes.shape}; its card promises the same height and width."
            )
        return scores

    def fall_back_to_cpu(self, why: str) -> str | None:
        """Run on the processor from now on; several threads may ask, one does it.

        Args:
            why: what happened, as half a sentence.

        Returns:
            A sentence for the report, or None where the processor is in use already.
        """
        with self._lock:
            if self.device.device is Device.CPU:
                return None
            note = f"{self.card.name}: {self.device.device} {why}; went on with the processor."
            chosen = ChosenDevice(Device.CPU, (CPU_PROVIDER,), note)
            self._loaded = (self._load(chosen), chosen)
        logger.warning("%s", note)
        return note

    def _check_planes(self, planes: NDArray[np.float32]) -> None:
        wanted = self.card.inputs[0].channels
        if planes.ndim != 3 or planes.shape[0] != wanted or planes.dtype != np.float32:
            raise ModelContractError(
                f"{self.card.name} takes planes of shape ({wanted}, H, W) in float32, not "
                f"{planes.shape} in {planes.dtype}."
            )
        rule = self.card.size
        for side in planes.shape[1:]:
            if side < rule.minimum or side % rule.multiple_of:
                raise ModelContractError(
                    f"{self.card.name} takes sides that are multiples of {rule.multiple_of}, from "
                    f"{rule.minimum} pixels on, not {planes.shape[2]} x {planes.shape[1]}."
                )

    def _load(self, chosen: ChosenDevice) -> Any:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        level = ort.GraphOptimizationLevel
        options.graph_optimization_level = (
            level.ORT_ENABLE_ALL if self._fuse else level.ORT_DISABLE_ALL
        )
        options.use_deterministic_compute = True
        # Plans of memory are kept for each shape; tiles come in many. It is faster without, too.
        options.enable_mem_pattern = False
        options.log_severity_level = _ERROR
        # Threads that spin while they wait would eat the cores that other frames are made on.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = [(name, self._provider_options(name)) for name in chosen.providers]
        try:
            with _quiet(ort):
                session = ort.InferenceSession(
                    self._content, sess_options=options, providers=providers, enable_fallback=0
                )
        except Exception as error:
            if chosen.device is Device.CPU:
                raise ModelContractError(
                    f"{self.card.name} cannot be loaded: {_first_line(error)}."
                ) from error
            raise _device_error(error, chosen, ()) from error
        # A provider that fails to start is left out without an error.
        if chosen.providers[0] not in session.get_providers():
            raise DeviceError(f"{chosen.device} was found, but did not start for {self.card.name}.")
        return session

    def _provider_options(self, provider: str) -> dict[str, str]:
        if provider == PROVIDERS[Device.CUDA]:
            return {
                # Fixed algorithms in full precision: same frame, same bits.
                "cudnn_conv_algo_search": "DEFAULT",
                "use_tf32": "0",
                "arena_extend_strategy": "kSameAsRequested",
            }
        if provider == PROVIDERS[Device.TENSORRT]:
            from filmrestore_core.runtime.engines import tensorrt_options

            return tensorrt_options(self.card, self._engine_cache)
        return {}


def offered_providers() -> tuple[str, ...]:
    """The providers that the installed ONNX Runtime was built with; not all may work here."""
    import onnxruntime as ort

    return tuple(ort.get_available_providers())


@functools.cache
def provider_loads(provider: str) -> bool:
    """Whether a provider really works here; nothing is written to the terminal.

    The only sure answer is to run a graph of one operator on it.
    """
    import onnxruntime as ort

    if provider == CPU_PROVIDER:
        return True
    options = ort.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        with _quiet(ort):
            _preload_libraries(ort)
            session = ort.InferenceSession(
                PROBE, sess_options=options, providers=[provider], enable_fallback=0
            )
            if provider not in session.get_providers():
                return False
            session.run(None, {"x": np.ones(1, np.float32)})
    except Exception as error:  # noqa: BLE001 - whatever it is: this provider does not work here
        logger.debug("%s does not load: %s", provider, error)
        return False
    return True


def find_device(asked: Device) -> ChosenDevice:
    """The device that will be used on this machine.

    Raises:
        DeviceError: a device was asked for by name and is not there.
    """
    return choose_device(asked, offered=offered_providers(), loads=provider_loads)


def is_out_of_memory(message: str) -> bool:
    """Whether an error of ONNX Runtime or a driver means too little memory."""
    text = message.lower()
    return any(sign in text for sign in _OUT_OF_MEMORY)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelNotFoundError(f"{path} cannot be read: {error.strerror}.", path=path) from error


def _preload_libraries(ort: Any) -> None:
    """Let NVIDIA's libraries be found where pip puts them."""
    if importlib.util.find_spec("nvidia") is None or not hasattr(ort, "preload_dlls"):
        return
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
        ort.preload_dlls()


@contextlib.contextmanager
def _quiet(ort: Any) -> Iterator[None]:
    """Keep ONNX Runtime from talking while it finds that a library is not there."""
    ort.set_default_logger_severity(_FATAL)
    try:
        yield
    finally:
        ort.set_default_logger_severity(_ERROR)


def _check_contract(session: Any, card: ModelCard) -> None:
    for what, real, promised in (
        ("input", session.get_inputs(), card.inputs),
        ("output", session.get_outputs(), card.outputs),
    ):
        if len(real) != len(promised):
            raise ModelContractError(
                f"{card.name} has {len(real)} {what}s, its card promises {len(promised)}."
            )
        for node, spec in zip(real, promised, strict=True):
            _check_tensor(card.name, what, node, spec)


def _check_tensor(name: str, what: str, node: Any, spec: TensorSpec) -> None:
    dtype = _DTYPES.get(node.type, node.type)
    # What is free in the graph carries a name or nothing; what is fixed is a number. The batch
    # and the output's channels may have been left free by an exporter: running them checks them.
    shape = tuple(node.shape)
    fits = len(shape) == len(spec.shape) and all(
        isinstance(said, int) and side == said if isinstance(side, int) else True
        for side, said in zip(shape, spec.shape, strict=True)
    )
    if node.name != spec.name or dtype != spec.dtype or not fits:
        raise ModelContractError(
            f"{name} has the {what} '{node.name}' {_shape(shape)} {dtype}, its card promises "
            f"'{spec.name}' {_shape(spec.shape)} {spec.dtype}."
        )


def _shape(shape: tuple[Any, ...]) -> str:
    return "(" + ", ".join("free" if s is None else str(s) for s in shape) + ")"


def _device_error(error: Exception, chosen: ChosenDevice, shape: tuple[int, ...]) -> DeviceError:
    text = _first_line(error)
    if is_out_of_memory(str(error)):
        size = f" for planes of {shape}" if shape else ""
        return DeviceMemoryError(f"{chosen.device} has too little memory{size}: {text}.")
    return DeviceError(f"{chosen.device} failed: {text}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")[:300]
