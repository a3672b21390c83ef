"""The card: all that is needed to make a judge again, and how good it is."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from filmrestore_core import __version__
from filmrestore_core.learning.judge.clips import TrainingClip
from filmrestore_core.learning.judge.examples import code_digest
from filmrestore_core.learning.judge.trees import TreeSettings, require_library


def write_card(
    path: Path,
    *,
    command: str,
    config: Mapping[str, Any],
    trees: TreeSettings,
    clips: Sequence[TrainingClip],
    kept_apart: frozenset[str],
    results: Mapping[str, Any],
    files: Sequence[Path],
) -> None:
    """Write the card as JSON; it holds no date, so that equal runs give equal bytes.

    Args:
        path: the file.
        command: what was typed, folders as placeholders.
        config: seed and counts.
        trees: how they were grown.
        clips: all that were given.
        kept_apart: series that were only tested on.
        results: name -> figures.
        files: what was written.
    """
    document = {
        "command": command,
        "note": "The folders of clips and shapes are given as arguments. Boosted trees over "
        "measurements of candidate marks; every look of a clip is used undamaged and damaged.",
        "config": dict(config),
        "trees": asdict(trees),
        "versions": versions(),
        "code_sha256": code_digest(),
        "clips": [
            {
                "name": clip.name,
                "frames": len(clip.files),
                "series": clip.series,
                "used_for": "test" if clip.series in kept_apart else "training",
                "sha256": clip.digest,
            }
            for clip in clips
        ],
        "results": dict(results),
        "sha256": {file.name: sha256(file.read_bytes()).hexdigest() for file in files},
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """What fitted a judge.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    return {
        "filmrestore": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "scikit-learn": require_library(),
    }
