"""Boosted trees: fitted with scikit-learn, turned into the Judge that a render reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import MissingExtraError, SettingsError
from filmrestore_core.learning.judge.candidates import DAMAGE, NEITHER, PICTURE, Candidates
from filmrestore_core.segment.judge import Judge

# More of these can only speak against damage ...
_AGAINST = frozenset(
    {
        *("ring_first", "ring_second", "ring_excess", "ring_gap", "spread", "inside_gap"),
        *("seen_max", "seen_min", "raw_explained", "flow_spread", "frame_misfit", "alike"),
    }
)
# ... and more of these only for it.
_FOR = frozenset(
    {
        *("log_peak", "log_contrast", "log_local_contrast", "own_contrast", "beyond_far"),
        *("net_mean", "net_max"),
        *("trees", "look", "others_4", "others_6", "alike_4", "alike_6"),
    }
)
# Stands for what is infinite or no number: the reader sends both to the right of any threshold.
_BEYOND = 1e6


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """How trees are grown.

    Attributes:
        trees: how many.
        leaves: most leaves of a tree.
        rate: share of each tree that counts.
        least: fewest candidates in a leaf.
        shrink: L2 penalty on leaves.
        bins: between how many classes of a measurement a threshold is looked for, at most 255.
    """

    trees: int = 160
    leaves: int = 6
    rate: float = 0.08
    least: int = 30
    shrink: float = 1.0
    bins: int = 128


def require_library() -> str:
    """The version of scikit-learn.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import sklearn
    except ImportError as error:
        raise MissingExtraError(
            "Learning needs scikit-learn, which is not installed.",
            hint="pip install 'filmrestore[train]'",
        ) from error
    return str(sklearn.__version__)


def fit_judge(
    found: Candidates, settings: TreeSettings, *, seed: int, by_area: bool = True
) -> Judge:
    """Trees that tell damage from picture; pivot 0 and slope 1 are still to be chosen.

    Friedman, "Greedy function approximation: a gradient boosting machine", 2001.

    Args:
        found: candidates; those that are NEITHER do not count.
        settings: how trees are grown.
        seed: of what little is random in it.
        by_area: a candidate of picture weighs as much as the pixels it would cost, and damage as a
            whole as much as picture; else each weighs the same.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        SettingsError: there is no damage or no picture among the candidates.
    """
    require_library()
    from sklearn.ensemble import HistGradientBoostingClassifier

    used = found.label != NEITHER
    if not (np.any(found.label == DAMAGE) and np.any(found.label == PICTURE)):
        raise SettingsError(
            "There are too few examples to learn from.", hint="give more clips or larger frames"
        )
    model = HistGradientBoostingClassifier(
        max_iter=settings.trees,
        max_leaf_nodes=settings.leaves,
        learning_rate=settings.rate,
        l2_regularization=settings.shrink,
        min_samples_leaf=settings.least,
        max_bins=settings.bins,
        monotonic_cst=[-1 if c in _AGAINST else 1 if c in _FOR else 0 for c in found.names],
        early_stopping=False,
        random_state=seed % (1 << 32),
    )
    with _one_thread():
        model.fit(
            _finite(found.columns[used]),
            found.label[used],
            sample_weight=_weights(found) if by_area else None,
        )
    return judge_of(model, found.names)


def judge_of(model: Any, names: tuple[str, ...]) -> Judge:
    """The judge whose logit is a fitted classifier's decision function; pivot 0, slope 1.

    scikit-learn gives its trees away only through names with an underscore.

    Args:
        model: a HistGradientBoostingClassifier of two classes.
        names: of its columns.
    """
    grown = [predictor.nodes for (predictor,) in model._predictors]
    nodes = np.concatenate(grown)
    roots = np.cumsum([0, *(len(tree) for tree in grown[:-1])]).astype(np.intp)
    start = np.repeat(roots, [len(tree) for tree in grown])
    leaf = nodes["is_leaf"].astype(np.bool_)
    # Seven digits are more than a leaf's value means, and keep the file small.
    value = [float(f"{v:.7g}") for v in nodes["value"]]
    return Judge(
        features=names,
        base=float(np.ravel(model._baseline_prediction)[0]),
        pivot=0.0,
        slope=1.0,
        roots=roots,
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.intp),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, 0, start + nodes["left"]).astype(np.intp),
        right=np.where(leaf, 0, start + nodes["right"]).astype(np.intp),
        value=np.where(leaf, value, 0.0),
        depth=int(nodes["depth"].max()),
    )


def logits(judge: Judge, found: Candidates) -> NDArray[np.float64]:
    """(N,) what the judge says of each candidate."""
    return judge.logit(_finite(found.columns), found.names)


def grown_area(area: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pixels that a mark of so many takes in a matte, with the rim that is put around it."""
    return np.asarray((np.sqrt(area) + 4.0) ** 2)


def write_judge(judge: Judge, origin: str, path: Path) -> None:
    """Write the file that `segment.judge` reads; equal judges give equal bytes."""
    document = {
        "origin": origin,
        "features": list(judge.features),
        "base": judge.base,
        "pivot": judge.pivot,
        "slope": judge.slope,
        "depth": judge.depth,
        **({"look": judge.look} if judge.look else {}),
        **({"lift": judge.lift} if np.isfinite(judge.lift) else {}),
        "roots": judge.roots.tolist(),
        "nodes": {
            "feature": judge.feature.tolist(),
            "threshold": judge.threshold.tolist(),
            "left": judge.left.tolist(),
            "right": judge.right.tolist(),
            "value": judge.value.tolist(),
        },
    }
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


def _weights(found: Candidates) -> NDArray[np.float64]:
    """(M,) weight of each candidate that counts."""
    used = found.label != NEITHER
    label, area = found.label[used], found.area[used]
    weight = np.where(label == PICTURE, grown_area(area) / 50.0, 1.0)
    damage = label == DAMAGE
    weight[damage] *= weight[~damage].sum() / damage.sum()
    return np.asarray(weight, np.float64)


def _finite(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(columns, nan=_BEYOND, posinf=_BEYOND, neginf=-_BEYOND)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order on any machine; scikit-learn brings threadpoolctl along."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
