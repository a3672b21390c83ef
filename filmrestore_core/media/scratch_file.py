"""A scratch file that a killed process cannot leave behind, for codecs that only write to files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_file(extension: str) -> Iterator[Path]:
    """A path to write to and read from while the block lasts.

    In memory where the system has such files (Linux), else in a temporary folder.

    Raises:
        OSError: it cannot be made.
    """
    descriptors = Path("/proc/self/fd")
    if hasattr(os, "memfd_create") and descriptors.is_dir():
        handle = os.memfd_create("filmrestore")
        try:
            yield descriptors / str(handle)
        finally:
            os.close(handle)
    else:
        with tempfile.TemporaryDirectory(prefix="filmrestore-") as folder:
            yield Path(folder) / f"scratch{extension}"
