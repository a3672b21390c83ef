"""From marks to the net that looks at them, the two judges of marks and their card."""

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
from filmrestore_core.learning.judge.candidates import NEITHER, Candidates
from filmrestore_core.learning.judge.card import versions
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
from filmrestore_core.segment.company import VERDICT_COLUMNS, company_columns, first_said
from filmrestore_core.segment.judge import Judge
from filmrestore_core.segment.mark_measure import faintness, wariness

# Falsely marked pixels per million of plain windows where a mark by itself would be taken; only
# what is looked at hangs on it.
PPM = 100.0
# The same at score 0.5 of undamaged windows with rain, sparks and the like.
HARD_PPM = 450.0
TREES = TreeSettings(trees=400, leaves=12, least=40, shrink=2.0)
# Of the second judge, which also sees a mark's company: few leaves, as it knows fewer frames than
# marks.
COMPANY_TREES = TreeSettings(trees=150, leaves=8, least=100, shrink=5.0)
# Most logits that company adds: a limb that is very unlikely damage stays so among damage. Where
# one side of time is missing most damage is unlikely by itself.
LIFT = {"both_sides": 3.5, "one_side": 8.0}
CARD = "judge_marks_card.json"
# A logit of the net counts as one of the trees; half as much and twice as much found less at 400 px
# per million, and it matters little.
LOOK = 1.0
# Windows of clips kept apart, at least.
_LEAST_APART = 4
# The logit of what is not taken.
_NEVER = -50.0


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
    """Train the net and fit all judges; writes judge_marks_*.json, judge_company_*.json, a card.

    How far the net counts beside the trees, what company says, and the operating point are chosen
    by what nets and trees say of series that they have not seen.

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
        alone, together, results[name] = fit_side(
            *without_looks(known), lift=LIFT[name], seed=plan.seed
        )
        for judge, kind in ((alone, "marks"), (together, "company")):
            path = out / f"judge_{kind}_{name}.json"
            write_judge(judge, _origin(known, plan), path)
            written.append(path)
    _write_card(out / CARD, plan, {**results, "look": net}, written)
    return results


def fit_side(
    known: Candidates, seen: NDArray[np.float64], *, lift: float, seed: int
) -> tuple[Judge, Judge, dict[str, Any]]:
    """The judge of a mark alone, the one that knows its company, and the figures of both together.

    Args:
        known: marks of windows of one kind.
        seen: (N,) logits of nets that had not seen their series.
        lift: most logits that company adds.
        seed: of what little is random in it.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        SettingsError: the data do not suffice.
    """
    wary = wariness(known.columns)
    trees = unseen_logits(known, TREES, seed=seed)
    alone = replace(fit_judge(known, TREES, seed=seed), look=LOOK)
    alone = with_operating_point(alone, known, trees + LOOK * seen - wary, ppm=PPM)
    said = first_said(known.columns, trees, LOOK * seen, wary)
    size = np.asarray([w.pixels / 1e6 for w in known.windows])
    told = company_columns(known.columns, trees, LOOK * seen, said, known.window, size)
    among = replace(known, columns=told, names=VERDICT_COLUMNS)
    unseen = unseen_logits(among, COMPANY_TREES, seed=seed, by_area=False) - wary
    unseen = unseen - faintness(known.columns)
    # What company cannot lift beyond the pivot is not taken wherever the pivot lies.
    unseen = np.where(said > alone.pivot - lift, unseen, _NEVER)
    together = replace(fit_judge(among, COMPANY_TREES, seed=seed, by_area=False), lift=lift)
    together = with_operating_point(together, among, unseen, ppm=HARD_PPM, hard=True)
    return alone, together, figures(among, unseen, pivot=together.pivot)


def _origin(known: Candidates, plan: MarkPlan) -> str:
    used = int(np.count_nonzero(known.label != NEITHER))
    return (
        f"Boosted trees fitted to {used} marks in {len(known.windows)} made-up windows, as "
        f"'{plan.net.name}' and the classical detector find them; on series not fitted to, "
        f"marks alone may mark {PPM:g} px per million of plain footage at the pivot, and with "
        f"their company {HARD_PPM:g} of undamaged hard footage. See {CARD}."
    )


def _write_card(path: Path, plan: MarkPlan, results: dict[str, Any], written: list[Path]) -> None:
    document = {
        "command": f"filmrestore train marks NET.onnx LOOKS.yaml --config CONFIG.yaml --data DATA "
        f"--out FOLDER --windows {plan.windows} --seed {plan.seed}",
        "net": {"file": plan.net.name, "sha256": sha256(plan.net.read_bytes()).hexdigest()},
        "apart": sorted(plan.apart),
        "ppm": {"alone, plain": PPM, "with company, hard": HARD_PPM},
        "trees": {"alone": asdict(TREES), "with company": asdict(COMPANY_TREES)},
        "lift": LIFT,
        "versions": versions(),
        "held_out": results,
        "sha256": {file.name: sha256(file.read_bytes()).hexdigest() for file in written},
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
