"""The systems the shim is built for."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from typing import Final

SHIM_NAME: Final = "filmrestore.ofx"
TEST_HOST_NAME: Final = "filmrestore_testhost"


@dataclass(frozen=True, slots=True)
class Target:
    """One folder of a bundle.

    Attributes:
        arch: the bundle's folder name, from the standard: ``Linux-x86-64``, ``MacOS`` ...
        triples: what the cross compiler calls it; several are joined into one universal file.
        library_suffix: the file ending of ordinary shared libraries there.
        libraries: linker options of the shim beyond libc.
        wheel_tag: the platform tag of a wheel that holds a cross-built shim.
        was_run: whether the shim for it was ever run by us, or only built.
    """

    arch: str
    triples: tuple[str, ...]
    library_suffix: str
    libraries: tuple[str, ...]
    wheel_tag: str
    was_run: bool


_GLIBC = "2.27"  # memfd_create came with it; hosts run on systems with 2.28

TARGETS: Final = {
    target.arch: target
    for target in (
        Target(
            "Linux-x86-64",
            (f"x86_64-linux-gnu.{_GLIBC}",),
            ".so",
            ("-ldl", "-lpthread"),
            "manylinux_2_27_x86_64",
            was_run=True,
        ),
        Target(
            "Linux-aarch64",
            (f"aarch64-linux-gnu.{_GLIBC}",),
            ".so",
            ("-ldl", "-lpthread"),
            "manylinux_2_27_aarch64",
            was_run=False,
        ),
        Target(
            "MacOS",
            ("x86_64-macos.11.0", "aarch64-macos.11.0"),
            ".dylib",
            (),
            "macosx_11_0_universal2",
            was_run=False,
        ),
        Target("Win64", ("x86_64-windows-gnu",), ".dll", ("-lbcrypt",), "win_amd64", was_run=False),
    )
}


def host_arch() -> str:
    """The bundle's folder name for the system this Python runs on.

    Systems without a target of ours get the standard's ``Linux-<machine>`` form; a local
    compiler may still build for them.
    """
    if sys.platform == "darwin":
        return "MacOS"
    if sys.platform == "win32":
        return "Win64"
    machine = platform.machine()
    return "Linux-x86-64" if machine in {"x86_64", "AMD64"} else f"Linux-{machine}"
