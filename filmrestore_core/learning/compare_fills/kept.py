"""What was measured of a candidate, kept on disk: a further candidate costs only its own time."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.compare_fills.candidate import Candidate
from filmrestore_core.learning.compare_fills.figures import HoleFigures
from filmrestore_core.learning.compare_fills.table import CandidateResult
from filmrestore_core.models.whole_file import write_whole

FOLDER = "measured"
# Counts up when figures are measured in another way.
_VERSION = 1

Pictures = dict[tuple[int, int], NDArray[np.float32]]


class Kept:
    """Results and finished pictures under a folder, by candidate and crops."""

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        """Name the folder.

        Args:
            folder: of the comparison.
            about: all that figures depend on beside the candidate: store, crops, metrics.
        """
        self._folder, self._about = folder / FOLDER, about

    def read(self, candidate: Candidate) -> tuple[CandidateResult, Pictures] | None:
        """What is known of a candidate; None where it was not measured so."""
        path = self._path(candidate)
        if not path.with_suffix(".json").is_file() or not path.with_suffix(".npz").is_file():
            return None
        values = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        holes = tuple(HoleFigures(**h) for h in values.pop("holes"))
        # The name is the asker's, and so is what is said of it.
        values |= {"name": candidate.name, "about": candidate.about, "slow": candidate.slow}
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as held:
            pictures = {
                (int(a), int(b)): held[key].astype(np.float32)
                for key in held.files
                for a, b in [key.split("-")]
            }
        return CandidateResult(holes=holes, **values), pictures

    def write(self, candidate: Candidate, result: CandidateResult, pictures: Pictures) -> None:
        """Keep it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(candidate)
        named = {f"{a}-{b}": p.astype(np.float16) for (a, b), p in pictures.items()}
        np.savez(path.with_suffix(".npz"), allow_pickle=False, **named)
        # The figures last: where they are, all is there.
        text = json.dumps(asdict(result), separators=(",", ":"))
        write_whole(path.with_suffix(".json"), text.encode("utf-8"))

    def _path(self, candidate: Candidate) -> Path:
        known = {"version": _VERSION, "candidate": candidate.identity, **self._about}
        digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:12]
        plain = re.sub(r"[^a-z0-9]+", "-", candidate.name.lower()).strip("-")
        return self._folder / f"{plain or 'fill'}-{digest}"
