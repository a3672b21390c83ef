from __future__ import annotations

import os

from filmrestore_core.media import scratch_file as module
from filmrestore_core.media.scratch_file import scratch_file


def test_written_and_read_and_gone():
    with scratch_file(".bin") as path:
        path.write_bytes(b"hello")
        assert path.read_bytes() == b"hello"
        held = path
    assert not held.exists()


def test_without_files_in_memory(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with module.scratch_file(".exr") as path:
        assert path.suffix == ".exr"
        path.write_bytes(b"hello")
        folder = path.parent
    assert not folder.exists()
