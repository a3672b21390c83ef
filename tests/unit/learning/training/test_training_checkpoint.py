from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from filmrestore_core.errors import ModelContractError  # noqa: E402
from filmrestore_core.learning.training.checkpoint import load_tensors, save_tensors  # noqa: E402


def test_a_checkpoint_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.safetensors"
    odd = torch.tensor([float("inf"), -0.0, 1e-42])
    facts = {"net": {"widths": [1, 2]}, "state": {"best": 0.1 + 0.2, "none": None}}
    save_tensors(path, {"odd": odd, "turned": torch.arange(6.0).reshape(2, 3).T}, facts)
    tensors, read = load_tensors(path)
    assert tensors["odd"].numpy().tobytes() == odd.numpy().tobytes()
    assert torch.equal(tensors["turned"], torch.arange(6.0).reshape(2, 3).T)
    assert read == facts
    assert [f.name for f in path.parent.iterdir()] == ["a.safetensors"]
    whole = path.read_bytes()
    for _ in range(5):
        save_tensors(path, tensors, dict(reversed(read.items())))
        assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x08" + bytes(7) + b"{}      "])
def test_what_is_no_checkpoint_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    if content.endswith(b"      "):
        # An empty one is whole: it holds nothing.
        assert load_tensors(path) == ({}, {})
        return
    with pytest.raises(ModelContractError, match="no checkpoint that can be read"):
        load_tensors(path)
    with pytest.raises(ModelContractError, match="no checkpoint"):
        load_tensors(tmp_path / "absent.safetensors")
