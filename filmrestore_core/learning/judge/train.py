"""train_judge: from clean clips to the two judges and their card, in one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from filmrestore_core.learning.judge.candidates import NEITHER, Candidates, together
from filmrestore_core.learning.judge.card import write_card
from filmrestore_core.learning.judge.clips import TrainingClip, find_clips, kept_apart
from filmrestore_core.learning.judge.examples import make_examples
from filmrestore_core.learning.judge.held_out import figures
from filmrestore_core.learning.judge.operating_point import (
    PIVOT_PPM,
    unseen_logits,
    with_operating_point,
)
from filmrestore_core.learning.judge.trees import (
    TreeSettings,
    fit_judge,
    logits,
    require_library,
    write_judge,
)
from filmrestore_core.segment.judge import Judge

CARD = "judge_card.json"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What to learn from.

    Attributes:
        clips: folder of folders of clean consecutive frames.
        out: folder for the judges, the card and, in "candidates", what was measured.
        shapes: artefact library; None: shapes by rule.
        seed: of everything random.
        frames_per_clip: centers a clip.
        test_share: share of the clips that are only tested on.
        workers: processes; changes nothing but the time.
        trees: how trees are grown.
    """

    clips: Path
    out: Path
    shapes: Path | None = None
    seed: int = 1
    frames_per_clip: int = 3
    test_share: float = 0.15
    workers: int = 1
    trees: TreeSettings = field(default_factory=TreeSettings)

    @property
    def command(self) -> str:
        """What makes the same again; folders stand for what is given."""
        shapes = "" if self.shapes is None else " --shapes SHAPES"
        return (
            f"filmrestore train judge CLIPS --out FOLDER{shapes} --seed {self.seed} "
            f"--frames-per-clip {self.frames_per_clip}"
        )


def train_judge(
    plan: TrainingPlan, *, done: Callable[[str, int, int], None] = lambda name, at, of: None
) -> dict[str, Any]:
    """Fit both judges; writes judge_both_sides.json, judge_one_side.json and judge_card.json.

    The same plan on the same data with the same versions gives the same bytes. A run that was
    stopped goes on where it was.

    Args:
        plan: what to learn from.
        done: called with (clip, looks done, looks in all) while candidates are made.

    Returns:
        Name of each judge -> its figures.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        SettingsError: the clips do not suffice.
        UnreadableFrameError: a frame is no picture.
    """
    require_library()
    clips = find_clips(plan.clips)
    apart = kept_apart(clips, plan.test_share, seed=plan.seed)
    found = together(_examples(plan, clips, done))
    learned = sorted({c.series for c in clips} - apart)
    results: dict[str, Any] = {}
    written = []
    for name in ("both_sides", "one_side"):
        both_sides = name == "both_sides"
        known = found.of(both_sides=both_sides, series=learned)
        unseen = unseen_logits(known, plan.trees, seed=plan.seed)
        judge = fit_judge(known, plan.trees, seed=plan.seed)
        judge = with_operating_point(judge, known, unseen)
        path = plan.out / f"judge_{name}.json"
        write_judge(judge, _origin(known), path)
        written.append(path)
        results[name] = {
            "test": _tested(judge, found.of(both_sides=both_sides, series=apart)),
            "cross_validation": figures(known, unseen, pivot=judge.pivot),
        }
    write_card(
        plan.out / CARD,
        command=plan.command,
        config={
            "seed": plan.seed,
            "frames_per_clip": plan.frames_per_clip,
            "test_share": plan.test_share,
            "pivot_ppm": PIVOT_PPM,
            "shapes": "by rule" if plan.shapes is None else "training part of a library, and rule",
        },
        trees=plan.trees,
        clips=clips,
        kept_apart=apart,
        results=results,
        files=written,
    )
    return results


def _examples(
    plan: TrainingPlan, clips: tuple[TrainingClip, ...], done: Callable[[str, int, int], None]
) -> list[Candidates]:
    total, count = len(clips) * plan.frames_per_clip, 0

    def count_one(clip: TrainingClip) -> None:
        nonlocal count
        count += 1
        done(clip.name, count, total)

    return make_examples(
        clips,
        plan.out / "candidates",
        shapes=plan.shapes,
        looks=plan.frames_per_clip,
        seed=plan.seed,
        workers=plan.workers,
        done=count_one,
    )


def _tested(judge: Judge, found: Candidates) -> dict[str, Any]:
    """Figures on series that neither the trees nor the operating point ever saw."""
    return figures(found, logits(judge, found), pivot=judge.pivot)


def _origin(known: Candidates) -> str:
    used = int(np.count_nonzero(known.label != NEITHER))
    return (
        f"Boosted trees fitted to {used} candidates in {len(known.windows)} windows of clean "
        "footage, undamaged and with made-up dirt, moving things and rain; on series not fitted to "
        f"the pivot marked {PIVOT_PPM:g} px per million of the undamaged frames. See {CARD}."
    )
