"""A line that the picture shines through is lifted off; the picture's own detail and grain stay."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.density import DensityScale
from filmrestore_core.inpaint.lifted import LIFTED, lift_lines
from filmrestore_core.inpaint.routing import may_lift
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.plate import Plate
from filmrestore_core.settings import RepairSettings

HEIGHT, WIDTH, LINE, WIDE = 240, 96, 40, 4
Picture = NDArray[np.float32]
SPATIAL = FILL_METHODS.index("spatial")


def picture(channels: int = 1, span: float = 1.0) -> Picture:
    """A soft scene with strokes across the line, and grain; `span` of a display's contrast."""
    rng = np.random.default_rng(1)
    soft = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), 8)
    plane = 0.5 + 0.15 * soft / soft.std()
    for row in range(20, HEIGHT, 35):
        plane[row : row + 2, 20:70] *= 0.6
    planes = plane[..., None] * np.linspace(0.8, 1.0, channels)
    noise = 0.02 * rng.standard_normal((HEIGHT, WIDTH, channels))
    return np.clip(0.5 + span * (planes + noise - 0.5), 0.1, 0.9).astype(np.float32)


def line(depth: float) -> NDArray[np.float32]:
    """(HEIGHT, WIDTH, 1) density of a line of four pixels that leans a little."""
    columns = LINE + 0.01 * np.arange(HEIGHT)
    apart = np.abs(np.arange(WIDTH)[None, :] - columns[:, None])
    shape = np.clip((WIDE + 1) / 2 - apart, 0, 1)
    return np.asarray(depth * shape[..., None], np.float32)


def matte_of(inside: NDArray[np.bool_], kind: DamageClass = DamageClass.SCRATCH) -> Matte:
    labels = np.where(inside, kind.label, 0).astype(np.uint8)
    return Matte(1, inside.astype(np.float32), labels, Box.of_size(WIDTH, HEIGHT))


def covering(depth: float = 1.0) -> NDArray[np.bool_]:
    brush = np.ones((3, 3), np.uint8)
    return cv2.dilate((line(depth)[..., 0] > 0).astype(np.uint8), brush).astype(np.bool_)


def plate(pixels: Picture) -> Plate:
    box = Box.of_size(WIDTH, HEIGHT)
    return Plate(1, pixels.copy(), box, np.ones((HEIGHT, WIDTH), np.bool_))


def soft_fill(clean: Picture, inside: NDArray[np.bool_], seen: Picture) -> Fill:
    """A fill without the picture's detail, as from the surroundings."""
    blurred = cv2.GaussianBlur(clean, (0, 0), 5).reshape(clean.shape)
    pixels = np.where(inside[..., None], blurred, seen).astype(np.float32)
    methods = np.where(inside, np.uint8(SPATIAL), np.uint8(0))
    nothing = np.zeros(inside.shape, np.float32)
    return Fill(pixels, inside, nothing, methods=methods, detail_lost=inside.astype(np.float32))


def rms(one: Picture, other: Picture, where: NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean((one - other)[where] ** 2)))


