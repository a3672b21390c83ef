"""Paths as the system takes them, also where Resolve's Python runs under an ASCII locale."""

import os
import sys
from typing import Any, List


def on_disk(path: str) -> Any:
    """A path for the calls of `os` and `open`.

    Under an ASCII locale Python 3.6, and later ones inside a host, cannot name a file with an
    umlaut by a text; by its bytes they can.
    """
    if sys.platform.startswith("win"):
        return path
    try:
        os.fsencode(path)
    except UnicodeError:
        return path.encode("utf-8", "surrogateescape")
    return path


def names_in(folder: str) -> List[str]:
    """Names of what lies in a folder, sorted.

    Raises:
        OSError: it cannot be read.
    """
    names: List[Any] = os.listdir(on_disk(folder))
    return sorted(n if isinstance(n, str) else n.decode("utf-8", "surrogateescape") for n in names)
