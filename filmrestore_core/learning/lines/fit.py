"""From made-up lines to the judges that tell scratches from poles, and their card."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.judge.candidates import DAMAGE, NEITHER, PICTURE, Candidates
from filmrestore_core.learning.judge.card import versions
from filmrestore_core.learning.judge.operating_point import unseen_logits
from filmrestore_core.learning.judge.trees import (
    TreeSettings,
    fit_judge,
    require_library,
    write_judge,
)
from filmrestore_core.learning.lines.examples import LinePlan, line_examples
from filmrestore_core.segment.judge import Judge
from filmrestore_core.segment.line_measure import LINE_COLUMNS, surely_picture
from filmrestore_core.segment.line_scratch import LINE_JUDGE, LINE_NET_JUDGE

TREES = TreeSettings(trees=150, leaves=8, rate=0.06, least=15, shrink=3.0)
CARD = "judge_lines_card.json"
# Picture lines taken for scratches in a thousand undamaged windows, half of them with rain, wings
# and the like, at score 0.5, and at the scores 0.75 and 0.25. A line that is wrongly taken is
# taken in every frame of a shot.
FALSE_LINES = 3.0
_STRICT, _LAX = 1.0, 15.0
_LEAST_SLOPE = 0.3
# The logit of what no judge may take.
_NEVER = -50.0


def fit_line_judges(
    plan: LinePlan,
    out: Path,
    *,
    workers: int = 1,
    done: Callable[[int, int], None] = lambda at, of: None,
) -> dict[str, Any]:
    """Fit both judges; writes judge_lines.json, judge_lines_net.json and a card.

    Args:
        plan: which lines.
        out: folder for them; "lines" holds what was measured.
        workers: processes that make windows; they change nothing but the time.
        done: called with (windows done, windows in all).

    Returns:
        Name of each judge -> its figures on series that the trees were not fitted to.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        ModelError: the net cannot be read.
        SettingsError: the data do not suffice.
    """
    require_library()
    found = line_examples(plan, out / "lines", workers=workers, done=done)
    bare = without_net(found)
    picture = surely_picture(found.columns)
    alone = unseen_logits(bare, TREES, seed=plan.seed, by_area=False)
    beside = unseen_logits(found, TREES, seed=plan.seed, by_area=False)
    alone, both = (np.where(picture, _NEVER, u) for u in (alone, (alone + beside) / 2))
    results: dict[str, Any] = {}
    written = []
    for name, known, unseen in (
        (LINE_JUDGE, bare, alone),
        # Both are asked, see `line_scratch.find_lines`.
        (LINE_NET_JUDGE, found, both),
    ):
        judge, results[name] = fit_lines(known, unseen, seed=plan.seed)
        path = out / f"judge_{name}.json"
        write_judge(judge, _origin(known, plan), path)
        written.append(path)
    _write_card(out / CARD, plan, results, written)
    return results


def without_net(found: Candidates) -> Candidates:
    """The same lines without what a net says of them."""
    return replace(found, columns=found.columns[:, : len(LINE_COLUMNS)], names=LINE_COLUMNS)


def fit_lines(
    found: Candidates, unseen: NDArray[np.float64], *, seed: int
) -> tuple[Judge, dict[str, Any]]:
    """A judge of lines with its operating point, and the figures there.

    Args:
        found: lines of damaged and undamaged windows.
        unseen: (N,) logits of trees that had not seen the line's series.
        seed: of what little is random in it.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        SettingsError: the data do not suffice.
    """
    strict, middle, lax = (_threshold(found, unseen, f) for f in (_STRICT, FALSE_LINES, _LAX))
    slope = max(_LEAST_SLOPE, (strict - lax) / 2 / float(np.log(3)))
    judge = fit_judge(found, TREES, seed=seed, by_area=False)
    judge = replace(judge, pivot=round(middle, 3), slope=round(slope, 3))
    return judge, _figures(found, unseen, judge.pivot)


def _threshold(found: Candidates, logit: NDArray[np.float64], allowed: float) -> float:
    """The lowest logit beyond which so many lines in a thousand undamaged windows lie."""
    undamaged = np.asarray([not w.damaged for w in found.windows], np.bool_)
    if not undamaged.any():
        raise SettingsError("No window is undamaged.", hint="give more windows")
    wrong = np.sort(logit[undamaged[found.window]])[::-1]
    place = int(allowed * np.count_nonzero(undamaged) / 1000)
    return float(wrong[place]) if place < len(wrong) else float(logit.min(initial=0.0))


def _figures(found: Candidates, logit: NDArray[np.float64], pivot: float) -> dict[str, Any]:
    taken, damage = logit > pivot, found.label == DAMAGE
    undamaged = np.asarray([not w.damaged for w in found.windows], np.bool_)
    still = found.columns[:, found.names.index("moved_near")] == 0
    clips = np.asarray([w.clip for w in found.windows], np.str_)[found.window]
    wrong = taken & undamaged[found.window]
    beside = taken & (found.label == PICTURE) & ~undamaged[found.window]
    return {
        "series": len({w.series for w in found.windows}),
        "undamaged_windows": int(undamaged.sum()),
        "lines": int(np.count_nonzero(found.label != NEITHER)),
        "damage": int(damage.sum()),
        "false_lines_per_1000": round(1000 * int(wrong.sum()) / max(1, int(undamaged.sum())), 2),
        "false_lines_beside_damage": int(beside.sum()),
        "recall": _mean(taken[damage]),
        "recall_of_rows": _mean(taken[damage], found.area[damage]),
        "recall_where_the_scene_moves": _mean(taken[damage & ~still]),
        "recall_where_it_stands": _mean(taken[damage & still]),
        "wrong_in": sorted(set(clips[wrong].tolist())),
    }


def _mean(taken: NDArray[np.bool_], weight: NDArray[np.int64] | None = None) -> float | None:
    return round(float(np.average(taken, weights=weight)), 4) if len(taken) else None


def _origin(known: Candidates, plan: LinePlan) -> str:
    used = int(np.count_nonzero(known.label != NEITHER))
    return (
        f"Boosted trees fitted to {used} lines in {plan.windows} made-up windows of "
        f"'{plan.net.name}'; on series not fitted to, {FALSE_LINES:g} lines in a thousand "
        f"undamaged windows are wrongly taken at the pivot. See {CARD}."
    )


def _write_card(path: Path, plan: LinePlan, results: dict[str, Any], written: list[Path]) -> None:
    document = {
        "command": f"filmrestore train lines NET.onnx --config CONFIG.yaml --data DATA "
        f"--out FOLDER --windows {plan.windows} --seed {plan.seed}",
        "net": {"file": plan.net.name, "sha256": sha256(plan.net.read_bytes()).hexdigest()},
        "apart": sorted(plan.apart),
        "false_lines_per_1000": {"0.75": _STRICT, "0.5": FALSE_LINES, "0.25": _LAX},
        "trees": asdict(TREES),
        "versions": versions(),
        "held_out": results,
        "sha256": {file.name: sha256(file.read_bytes()).hexdigest() for file in written},
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
