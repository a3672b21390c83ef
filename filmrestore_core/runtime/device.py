"""Device: where a net runs, and which of them this machine really has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from filmrestore_core.errors import DeviceError


class Device(StrEnum):
    """Where a net runs."""

    AUTO = "auto"  # the fastest of CUDA, DirectML and CPU that this machine has
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    COREML = "coreml"
    DIRECTML = "directml"


CPU_PROVIDER = "CPUExecutionProvider"

PROVIDERS: dict[Device, str] = {
    Device.CPU: CPU_PROVIDER,
    Device.CUDA: "CUDAExecutionProvider",
    Device.TENSORRT: "TensorrtExecutionProvider",
    Device.COREML: "CoreMLExecutionProvider",
    Device.DIRECTML: "DmlExecutionProvider",
}
"""ONNX Runtime's name for each device."""

WORDS: dict[Device, str] = {
    Device.CPU: "the processor",
    Device.CUDA: "the NVIDIA GPU (CUDA)",
    Device.TENSORRT: "the NVIDIA GPU (TensorRT)",
    Device.COREML: "Apple's CoreML",
    Device.DIRECTML: "the GPU (DirectML)",
}

# TensorRT builds engines for minutes and CoreML may compute in half precision: both only when
# asked for by name.
_AUTO = (Device.CUDA, Device.DIRECTML)

_NEEDS: dict[Device, str] = {
    Device.CUDA: "an NVIDIA driver and the CUDA and cuDNN libraries that onnxruntime-gpu names",
    Device.TENSORRT: "an NVIDIA driver, CUDA and the TensorRT libraries",
    Device.COREML: "macOS",
    Device.DIRECTML: "Windows and the package onnxruntime-directml",
}


@dataclass(frozen=True, slots=True)
class ChosenDevice:
    """The device a net will run on.

    Attributes:
        device: never AUTO.
        providers: for ONNX Runtime, best first; the CPU closes the list, for single operators that
            the device lacks.
        reason: a sentence that says what was chosen and why.
    """

    device: Device
    providers: tuple[str, ...]
    reason: str


def choose_device(
    asked: Device, *, offered: Sequence[str], loads: Callable[[str], bool]
) -> ChosenDevice:
    """Choose among what this machine really has.

    Args:
        asked: what the user wants.
        offered: providers that the installed ONNX Runtime was built with.
        loads: whether a provider's libraries can really be loaded here.

    Raises:
        DeviceError: a device was asked for by name and is not there.
    """
    if asked is Device.AUTO:
        for device in _AUTO:
            if PROVIDERS[device] in offered and loads(PROVIDERS[device]):
                return _chosen(device, f"Runs on {WORDS[device]}, found by itself.")
        return _chosen(Device.CPU, "Runs on the processor: no GPU can be used here.")
    provider = PROVIDERS[asked]
    if asked is Device.CPU:
        return _chosen(asked, "Runs on the processor, as asked.")
    if provider not in offered:
        raise DeviceError(
            f"'{asked}' was asked for, but the installed ONNX Runtime was built without it.",
            hint=f"it needs {_NEEDS[asked]}; 'cpu' always works",
        )
    if not loads(provider):
        raise DeviceError(
            f"'{asked}' was asked for, but its libraries cannot be loaded here.",
            hint=f"it needs {_NEEDS[asked]}; 'cpu' always works",
        )
    return _chosen(asked, f"Runs on {WORDS[asked]}, as asked.")


def _chosen(device: Device, reason: str) -> ChosenDevice:
    chain = [PROVIDERS[device], CPU_PROVIDER]
    if device is Device.TENSORRT:
        # What TensorRT leaves over belongs on the same GPU.
        chain.insert(1, PROVIDERS[Device.CUDA])
    return ChosenDevice(device, tuple(dict.fromkeys(chain)), reason)
