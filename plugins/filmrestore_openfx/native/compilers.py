"""The C compilers a build can use: the cross compiler that is a Python package, or the system's."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass

from filmrestore_openfx.native.targets import Target, host_arch


class CompilerError(RuntimeError):
    """No compiler for the target, or it refused the sources."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A command that compiles C for one triple.

    Attributes:
        command: the words before the options.
        portable: whether the result runs on systems older than this one.
    """

    command: tuple[str, ...]
    portable: bool

    def run(self, options: list[str]) -> None:
        """Compiles; raises CompilerError with the compiler's own words."""
        done = subprocess.run(
            [*self.command, *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()[-4000:]
            raise CompilerError(f"{' '.join(self.command)} failed with {done.returncode}: {words}")


def has_cross_compiler() -> bool:
    """Whether the package ``ziglang`` is installed beside this Python."""
    return importlib.util.find_spec("ziglang") is not None


def system_compiler() -> str | None:
    """The path of the system's C compiler, or None."""
    for name in ("cc", "gcc", "clang"):
        found = shutil.which(name)
        if found:
            return found
    return None


def compilers_for(arch: str, target: Target | None, *, portable: bool) -> list[Compiler]:
    """One compiler per triple of the target.

    Args:
        arch: the bundle's folder name.
        target: its entry, None when it is none of ours.
        portable: the result must run on older systems: the cross compiler first. Else the
            system's, which is faster, where it builds for that system.

    Raises:
        CompilerError: when nothing here can build for it.
    """
    local = system_compiler() if arch == host_arch() and sys.platform != "win32" else None
    crossed = target is not None and has_cross_compiler()
    if local and not (portable and crossed):
        return [Compiler((local,), portable=False)]
    if target is not None and crossed:
        return [
            Compiler((sys.executable, "-m", "ziglang", "cc", "-target", triple), portable=True)
            for triple in target.triples
        ]
    raise CompilerError(
        f"no compiler for {arch}: install the package 'ziglang' (pip install ziglang)"
        + (", or a C compiler" if arch == host_arch() else "")
    )
