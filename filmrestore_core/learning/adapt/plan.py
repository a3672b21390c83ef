"""How much an adaptation does: decided once from the time there is, then kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filmrestore_core.errors import SettingsError
from filmrestore_core.models.whole_file import write_whole

PLAN = "plan.json"
# Shares of the time: making windows, learning; the rest is for measuring and writing.
_MAKING, _LEARNING = 0.3, 0.55
_WINDOWS = (20, 200)
_STEPS = (40, 4000)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is done.

    Attributes:
        learned: windows to learn from.
        held_out: windows to measure with.
        steps: of learning.
    """

    learned: int
    held_out: int
    steps: int


def extent_for(minutes: float, *, window_seconds: float, step_seconds: float) -> Extent:
    """As much as fits into the time.

    Args:
        minutes: the time there is.
        window_seconds: to make one window.
        step_seconds: of one step of learning.
    """
    whole = 60.0 * minutes
    windows = _within(whole * _MAKING / max(window_seconds, 1e-3), _WINDOWS)
    return extent_of(windows, _within(whole * _LEARNING / max(step_seconds, 1e-4), _STEPS))


def extent_of(windows: int, steps: int) -> Extent:
    """So many windows, a fifth of them to measure with, and steps."""
    held_out = max(4, windows // 5)
    return Extent(windows - held_out, held_out, steps)


def read_extent(folder: Path, asked: dict[str, Any]) -> Extent | None:
    """The extent that stands in a folder; None where none was decided yet.

    Args:
        folder: of the adaptation.
        asked: what was asked for; it must be what was asked before.

    Raises:
        SettingsError: the folder belongs to another adaptation.
    """
    path = folder / PLAN
    if not path.is_file():
        return None
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        before, extent = known["asked"], Extent(**known["extent"])
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"'{path}' is no plan of an adaptation.") from error
    if before != asked:
        wrong = next(k for k in {**before, **asked} if before.get(k) != asked.get(k))
        raise SettingsError(
            f"'{folder}' holds another adaptation: its {wrong} is {before.get(wrong)}, "
            f"not {asked.get(wrong)}.",
            hint="use another folder",
        )
    return extent


def write_extent(folder: Path, asked: dict[str, Any], extent: Extent) -> None:
    """Keep what was decided."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"asked": asked, "extent": asdict(extent)}, indent=1)
    write_whole(folder / PLAN, text.encode())


def _within(value: float, bounds: tuple[int, int]) -> int:
    return int(min(max(value, bounds[0]), bounds[1]))
