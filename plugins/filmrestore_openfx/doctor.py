"""What is installed for OpenFX hosts, and whether it works."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from filmrestore_core import __version__
from filmrestore_openfx.about import device_line, log_path, models_line
from filmrestore_openfx.bundle import Installed, read_installed
from filmrestore_openfx.manifest import PLUGIN_ID, VERSION
from filmrestore_openfx.places import (
    BUNDLE,
    SEARCH_VARIABLE,
    advice,
    is_searched,
    search_path,
    user_folder,
)

SIZE = (96, 64)
"""Width and height of the frame that is rendered."""

_FRAMES = range(1, 12)
_CENTER = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: a word for it.
        text: what was found.
        is_good: False where the node cannot work because of it.
    """

    what: str
    text: str
    is_good: bool = True


def examine(folder: Path | None = None, *, render: bool = True) -> list[Finding]:
    """Look at everything the node needs.

    Args:
        folder: where a bundle must be; None for all folders that are known.
        render: render a frame through each bundle's shim.
    """
    found = [
        Finding("package", f"filmrestore {__version__} in {Path(__file__).parents[1]}"),
        Finding("node", f"{PLUGIN_ID} {VERSION[0]}.{VERSION[1]}"),
        Finding("python", f"{platform.python_version()}, {sys.executable}"),
        Finding("models", models_line()),
        Finding("device", device_line()),
        _log(),
        Finding("search path", _searched()),
    ]
    folders = (folder,) if folder else (user_folder(), *search_path())
    bundles = [b for b in map(read_installed, dict.fromkeys(folders)) if b is not None]
    if not bundles:
        places = ", ".join(str(f) for f in dict.fromkeys(folders))
        text = f"no {BUNDLE} in {places}; run 'filmrestore openfx install'"
        found.append(Finding("bundle", text, is_good=False))
    for bundle in bundles:
        found += _bundle(bundle)
        if render and all(f.is_good for f in found):
            found.append(_rendered(bundle))
    return found


def _log() -> Finding:
    path = log_path()
    if path.exists():
        return Finding("log file", f"{path} ({path.stat().st_size} bytes)")
    return Finding("log file", f"{path} (nothing written yet)")


def _searched() -> str:
    value = os.environ.get(SEARCH_VARIABLE)
    named = f"{SEARCH_VARIABLE}={value}" if value else f"{SEARCH_VARIABLE} is not set"
    return f"{named}; hosts look into {', '.join(map(str, search_path()))}"


def _bundle(bundle: Installed) -> list[Finding]:
    from filmrestore_openfx.native.targets import host_arch

    found = [Finding("bundle", str(bundle.path))]
    if not is_searched(bundle.path.parent):
        found.append(
            Finding("host path", f"hosts started from here need: {advice(bundle.path.parent)}")
        )
    shim = bundle.shims.get(host_arch())
    others = ", ".join(name for name in bundle.shims if name != host_arch())
    if shim is None:
        found.append(Finding("shim", f"none for {host_arch()}, only {others}", is_good=False))
    else:
        text = f"{shim}" + (f"; also for {others}" if others else "")
        found.append(Finding("shim", text))
    same = bundle.package == __version__
    text = f"written by filmrestore {bundle.package}"
    if not same:
        text += f", this is {__version__}: run 'filmrestore openfx install' again"
    found.append(Finding("manifest", text, is_good=same))
    exists = bundle.python.exists()
    text = f"the node starts {bundle.python}" + ("" if exists else ", which is not there any more")
    found.append(Finding("interpreter", text, is_good=exists))
    return found


def _rendered(bundle: Installed) -> Finding:
    """One frame, as a host would render it."""
    from filmrestore_openfx.native.compilers import CompilerError
    from filmrestore_openfx.testhost.host import ReferenceHost, ReferenceHostError
    from filmrestore_openfx.testhost.host_image import HostImage

    images = {number: HostImage(pixels) for number, pixels in _pictures().items()}
    try:
        with ReferenceHost(bundle.path).start() as host:
            node = host.create()
            node.connect(
                "Source",
                lambda when: images.get(round(when)),
                first=_FRAMES[0],
                last=_FRAMES[-1],
            )
            output = HostImage.blank_like(images[_CENTER])
            began = time.monotonic()
            status = node.render(float(_CENTER), output)
            seconds = time.monotonic() - began
            message = node.message()
            node.destroy()
            notes = host.notes()
    except (ReferenceHostError, CompilerError, OSError) as error:
        return Finding("render", f"the test host cannot run: {error}", is_good=False)
    if status != 0 or notes:
        said = message[1] if message else "; ".join(notes) or f"status {status}"
        return Finding("render", f"failed: {said}", is_good=False)
    before = images[_CENTER].pixels()
    changed = int(np.count_nonzero((output.pixels() != before).any(axis=2)))
    return Finding(
        "render",
        f"a frame of {SIZE[0]} x {SIZE[1]} through the shim: {changed} px repaired, "
        f"{seconds:.1f} s with the worker's start",
        is_good=changed > 0,
    )


def _pictures() -> dict[int, np.ndarray[tuple[int, int, int], np.dtype[np.float32]]]:
    """A softly lit wall with grain; one dark chip in the frame that is rendered."""
    width, height = SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 0.3 + 0.1 * np.sin(x / 17) + 0.08 * np.cos(y / 11)
    pictures = {}
    for number in _FRAMES:
        grain = np.random.default_rng(number).normal(0, 0.004, (height, width, 3))
        picture = np.ones((height, width, 4), np.float32)
        picture[..., :3] = light[..., None] + grain
        if number == _CENTER:
            picture[(x - 40) ** 2 + (y - 30) ** 2 <= 9, :3] = 0.01
        pictures[number] = picture
    return pictures
