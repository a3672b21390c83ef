"""Transfer curves: code value 0..1 of an encoding <-> linear light, one pair per curve.

All functions take any array-like of any shape and give float64 of the same shape. NaN stays NaN;
infinities never raise. 1.0 is the largest code (1023 of 1023) on the code side and diffuse white
(or the display's white) on the linear side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
CurveFunction = Callable[[ArrayLike], Floats]


@dataclass(frozen=True, slots=True)
class Curve:
    """A transfer curve as a pair of functions.

    Attributes:
        name: how it is called.
        decode: code value 0..1 -> linear light.
        encode: linear light -> code value 0..1.
    """

    name: str
    decode: CurveFunction
    encode: CurveFunction


def _float64(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def srgb_encode(linear: ArrayLike) -> Floats:
    """Display-linear -> sRGB code value (IEC 61966-2-1:1999).

    12.92 x up to 0.0031308, 1.055 x^(1/2.4) - 0.055 above; 0..1 -> 0..1, goes on above 1, and
    negative values are mirrored, as in IEC 61966-2-4.
    """
    x = _float64(linear)
    size = np.abs(x)
    with np.errstate(invalid="ignore"):
        code = np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    return np.copysign(code, x)


def srgb_decode(code: ArrayLike) -> Floats:
    """SRGB code value -> display-linear, the inverse of `srgb_encode`."""
    v = _float64(code)
    size = np.abs(v)
    with np.errstate(over="ignore", invalid="ignore"):
        linear = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.copysign(linear, v)


def gamma_curve(exponent: float, name: str) -> Curve:
    """A pure power law, code^exponent = light; negative values are mirrored, 0..1 -> 0..1.

    With 2.4 this is ITU-R BT.1886 (2011) for a display whose black is zero.
    """

    def decode(code: ArrayLike) -> Floats:
        v = _float64(code)
        with np.errstate(over="ignore"):
            return np.copysign(np.abs(v) ** exponent, v)

    def encode(linear: ArrayLike) -> Floats:
        x = _float64(linear)
        return np.copysign(np.abs(x) ** (1.0 / exponent), x)

    return Curve(name, decode, encode)


# Kodak's 10-bit scan: 0.002 density per code, negative gamma 0.6, so 300 codes per decade.
CINEON_BLACK = 95.0
CINEON_WHITE = 685.0
_CINEON_CODES_PER_DECADE = 0.6 / 0.002
_CINEON_OFFSET = 10.0 ** ((CINEON_BLACK - CINEON_WHITE) / _CINEON_CODES_PER_DECADE)


def cineon_decode(code: ArrayLike) -> Floats:
    """Cineon / printing-density code value -> scene-linear, 1.0 at reference white.

    (10^((1023 v - 685) 0.002 / 0.6) - o) / (1 - o) with o chosen so that code 95 is 0. Kodak,
    "Conversion of 10-bit Log Film Data To 8-bit Linear or Video Data", 1995. Domain: all; code
    1023 gives 13.53, code 0 gives -0.0057.
    """
    v = _float64(code)
    with np.errstate(over="ignore"):
        light: Floats = 10.0 ** ((1023.0 * v - CINEON_WHITE) / _CINEON_CODES_PER_DECADE)
    linear: Floats = (light - _CINEON_OFFSET) / (1.0 - _CINEON_OFFSET)
    return linear


def cineon_encode(linear: ArrayLike) -> Floats:
    """Scene-linear -> Cineon code value, the inverse of `cineon_decode` from code 0 upward.

    What is darker than code 0 (-0.0057) has no code and gives 0.
    """
    x = _float64(linear)
    floor = 10.0 ** (-CINEON_WHITE / _CINEON_CODES_PER_DECADE)
    light = np.maximum(x * (1.0 - _CINEON_OFFSET) + _CINEON_OFFSET, floor)
    code: Floats = (CINEON_WHITE + _CINEON_CODES_PER_DECADE * np.log10(light)) / 1023.0
    return code


_CCT_BREAK = 0.0078125
_CCT_SLOPE = 10.5402377416545
_CCT_BLACK = 0.0729055341958355
_CCT_CODE_BREAK = _CCT_SLOPE * _CCT_BREAK + _CCT_BLACK


def acescct_encode(linear: ArrayLike) -> Floats:
    """Scene-linear (AP1) -> ACEScct (Academy S-2016-001).

    (log2 x + 9.72) / 17.52 above 2^-7, a straight line below; 0 -> 0.0729, 0.18 -> 0.4136,
    65504 -> 1.468. Domain: all.
    """
    x = _float64(linear)
    log = (np.log2(np.maximum(x, _CCT_BREAK)) + 9.72) / 17.52
    return np.where(x > _CCT_BREAK, log, _CCT_SLOPE * x + _CCT_BLACK)


def acescct_decode(code: ArrayLike) -> Floats:
    """ACEScct -> scene-linear, the inverse of `acescct_encode` (not cut off at 65504)."""
    v = _float64(code)
    with np.errstate(over="ignore"):
        light = np.exp2(v * 17.52 - 9.72)
    return np.where(v > _CCT_CODE_BREAK, light, (v - _CCT_BLACK) / _CCT_SLOPE)


def acescc_encode(linear: ArrayLike) -> Floats:
    """Scene-linear (AP1) -> ACEScc (Academy S-2014-003).

    (log2 x + 9.72) / 17.52; below 2^-15 (log2(2^-16 + x / 2) + 9.72) / 17.52; zero and below
    give -0.3584.
    """
    x = _float64(linear)
    small = 2.0**-15
    light = np.where(x < small, 2.0**-16 + np.maximum(x, 0.0) * 0.5, np.maximum(x, small))
    return np.where(np.isnan(x), np.nan, (np.log2(light) + 9.72) / 17.52)


def acescc_decode(code: ArrayLike) -> Floats:
    """ACEScc -> scene-linear; codes below that of zero give small negative values."""
    v = _float64(code)
    with np.errstate(over="ignore"):
        light = np.exp2(v * 17.52 - 9.72)
    return np.where(v <= (9.72 - 15.0) / 17.52, (light - 2.0**-16) * 2.0, light)


def working_encode(linear: ArrayLike) -> Floats:
    """Scene-linear -> working value: ACEScct, mirrored about its value for zero.

    Equal to ACEScct from -2^-7 upward. Below, ACEScct would go on as a straight line and leave
    the range of float32; mirrored, -1e30 stays as tame as 1e30, and the inverse as exact.
    Domain: all finite; range for float32 input: -7.8 to 7.9.
    """
    x = _float64(linear)
    code = acescct_encode(np.abs(x))
    return np.where(x < 0, 2.0 * _CCT_BLACK - code, code)


def working_decode(code: ArrayLike) -> Floats:
    """Working value -> scene-linear, the inverse of `working_encode`."""
    v = _float64(code)
    light = acescct_decode(_CCT_BLACK + np.abs(v - _CCT_BLACK))
    return np.where(v < _CCT_BLACK, -light, light)


LINEAR = Curve("linear", _float64, _float64)
SRGB = Curve("sRGB", srgb_decode, srgb_encode)
BT1886 = gamma_curve(2.4, "BT.1886")
CINEON = Curve("Cineon", cineon_decode, cineon_encode)
ACESCCT = Curve("ACEScct", acescct_decode, acescct_encode)
ACESCC = Curve("ACEScc", acescc_decode, acescc_encode)
WORKING = Curve("working", working_decode, working_encode)
