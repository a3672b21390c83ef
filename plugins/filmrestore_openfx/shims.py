"""The shims that a bundle can be made of here."""

from __future__ import annotations

from pathlib import Path

from filmrestore_openfx.errors import BundleError
from filmrestore_openfx.native.compilers import CompilerError
from filmrestore_openfx.native.shims import built_arches, find_shim
from filmrestore_openfx.native.targets import host_arch


def shims_here() -> dict[str, Path]:
    """Architecture folder -> shim: this system's, and others that this installation holds.

    Raises:
        BundleError: this system's is not there and cannot be built.
    """
    here = host_arch()
    try:
        found = {here: find_shim(here)}
    except (CompilerError, OSError) as error:
        raise BundleError(
            f"The shim for {here} is not in this installation and cannot be built: {error}.",
            hint="install the wheel for this system",
        ) from error
    for other in built_arches():
        found.setdefault(other, find_shim(other, build=False))
    return found
