"""Laying out, installing and removing filmrestore.ofx.bundle, whole or not at all."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from filmrestore_core import __version__
from filmrestore_openfx.about import about
from filmrestore_openfx.errors import BundleError
from filmrestore_openfx.manifest import PLUGIN_ID, manifest
from filmrestore_openfx.places import BUNDLE

_NAME = BUNDLE.removesuffix(".ofx.bundle")
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Installed:
    """A bundle on disk.

    Attributes:
        path: the bundle's folder.
        package: version of the package it was written by.
        python: interpreter it starts.
        shims: architecture -> shim.
    """

    path: Path
    package: str
    python: Path
    shims: Mapping[str, Path]


def install(folder: Path, shims: Mapping[str, Path], *, python: Path | None = None) -> Path:
    """Write the bundle into a folder, in place of an older one.

    Everything is laid out beside it first; then it changes place by renaming, so that no host
    ever finds half a bundle.

    Args:
        folder: where hosts look; it is made.
        shims: architecture folder ("Linux-x86-64") -> shim; at least one.
        python: interpreter that has filmrestore; the running one where None.

    Raises:
        BundleError: there is no shim, the interpreter cannot run the worker, the folder cannot be
            written, or something of that name that is no bundle of ours is in the way.
    """
    if not shims:
        raise BundleError("There is no shim to install for this system.")
    interpreter = Path(sys.executable) if python is None else python
    _check_interpreter(interpreter)
    final = folder / BUNDLE
    if final.exists() and not _is_ours(final):
        raise BundleError(f"{final} is no bundle of filmrestore; it is left alone.", path=final)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".filmrestore-", dir=folder))
    except OSError as error:
        raise BundleError(
            f"{folder} cannot be written: {error.strerror}.",
            path=folder,
            hint="name a folder of your own by --dir",
        ) from error
    try:
        made = scratch / "new"
        lay_out(made, shims, python=interpreter)
        _swap(made, final, scratch / "old")
    except OSError as error:
        raise BundleError(f"{final} cannot be written: {error}.", path=final) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return final


def uninstall(folder: Path) -> bool:
    """Remove the bundle from a folder.

    Returns:
        False where there was none.

    Raises:
        BundleError: it is not ours, or cannot be removed.
    """
    final = folder / BUNDLE
    if not final.exists():
        return False
    if not _is_ours(final):
        raise BundleError(f"{final} is no bundle of filmrestore; it is left alone.", path=final)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=".filmrestore-", dir=folder))
        final.rename(scratch / "old")
    except OSError as error:
        raise BundleError(f"{final} cannot be removed: {error.strerror}.", path=final) from error
    shutil.rmtree(scratch, ignore_errors=True)
    return True


def lay_out(bundle: Path, shims: Mapping[str, Path], *, python: Path) -> None:
    """Write all files of a bundle into a new folder.

    Raises:
        OSError: they cannot be written.
    """
    contents = bundle / "Contents"
    shelf = contents / "Resources"
    shelf.mkdir(parents=True)
    (contents / "Info.plist").write_bytes(plistlib.dumps(info_plist()))
    (shelf / f"{_NAME}.manifest").write_text(
        manifest(python, about()), encoding="utf-8", newline="\n"
    )
    icons = resources.files("filmrestore_openfx") / "icon"
    for ending in ("png", "svg"):
        content = (icons / f"filmrestore.{ending}").read_bytes()
        (shelf / f"{PLUGIN_ID}.{ending}").write_bytes(content)
    for architecture, shim in shims.items():
        target = contents / architecture
        target.mkdir()
        shutil.copyfile(shim, target / f"{_NAME}.ofx")
        (target / f"{_NAME}.ofx").chmod(0o755)
    for path in [bundle, *bundle.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def info_plist() -> dict[str, str]:
    """Info.plist: macOS needs it, and some hosts find the shim by it everywhere."""
    return {
        "CFBundleDevelopmentRegion": "English",
        "CFBundleExecutable": f"{_NAME}.ofx",
        "CFBundleIdentifier": PLUGIN_ID,
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": "FilmRestore",
        "CFBundlePackageType": "BNDL",
        "CFBundleSignature": "????",
        "CFBundleShortVersionString": __version__,
        "CFBundleVersion": __version__,
    }


def read_installed(folder: Path) -> Installed | None:
    """The bundle in a folder, or None where there is none of ours."""
    path = folder / BUNDLE
    head = _head(path)
    if head is None:
        return None
    found = {shim.parent.name: shim for shim in sorted(path.glob(f"Contents/*/{_NAME}.ofx"))}
    return Installed(path, head.get("package", ""), Path(head.get("python", "")), found)


def _is_ours(path: Path) -> bool:
    head = _head(path)
    return head is not None and head.get("id") == PLUGIN_ID


def _head(path: Path) -> dict[str, str] | None:
    from filmrestore_openfx.lines import WireError, split_fields

    file = path / "Contents" / "Resources" / f"{_NAME}.manifest"
    head: dict[str, str] = {}
    try:
        for line in file.read_text(encoding="utf-8").splitlines()[:12]:
            word, *rest = split_fields(line)
            head.setdefault(word, rest[0] if rest else "")
    except (OSError, UnicodeDecodeError, WireError):
        return None
    return head


def _swap(made: Path, final: Path, old: Path) -> None:
    """Put a new bundle in place of what is there; on trouble the old one stays."""
    if not final.exists():
        made.rename(final)
        return
    final.rename(old)
    try:
        made.rename(final)
    except OSError:
        old.rename(final)
        raise


def _check_interpreter(python: Path) -> None:
    """The worker must start as the shim will start it: with no environment to help it.

    Raises:
        BundleError: it does not.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_", "DYLD_"))}
    code = "import filmrestore_openfx.serve as s; print('ready')"
    try:
        done = subprocess.run(
            [python, "-I", "-c", code],
            env=clean,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BundleError(f"{python} cannot be started: {error}.", path=python) from error
    if done.returncode != 0 or "ready" not in done.stdout:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BundleError(
            f"{python} cannot run the worker: {said}.",
            path=python,
            hint="install filmrestore into that Python",
        )
