"""What `filmrestore resolve doctor` looks at, one finding after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from filmrestore_core import (
    Box,
    FilmrestoreError,
    Frame,
    MemoryClip,
    ModelStore,
    Part,
    PixelFormat,
    Restorer,
    RestoreSettings,
    __version__,
    create_writer,
    default_user_folder,
    fingerprint,
)
from filmrestore_resolve.host.config import CONFIG_FILE, script_folders
from filmrestore_resolve.install import SCRIPTS, is_ours, read_config, renderer_version, script_text

_RENDER_S = 300


class Verdict(StrEnum):
    """How a finding stands."""

    OK = "ok"
    NOTE = "note"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        verdict: how it stands.
        what: what was looked at.
        said: what was found, and what would be right where it is not.
    """

    verdict: Verdict
    what: str
    said: str


def examine(folder: Path | None = None, *, render: bool = True) -> Iterator[Finding]:
    """Look at everything a press of the button depends on.

    Args:
        folder: a Scripts/Utility folder of one's own instead of Resolve's.
        render: also render three tiny frames through the installed renderer.
    """
    yield from _programs()
    folders = [Path(f) for f in script_folders()] if folder is None else [folder]
    configs = []
    for place in folders:
        found = yield from _scripts(place)
        if found is not None:
            configs.append(found)
    if not configs:
        said = "no menu script is installed; run 'filmrestore resolve install'"
        yield Finding(Verdict.FAULT, "menu", said)
    elif len(configs) > 1:
        said = "installed for this user and for all; Resolve lists both, uninstall one"
        yield Finding(Verdict.NOTE, "menu", said)
    yield Finding(Verdict.NOTE, "edition", EDITIONS)
    yield Finding(Verdict.OK, "versions", fingerprint())
    yield from _models()
    interpreters = [read_config(path).get("interpreter") for path in configs]
    for python in dict.fromkeys(p for p in interpreters if isinstance(p, str)):
        fault = yield from _interpreter(Path(python))
        if render and not fault:
            yield _tried("render", partial(_tiny_render, Path(python)))


EDITIONS = (
    "from Resolve 21.1 on the free edition lists no Python scripts; the menu entry then needs "
    "Studio. Without it: 'filmrestore restore-timeline CUT.otio OUT_DIR'"
)


def _programs() -> Iterator[Finding]:
    if sys.platform == "darwin":
        places = ["/Applications/DaVinci Resolve/DaVinci Resolve.app"]
    elif sys.platform == "win32":
        places = [r"C:\Program Files\Blackmagic Design\DaVinci Resolve\Resolve.exe"]
    else:
        places = ["/opt/resolve/bin/resolve", "/home/resolve/bin/resolve"]
    there = [place for place in places if os.path.exists(place)]
    if there:
        yield Finding(Verdict.OK, "Resolve", there[0])
    else:
        yield Finding(Verdict.NOTE, "Resolve", f"not found at {' or '.join(places)}")


def _scripts(folder: Path) -> Generator[Finding, None, Path | None]:
    """Findings of one folder; returns its config where scripts of ours are there."""
    config = folder / CONFIG_FILE
    ours = [name for name in SCRIPTS if is_ours(folder / name)]
    if not ours and not config.exists():
        there = "there, without our scripts" if folder.is_dir() else "not there"
        yield Finding(Verdict.NOTE, "folder", f"{folder}: {there}")
        return None
    again = "run 'filmrestore resolve install' again"
    if len(ours) < len(SCRIPTS):
        lacking = ", ".join(name for name in SCRIPTS if name not in ours)
        yield Finding(Verdict.FAULT, "folder", f"{folder}: lacks {lacking}; {again}")
    else:
        yield Finding(Verdict.OK, "folder", f"{folder}: {', '.join(ours)}")
    for name in ours:
        text = (folder / name).read_text("utf-8", errors="replace")
        if text != script_text(SCRIPTS[name], config.absolute()):
            said = f"{folder / name} is not the one of this version ({__version__}); {again}"
            yield Finding(Verdict.FAULT, "script", said)
    values = read_config(config)
    if not isinstance(values.get("interpreter"), str):
        yield Finding(Verdict.FAULT, "config", f"{config} is missing or broken; {again}")
        return None
    jobs = values.get("jobs_folder") or "each user's own"
    yield Finding(
        Verdict.OK, "config", f"{config}: version {values.get('version')}, jobs in {jobs}"
    )
    return config


def _interpreter(python: Path) -> Generator[Finding, None, bool]:
    try:
        version = renderer_version(python)
    except FilmrestoreError as error:
        yield Finding(Verdict.FAULT, "interpreter", str(error))
        return True
    same = version == __version__
    said = f"{python}: filmrestore {version}" + ("" if same else f", this one is {__version__}")
    yield Finding(Verdict.OK if same else Verdict.NOTE, "interpreter", said)
    return False


def _models() -> Iterator[Finding]:
    def verified() -> str:
        checked = ModelStore(default_user_folder()).verify()
        faults = [f"{one.name}: {one.fault}" for one in checked if one.fault]
        if faults:
            raise FilmrestoreError("; ".join(faults))
        return ", ".join(one.name for one in checked)

    def device() -> str:
        identity = Restorer(RestoreSettings()).identity
        kinds = [v for k, v in identity.items() if k.endswith((" provider", " device"))]
        return ", ".join(dict.fromkeys(kinds)) or "no net is in use"

    yield _tried("models", verified)
    yield _tried("device", device)


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(Verdict.OK, what, look())
    except (FilmrestoreError, OSError) as error:
        return Finding(Verdict.FAULT, what, str(error))


def _tiny_render(python: Path) -> str:
    """Three tiny frames through the renderer, as the menu script starts it.

    Raises:
        FilmrestoreError: they did not come out.
    """
    with TemporaryDirectory(prefix="filmrestore doctor ") as folder:
        base = Path(folder)
        with create_writer(base / "tiny.####.dpx", clip := _tiny_clip()) as writer:
            for number in clip.numbers:
                writer.write(clip.read(number))
        job = base / "job.json"
        source = {"kind": "sequence", "path": str(base / "tiny.[0001-0003].dpx")}
        shot = {"key": "tiny", "source": source, "first": 1, "last": 3}
        values = {
            "kind": "filmrestore.resolve.job",
            "schema": 1,
            "project": "doctor",
            "timeline": "doctor",
            "shots": [shot],
        }
        job.write_text(json.dumps(values), encoding="utf-8")
        command = [str(python), "-m", "filmrestore_core", "resolve", "render", str(job)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_RENDER_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FilmrestoreError(f"The renderer does not answer: {error}.") from error
        made = list(base.glob("filmrestore/**/*.dpx"))
        if done.returncode or len(made) != 3:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["nothing was said"]
            raise FilmrestoreError(f"Exit code {done.returncode}: {lines[-1]}")
    return "three tiny frames came out"


def _tiny_clip() -> MemoryClip:
    rows = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
    box, ten = Box.of_size(64, 48), PixelFormat("uint16", 10)
    frames = []
    for number in (1, 2, 3):
        planes = {name: rows % np.uint16(600 + number) + np.uint16(200) for name in "RGB"}
        part = Part("", planes, dict.fromkeys(planes, ten), box, box)
        frames.append(Frame(number, (part,)))
    return MemoryClip(frames)
