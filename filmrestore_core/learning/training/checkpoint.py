"""Checkpoints: tensors as safetensors, the rest as JSON in their header; no pickles."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from torch import Tensor

from filmrestore_core.errors import MissingExtraError, ModelContractError

NET_KEY = "filmrestore.net"
STATE_KEY = "filmrestore.state"


def save_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write a checkpoint under a name of its own, then rename it; equal contents, equal bytes.

    Args:
        path: the file.
        tensors: name -> tensor.
        facts: header key -> what JSON can hold.
    """
    save = _library().torch.save
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {key: json.dumps(value) for key, value in facts.items()}
    partial.write_bytes(_in_order(save(whole, metadata=metadata or None)))
    partial.replace(path)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and facts of a checkpoint.

    Raises:
        ModelContractError: the file is no checkpoint.
    """
    library = _library()
    try:
        with library.safe_open(path, framework="pt") as file:
            facts = {key: json.loads(value) for key, value in (file.metadata() or {}).items()}
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except (OSError, ValueError, library.SafetensorError) as error:
        raise ModelContractError(
            f"'{path}' is no checkpoint that can be read: {error}.", path=path
        ) from error


def _in_order(content: bytes) -> bytes:
    """The file with its metadata sorted: the library writes them in an order left to chance.

    A file is the header's length (8 bytes, little-endian), the header as JSON and the tensors,
    see https://huggingface.co/docs/safetensors.
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    if "__metadata__" not in header:
        return content
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    # Tensors begin at a multiple of 8.
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def _library() -> Any:
    try:
        import safetensors
        import safetensors.torch
    except ImportError as error:
        raise MissingExtraError(
            "Training needs safetensors.", hint="pip install 'filmrestore[train]'"
        ) from error
    return safetensors
