"""Where the built shim and reference host lie."""

from __future__ import annotations

from pathlib import Path

from filmrestore_openfx.native.build import BUILT, build_shim, build_test_host
from filmrestore_openfx.native.targets import SHIM_NAME, TARGETS, TEST_HOST_NAME, host_arch


def built_arches() -> list[str]:
    """The systems whose shim is in this installation, sorted."""
    return sorted(path.parent.name for path in BUILT.glob(f"*/{SHIM_NAME}"))


def find_shim(arch: str | None = None, *, build: bool = True) -> Path:
    """The shim of one system.

    Args:
        arch: the bundle's folder name; None for this system.
        build: whether to build it when it is not there or older than its sources, as in a
            checkout.

    Raises:
        CompilerError: when it is not there and cannot be built.
        FileNotFoundError: when it is not there and may not be built.
    """
    arch = arch or host_arch()
    return _find(BUILT / arch / SHIM_NAME, arch, build=build)


def find_test_host(arch: str | None = None, *, build: bool = True) -> Path:
    """The reference host's library of one system; as find_shim."""
    arch = arch or host_arch()
    suffix = TARGETS[arch].library_suffix if arch in TARGETS else ".so"
    return _find(BUILT / arch / f"{TEST_HOST_NAME}{suffix}", arch, build=build)


def _find(path: Path, arch: str, *, build: bool) -> Path:
    if path.exists() and not (build and _is_stale(path)):
        return path
    if not build:
        raise FileNotFoundError(
            f"{path} is not there: run 'python -m filmrestore_openfx.native.build'"
        )
    make = build_shim if path.name == SHIM_NAME else build_test_host
    return make(arch, path.parent)


def _is_stale(path: Path) -> bool:
    """Sources of a wheel are unpacked with the build's own times, so only a checkout is stale."""
    root = Path(__file__).parent.parent
    sources = [*root.glob("native/*.[ch]"), *root.glob("testhost/native/*.[ch]")]
    if not (root.parent.parent / "pyproject.toml").exists():
        return False
    return any(source.stat().st_mtime > path.stat().st_mtime for source in sources)
