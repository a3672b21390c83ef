"""The log of a training: one JSON document a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOG = "log.jsonl"


def append_row(folder: Path, row: dict[str, Any]) -> None:
    """Add a row to FOLDER/log.jsonl; "step" is its place."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
