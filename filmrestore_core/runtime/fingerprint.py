"""What could change the bits of a net's result: versions, provider, device."""

from __future__ import annotations

import ctypes
import platform
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session

_PACKAGES = ("onnxruntime-gpu", "onnxruntime", "onnxruntime-directml")


def runtime_fingerprint(session: Session) -> dict[str, str]:
    """All that a net's bits depend on beside its input; equal fingerprints give equal bits."""
    device = session.device.device
    card = session.card
    # Two files may bear one name: a net that was trained further, a shelf of somebody else's.
    weights = {} if card.sha256 is None else {"sha256": card.sha256}
    return {
        "model": card.name,
        **weights,
        "onnxruntime": _runtime_version(),
        "provider": session.provider,
        "device": gpu_name() if device in (Device.CUDA, Device.TENSORRT) else processor_name(),
    }


def processor_name() -> str:
    """The processor's own name; its instruction set chooses the kernels that compute."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def gpu_name() -> str:
    """The first NVIDIA GPU's name, asked of the driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "an NVIDIA GPU"
    name = ctypes.create_string_buffer(256)
    device = ctypes.c_int()
    if (
        driver.cuInit(0)
        or driver.cuDeviceGet(ctypes.byref(device), 0)
        or driver.cuDeviceGetName(name, len(name), device)
    ):
        return "an NVIDIA GPU"
    return name.value.decode("utf-8", "replace")


def _runtime_version() -> str:
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            return f"{package} {version(package)}"
    return "unknown"
