"""From marks to the net that looks at them, the two judges of marks and their card."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from filmrestore_core import __version__
from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.judge.candidates import NEITHER, Candidates
from filmrestore_core.learning.judge.held_out import figures
from filmrestore_core.learning.judge.operating_point import unseen_logits, with_operating_point
from filmrestore_core.learning.judge.trees import (
    TreeSettings,
    fit_judge,
    require_library,
    write_judge,
)
from filmrestore_core.learning.marks.examples import MarkPlan, mark_examples
from filmrestore_core.learning.marks.looks import (
    Examples,
    train_look,
    unseen_looks,
    with_looks,
    without_looks,
)
from filmrestore_core.learning.training.config import TrainingConfig
from filmrestore_core.segment.mark_measure import wariness

# Falsely marked pixels per million of the plain windows at score 0.5; their clips are fast ones for
# the most part, and on the clips of docs/validation.md it is less than half of that.
PPM = 100.0
TREES = TreeSettings(trees=400, leaves=12, least=40, shrink=2.0)
CARD = "judge_marks_card.json"
# A logit of the net counts as one of the trees; half as much and twice as much found less at 400 px
# per million, and it matters little.
LOOK = 1.0
# Windows of clips kept apart, at least.
_LEAST_APART = 4


def fit_mark_judges(
    plan: MarkPlan,
    config: TrainingConfig,
    out: Path,
    *,
    workers: int = 1,
    threads: int = 0,
    done: Callable[[int, int], None] = lambda at, of: None,
    tell: Callable[..., None] = lambda progress: None,
) -> dict[str, Any]:
    """Train the net and fit both judges; writes judge_marks_*.json and their card.

    How far the net counts beside the trees, and the operating point, are chosen by what nets and
    trees say of series that they have not seen.

    Args:
        plan: which marks.
        config: of the net's training.
        out: folder for them; "marks" and "validation" hold what was measured, "look" the net.
        workers: processes that make windows; they change nothing but the time.
        threads: of the processor, for the net; 0 leaves it to the library.
        done: called with (windows done, windows in all).
        tell: called with a trainer.Progress.

    Returns:
        Name of each judge -> its figures on series that the trees were not fitted to.

    Raises:
        MissingExtraError: scikit-learn or torch is not installed.
        ModelError: the net cannot be read.
        SettingsError: the data do not suffice.
    """
    require_library()
    taught = Examples(*mark_examples(plan, out / "marks", workers=workers, done=done))
    apart = replace(plan, validation=True, windows=max(_LEAST_APART, plan.windows * 3 // 40))
    measured = Examples(*mark_examples(apart, out / "validation", workers=workers, done=done))
    look = unseen_looks(taught, config, out, threads=threads, tell=tell)
    net = train_look(taught, measured, config, out, threads=threads, tell=tell)
    found = with_looks(taught.marks, look)
    series = sorted({w.series for w in found.windows})
    results: dict[str, Any] = {}
    written: list[Path] = []
    for name in ("both_sides", "one_side"):
        known = found.of(both_sides=name == "both_sides", series=series)
        if not known.clean_pixels:
            raise SettingsError(
                "No window shows footage as it is.", hint="give more windows, 100 at least"
            )
        known, seen = without_looks(known)
        trees = unseen_logits(known, TREES, seed=plan.seed)
        unseen = trees + LOOK * seen - wariness(known.columns)
        judge = replace(fit_judge(known, TREES, seed=plan.seed), look=LOOK)
        judge = with_operating_point(judge, known, unseen, ppm=PPM)
        path = out / f"judge_marks_{name}.json"
        write_judge(judge, _origin(known, plan), path)
        written.append(path)
        results[name] = figures(known, unseen, pivot=judge.pivot)
    _write_card(out / CARD, plan, {**results, "look": net}, written)
    return results


def _origin(known: Candidates, plan: MarkPlan) -> str:
    used = int(np.count_nonzero(known.label != NEITHER))
    return (
        f"Boosted trees fitted to {used} marks in {len(known.windows)} made-up windows, as "
        f"'{plan.net.name}' and the classical detector find them; on series not fitted to the "
        f"pivot marked {PPM:g} px per million of undamaged footage. See {CARD}."
    )


def _write_card(path: Path, plan: MarkPlan, results: dict[str, Any], written: list[Path]) -> None:
    document = {
        "command": f"filmrestore train marks NET.onnx LOOKS.yaml --config CONFIG.yaml --data DATA "
        f"--out FOLDER --windows {plan.windows} --seed {plan.seed}",
        "net": {"file": plan.net.name, "sha256": sha256(plan.net.read_bytes()).hexdigest()},
        "apart": sorted(plan.apart),
        "ppm": PPM,
        "trees": asdict(TREES),
        "versions": {
            "filmrestore": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
            "scikit-learn": require_library(),
        },
        "held_out": results,
        "sha256": {file.name: sha256(file.read_bytes()).hexdigest() for file in written},
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