@pytest.mark.parametrize("name", ["srgb", "cineon", "linear"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("depth", [-0.35, 0.25])
def test_the_picture_comes_back(name: str, channels: int, depth: float) -> None:
    encoding, inside = find_encoding(name), covering()
    scale = DensityScale.of(encoding)
    # The same scene takes less of a curve that holds more stops.
    clean = picture(channels, span=1.0 if scale.step is None else 2 * scale.step)
    seen = scale.picture(scale.density(clean) + line(depth))
    fill = soft_fill(clean, inside, seen)
    lifted = lift_lines(plate(seen), matte_of(inside), fill, encoding)
    here = inside & (lifted.methods == LIFTED)
    assert here.sum() > 0.85 * inside.sum()
    # The fill lacks grain and strokes, which stay here; under a dark line grain weighs more.
    assert rms(lifted.pixels, clean, inside) < 0.6 * rms(fill.pixels, clean, inside)
    assert rms(lifted.pixels, clean, inside) < 0.4 * rms(seen, clean, inside)
    assert np.array_equal(lifted.pixels[~inside], fill.pixels[~inside])
    assert np.array_equal(lifted.filled, fill.filled)
    assert lifted.grain_kept[here].min() >= 0.5
    assert lifted.detail_lost is not None
    assert lifted.detail_lost[here].max() <= 0.5


def test_a_line_that_hides_the_picture_is_left_to_the_fill() -> None:
    clean, inside = picture(), covering()
    seen = clean.copy()
    opaque = line(1.0)[..., 0] > 0.5
    seen[opaque] = 0.03
    fill = soft_fill(clean, inside, seen)
    lifted = lift_lines(plate(seen), matte_of(inside), fill, find_encoding("srgb"))
    assert np.array_equal(lifted.pixels[opaque], fill.pixels[opaque])


def test_what_white_has_cut_off_is_left_to_the_fill() -> None:
    clean, inside = picture(), covering()
    # White lies where a tenth of the line reaches it.
    seen = np.minimum((clean + 0.02) * np.exp(line(0.5)) - 0.02, 0.7).astype(
        np.float32
    ) / np.float32(0.7)
    cut = inside & (seen[..., 0] >= 1.0)
    assert cut.sum() > 20
    fill = soft_fill(clean, inside, seen)
    lifted = lift_lines(plate(seen), matte_of(inside), fill, find_encoding("srgb"))
    np.testing.assert_allclose(lifted.pixels[cut], fill.pixels[cut], atol=0.05)


def test_a_speck_on_the_line_is_left_to_the_fill() -> None:
    clean, inside = picture(), covering()
    seen = ((clean + 0.02) * np.exp(line(-0.3)) - 0.02).astype(np.float32)
    speck = np.zeros_like(inside)
    speck[100:106, LINE - 2 : LINE + 4] = True
    seen[speck] = 0.05
    fill = soft_fill(clean, inside | speck, seen)
    lifted = lift_lines(plate(seen), matte_of(inside | speck), fill, find_encoding("srgb"))
    np.testing.assert_allclose(lifted.pixels[speck], fill.pixels[speck], atol=1e-6)
    away = inside & ~cv2.dilate(speck.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    assert rms(lifted.pixels, clean, away) < 0.5 * rms(fill.pixels, clean, away)


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param((slice(20, 60), slice(38, 43)), id="short"),
        pytest.param((slice(0, HEIGHT), slice(30, 50)), id="wide"),
    ],
)
def test_what_is_no_running_line_is_left_alone(piece: tuple[slice, slice]) -> None:
    clean, inside = picture(), np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[piece] = True
    fill = soft_fill(clean, inside, clean)
    lifted = lift_lines(plate(clean), matte_of(inside), fill, find_encoding("srgb"))
    assert lifted is fill


@pytest.mark.parametrize("kind", [k for k in DamageClass if k is not DamageClass.SCRATCH])
def test_other_damage_is_left_alone(kind: DamageClass) -> None:
    clean, inside = picture(), covering()
    fill = soft_fill(clean, inside, clean)
    assert lift_lines(plate(clean), matte_of(inside, kind), fill, find_encoding("srgb")) is fill


def test_what_was_drawn_stays_drawn() -> None:
    clean, inside = picture(), covering()
    seen = ((clean + 0.02) * np.exp(line(-0.3)) - 0.02).astype(np.float32)
    fill = soft_fill(clean, inside, seen)
    assert lift_lines(plate(seen), matte_of(inside), fill, find_encoding("srgb")) is not fill
    drawn = np.where(inside, np.uint8(FILL_METHODS.index("diffusion")), np.uint8(0))
    fill = replace(fill, methods=drawn)
    assert lift_lines(plate(seen), matte_of(inside), fill, find_encoding("srgb")) is fill


def test_at_the_pictures_border_nothing_breaks() -> None:
    clean = picture()
    for columns in (slice(0, 5), slice(WIDTH - 4, WIDTH)):
        inside = np.zeros((HEIGHT, WIDTH), np.bool_)
        inside[:, columns] = True
        seen = clean.copy()
        seen[:, columns] *= 0.8
        fill = soft_fill(clean, inside, seen)
        lifted = lift_lines(plate(seen), matte_of(inside), fill, find_encoding("srgb"))
        assert np.isfinite(lifted.pixels).all()
        assert rms(lifted.pixels, clean, inside) < 1.5 * rms(fill.pixels, clean, inside)


def test_who_says_how_scratches_are_repaired_is_obeyed() -> None:
    assert may_lift(RepairSettings())
    assert may_lift(RepairSettings(method="classical"))
    for settings in (
        RepairSettings(method="temporal"),
        RepairSettings(method="spatial"),
        RepairSettings(method="diffusion"),
        RepairSettings(scratch="net"),
        RepairSettings(scratch="diffusion"),
    ):
        assert not may_lift(settings)
