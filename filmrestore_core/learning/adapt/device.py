"""Where weights are taught."""

from __future__ import annotations

import torch

from filmrestore_core.errors import DeviceError


def learning_device(name: str) -> str:
    """Torch's name of a device.

    Args:
        name: "auto", "cpu" or "cuda".

    Raises:
        DeviceError: nothing can be learned there, or it is not here.
    """
    name = name.lower()
    if name not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"Nothing can be learned on '{name}'.", hint="auto, cpu or cuda")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise DeviceError("torch finds no CUDA here.", hint="--device cpu")
    return "cuda" if there and name != "cpu" else "cpu"
