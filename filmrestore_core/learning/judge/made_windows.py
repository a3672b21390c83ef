"""What marks and lines of made-up windows need alike: pictures, shapes, the detector, a key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from filmrestore_core.learning.judge.clips import series_of
from filmrestore_core.learning.judge.examples import code_digest
from filmrestore_core.learning.samples.sources import Sources, find_sources
from filmrestore_core.models.store import open_lone
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.settings import DetectSettings
from filmrestore_core.synth.library import LibraryPart, LibraryShapes
from filmrestore_core.synth.shapes import ProceduralShapes, ShapeSource


@cache
def sources_of(
    data: Path, apart: tuple[str, ...], *, validation: bool
) -> tuple[Sources, ShapeSource, dict[str, str]]:
    """Clean pictures, outlines of damage, and the series of each clip by its name.

    Args:
        data: folder with clean/video, clean/stills and, it may be, damage.
        apart: series of clips that are kept for validation.
        validation: whether those are wanted, or the others.

    Raises:
        SettingsError: the data do not suffice.
    """
    shapes: ShapeSource = ProceduralShapes()
    if (data / "damage").is_dir():
        part = LibraryPart.VALIDATION if validation else LibraryPart.TRAIN
        shapes = LibraryShapes(data / "damage", part=part)
    sources = find_sources(data, apart, validation=validation)
    return sources, shapes, series_of([clip.name for clip in sources.clips])


@cache
def detector_of(path: Path) -> ExportedSegmenter:
    """The detector of an .onnx file with its card, on the processor.

    Raises:
        ModelError: it cannot be read.
    """
    model = open_lone(path)
    return ExportedSegmenter(
        Session(model.card, model.content, device=Device.CPU), DetectSettings()
    )


def window_key(modules: Sequence[str], net: Path, more: Sequence[Any]) -> str:
    """SHA-256, hex, of all that made-up windows depend on beside their index.

    Args:
        modules: files of the package that make them, beside those of `code_digest`.
        net: the detector's file.
        more: what else they depend on, as JSON can hold it.
    """
    package = files("filmrestore_core")
    own = [sha256(package.joinpath(name).read_bytes()).hexdigest() for name in modules]
    found = sha256(net.read_bytes()).hexdigest()
    text = [code_digest(), own, np.__version__, cv2.__version__, found, *more]
    return sha256(json.dumps(text).encode()).hexdigest()
