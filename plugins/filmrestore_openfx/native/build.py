"""Builds the shim and the reference host's library: ``python -m filmrestore_openfx.native.build``.

Nothing but the standard library is imported, so that building a wheel can run it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from filmrestore_openfx.native.compilers import (
    Compiler,
    CompilerError,
    compilers_for,
    has_cross_compiler,
)
from filmrestore_openfx.native.targets import (
    SHIM_NAME,
    TARGETS,
    TEST_HOST_NAME,
    Target,
    host_arch,
)
from filmrestore_openfx.native.universal import join_universal

SOURCES = Path(__file__).parent
TEST_HOST_SOURCES = SOURCES.parent / "testhost" / "native"
BUILT = SOURCES / "built"

_OPTIONS = ["-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-shared", "-Wall", "-Wextra"]
_CHECKS = {
    "": ["-s"],
    "memory": ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
    "threads": ["-g", "-fsanitize=thread"],
}


def build_shim(arch: str, folder: Path, *, portable: bool = False, checks: str = "") -> Path:
    """Builds the shim for one system.

    Args:
        arch: the bundle's folder name, such as ``Linux-x86-64``.
        folder: where ``filmrestore.ofx`` is written; made when missing.
        portable: for systems older than this one too, where the cross compiler is installed.
        checks: "memory" (and undefined behavior) or "threads" for a build that watches itself at
            run time, by the system's compiler; empty for an ordinary one.

    Returns:
        The file's path.

    Raises:
        CompilerError: when no compiler is here, or it refused.
    """
    sources = sorted(SOURCES.glob("*.c"))
    return _build(arch, sources, folder / SHIM_NAME, portable=portable, checks=checks)


def build_test_host(arch: str, folder: Path, *, portable: bool = False, checks: str = "") -> Path:
    """Builds the reference host's library for one system; as build_shim."""
    target = TARGETS.get(arch)
    suffix = target.library_suffix if target else ".so"
    sources = sorted(TEST_HOST_SOURCES.glob("*.c"))
    out = folder / f"{TEST_HOST_NAME}{suffix}"
    return _build(arch, sources, out, portable=portable, checks=checks)


def is_portable(arch: str) -> bool:
    """Whether a build here runs on systems older than this one."""
    return arch in TARGETS and has_cross_compiler()


def _build(arch: str, sources: list[Path], out: Path, *, portable: bool, checks: str) -> Path:
    if not sources:
        raise CompilerError(f"there are no C sources beside {SOURCES}")
    target = TARGETS.get(arch)
    compilers = compilers_for(arch, target, portable=portable and not checks)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="filmrestore-build-") as scratch:
        slices = [
            _compile(compiler, target, sources, Path(scratch) / str(number), checks)
            for number, compiler in enumerate(compilers)
        ]
        content = slices[0] if len(slices) == 1 else join_universal(slices)
    # A host may have the old file mapped: replaced, never written into.
    fresh = out.with_name(f"{out.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    fresh.replace(out)
    return out


def _compile(
    compiler: Compiler,
    target: Target | None,
    sources: list[Path],
    scratch: Path,
    checks: str,
) -> bytes:
    scratch.mkdir()
    out = scratch / SHIM_NAME
    libraries = target.libraries if target else ("-ldl", "-lpthread")
    compiler.run(
        [
            *_OPTIONS,
            *_CHECKS[checks],
            f"-I{SOURCES}",
            *map(str, sources),
            "-o",
            str(out),
            *libraries,
        ]
    )
    return out.read_bytes()


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m filmrestore_openfx.native.build",
        description="Builds the OpenFX shim and the reference host.",
    )
    parser.add_argument("--arch", action="append", help="one of: " + ", ".join(TARGETS))
    parser.add_argument("--all", action="store_true", help="every system we know")
    parser.add_argument("--out", type=Path, default=BUILT, help="folder (one sub-folder per arch)")
    parser.add_argument("--local", action="store_true", help="system compiler, for here only")
    parser.add_argument("--checks", choices=list(_CHECKS), default="", help="watch at run time")
    given = parser.parse_args(arguments)
    arches = list(TARGETS) if given.all else given.arch or [host_arch()]
    failed = False
    for arch in arches:
        try:
            files = [
                build(arch, given.out / arch, portable=not given.local, checks=given.checks)
                for build in (build_shim, build_test_host)
            ]
        except CompilerError as error:
            sys.stderr.write(f"{arch}: {error}\n")
            failed = True
            continue
        for file in files:
            sys.stdout.write(f"{arch}: {file} ({file.stat().st_size} bytes)\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
