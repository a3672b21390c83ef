"""What could change bits: versions of this program and of the libraries that compute."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = (
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "OpenImageIO",
    "av",
    "onnxruntime-gpu",
    "onnxruntime",
)


def versions() -> dict[str, str]:
    """Name -> version of everything that takes part in a pixel, in a fixed order."""
    import filmrestore_core

    found = {"filmrestore": filmrestore_core.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def fingerprint() -> str:
    """The versions and the kind of processor as one line; equal lines give equal bits."""
    parts = [f"{name} {number}" for name, number in versions().items()]
    return ", ".join((*parts, platform.machine()))
