"""LibraryShapes: shapes of damage taken from a folder of pictures."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.synth.shapes import ProceduralShapes

# Which folders serve which kind of damage.
SPECKS = ("dots", "smut", "spots", "sprinkles", "dirt")
HAIRS = ("hair", "hair-short", "lint")
STAINS = ("stain",)
# A speck picture is a field of many; pieces of fewer pixels say nothing of their outline.
_SMALLEST_PIECE = 20
# One file in five is kept apart; this many draws all but always find one of either side.
_MOST_DRAWS = 60


class LibraryPart(StrEnum):
    """Which pictures of a library are used; train and validation share none, nor its copies."""

    ALL = "all"
    TRAIN = "train"
    VALIDATION = "validation"


class LibraryShapes:
    """Shapes from `folder/<kind>/*.png`, 8-bit grey, value = opacity; the rest by rule.

    Kinds that are used: dots, smut, spots, sprinkles, dirt (specks, cut into pieces), hair,
    hair-short, lint, stain. Kinds are drawn evenly, not files, for some have thousands of one look.
    """

    def __init__(
        self, folder: str | Path, *, share: float = 0.7, part: LibraryPart = LibraryPart.ALL
    ) -> None:
        """Lists the folder.

        Args:
            folder: where the kinds lie.
            share: probability that a shape comes from the folder, not from a rule.
            part: which of the pictures to use.

        Raises:
            SettingsError: no picture is found.
        """
        self._folder = Path(folder)
        self._share = share
        self._part = part
        self._rule = ProceduralShapes()
        self._files: dict[str, list[Path]] = {}
        for kind in (*SPECKS, *HAIRS, *STAINS):
            files = sorted((self._folder / kind).glob("*.png"))
            if files:
                self._files[kind] = files
        if not self._files:
            raise SettingsError(
                f"'{self._folder}' holds no damage shapes.",
                hint=f"folders of PNG named {', '.join((*SPECKS, *HAIRS, *STAINS))}",
            )

    def speck(self, rng: np.random.Generator, area: float) -> NDArray[np.float32]:
        """A piece of a speck picture, turned and brought to about `area` px."""
        picture = self._pick(rng, SPECKS)
        if picture is None:
            return self._rule.speck(rng, area)
        return _to_area(rng, _piece(rng, picture), area)

    def hair(self, rng: np.random.Generator, length: float, width: float) -> NDArray[np.float32]:
        """A fibre picture brought to `length`; its own width goes with it, down to half a px."""
        picture = self._pick(rng, HAIRS)
        if picture is None:
            return self._rule.hair(rng, length, width)
        rows, columns = np.nonzero(picture > 0.25)
        span = max(int(np.ptp(rows)), int(np.ptp(columns)), 1)
        # The long side of a fibre's box is about two thirds of its length.
        return _scaled(rng, picture, float(0.67 * length / span), width)

    def stain(self, rng: np.random.Generator, area: float) -> NDArray[np.float32]:
        """A stain picture, turned and brought to about `area` px."""
        picture = self._pick(rng, STAINS)
        if picture is None:
            return self._rule.stain(rng, area)
        return _to_area(rng, picture, area)

    def _pick(self, rng: np.random.Generator, kinds: tuple[str, ...]) -> NDArray[np.float32] | None:
        """One picture of the kinds there are; None when it is the rule's turn."""
        here = [kind for kind in kinds if kind in self._files]
        if not here or rng.random() >= self._share:
            return None
        files = self._files[here[int(rng.integers(len(here)))]]
        for _ in range(_MOST_DRAWS):
            picture, apart = _read(files[int(rng.integers(len(files)))])
            if self._part is LibraryPart.ALL or apart == (self._part is LibraryPart.VALIDATION):
                return picture
        return None


@lru_cache(maxsize=512)
def _read(path: Path) -> tuple[NDArray[np.float32], bool]:
    """The picture without its empty border, and whether it is kept apart for validation.

    Kept apart is what has a sum of values divisible by five: copies that are turned by right
    angles or mirrored have equal sums, so that no shape is on both sides.
    """
    import cv2

    # imdecode takes paths of any alphabet on any system; imread does not.
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise UnreadableFrameError(f"Damage shape '{path}' is no readable PNG.", path=path)
    apart = int(picture.sum(dtype=np.int64)) % 5 == 0
    return _trimmed(np.asarray(picture / 255, np.float32)), apart


def _trimmed(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = np.nonzero(picture > 0.02)
    if rows.size == 0:
        return np.zeros((1, 1), np.float32)
    return np.ascontiguousarray(
        picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    )


def _piece(rng: np.random.Generator, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """One connected piece, larger ones more often."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (picture > 0.1).astype(np.uint8), connectivity=8
    )
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[areas < _SMALLEST_PIECE] = 0
    if count < 2 or areas.sum() == 0:
        return picture
    chosen = 1 + int(rng.choice(count - 1, p=np.sqrt(areas) / np.sqrt(areas).sum()))
    x, y, w, h = (int(n) for n in stats[chosen, :4])
    inside = labels[y : y + h, x : x + w] == chosen
    return np.asarray(picture[y : y + h, x : x + w] * inside, np.float32)


def _to_area(
    rng: np.random.Generator, picture: NDArray[np.float32], area: float
) -> NDArray[np.float32]:
    own = max(1.0, float(picture.sum()))
    return _scaled(rng, picture, float(np.sqrt(area / own)), None)


def _scaled(
    rng: np.random.Generator,
    picture: NDArray[np.float32],
    scale: float,
    width: float | None,
) -> NDArray[np.float32]:
    """Turned, mirrored, scaled; thin lines keep their opacity when `width` px are asked for."""
    import cv2

    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    h, w = picture.shape
    angle = rng.uniform(0, 360)
    side = int(np.ceil(np.hypot(h, w))) + 4
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
    turn = turn + np.array([[0, 0, (side - w) / 2], [0, 0, (side - h) / 2]])
    turned = cv2.warpAffine(np.ascontiguousarray(picture), turn, (side, side))
    turned = _trimmed(np.asarray(turned, np.float32))
    if scale < 1 and width is not None:
        # Reduction thins a line below a pixel; thicken it first to what was asked for.
        own = 2.5
        grow = round(max(0.0, width / scale - own) / 2)
        if grow > 0:
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
            turned = np.asarray(cv2.dilate(np.pad(turned, grow), disc), np.float32)
    # A random fraction of a pixel, so that the grid is not always at the same place.
    phase = rng.uniform(0, 1, 2) / max(scale, 1e-3)
    # Three pixels of room for the softening.
    room = int(np.ceil(3 / max(scale, 1e-3)))
    before, after = np.ceil(phase).astype(int) + room, room
    turned = np.pad(turned, ((before[0], after), (before[1], after)))
    rows = max(1, round(turned.shape[0] * scale))
    columns = max(1, round(turned.shape[1] * scale))
    flag = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(turned, (columns, rows), interpolation=flag)
    soft = cv2.GaussianBlur(resized, (0, 0), 0.35 + 0.3 * float(rng.random()))
    return np.asarray(np.clip(soft, 0, 1), np.float32)
