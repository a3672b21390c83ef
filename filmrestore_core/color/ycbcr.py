"""Y'CbCr code values <-> R'G'B', the way Rec. ITU-T H.273 writes it down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import EncodingError
from filmrestore_core.frame import Part

Floats = NDArray[np.float64]

# Kr and Kb by the names of H.273, table 4.
_WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
    # Constant luminance differs, but any matrix that can be undone serves the working picture.
    "bt2020c": (0.2627, 0.0593),
}
_UNTAGGED = frozenset({"", "unspecified", "unknown", "reserved"})
# Pictures with fewer lines are taken as standard definition where no matrix is given.
_HD_LINES = 720


def matrix_name(part: Part) -> str:
    """The matrix in force: the file's, else BT.601 under 720 lines and BT.709 from there on.

    Raises:
        EncodingError: the file names a matrix that is none of Cb and Cr (YCgCo, ICtCp, XYZ).
    """
    name = str(part.attributes.get("movie:matrix", "")).casefold()
    if name in _UNTAGGED:
        return "bt709" if part.data_window.height >= _HD_LINES else "smpte170m"
    if name not in _WEIGHTS:
        raise EncodingError(
            f"The movie's color matrix is '{name}'; one of {', '.join(_WEIGHTS)} would be right."
        )
    return name


def is_full_range(part: Part) -> bool:
    """True where black is code 0 ("pc"); untagged Y'CbCr counts as video range ("tv")."""
    full = str(part.attributes.get("movie:range", "")).casefold() in {"pc", "full", "jpeg"}
    return full or "yuvj" in str(part.attributes.get("movie:pix_fmt", "")).casefold()


@dataclass(frozen=True, slots=True)
class Levels:
    """How one channel's codes go with its signal: signal = (code - zero) / span.

    Attributes:
        zero: the code of black, or of no color.
        span: codes from black to white, or from Cb (Cr) -0.5 to 0.5.
        lowest: smallest code a fill may take.
        highest: largest code a fill may take.
    """

    zero: float
    span: float
    lowest: float
    highest: float


def levels(bits: int, *, full_range: bool, chroma: bool) -> Levels:
    """Levels of a Y, Cb or Cr channel (H.273 equations 20 to 33).

    In video range, fills may be blacker than black and whiter than white, but leave out the codes
    that BT.601 and BT.709 keep for synchronization (10 bits: 0 to 3 and 1020 to 1023).
    """
    step = 2.0 ** (bits - 8)
    top = float((1 << bits) - 1)
    if full_range:
        return Levels(2.0 ** (bits - 1) if chroma else 0.0, top, 0.0, top)
    zero, span = (128.0, 224.0) if chroma else (16.0, 219.0)
    return Levels(zero * step, span * step, step, 255.0 * step - 1.0)


@dataclass(frozen=True, slots=True)
class Matrix:
    """R'G'B' <-> Y'CbCr for one pair of weights; Y' 0..1, Cb and Cr -0.5..0.5.

    Attributes:
        kr: weight of red in Y'.
        kb: weight of blue in Y'.
    """

    kr: float
    kb: float

    @classmethod
    def of(cls, part: Part) -> Matrix:
        """The matrix of a movie's frame.

        Raises:
            EncodingError: see `matrix_name`.
        """
        return cls(*_WEIGHTS[matrix_name(part)])

    def chroma_terms(
        self, cb: NDArray[np.float32], cr: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """What Cb and Cr add to Y' to give R', G' and B'; arrays of any one shape, float32."""
        kr, kb = self.kr, self.kb
        kg = 1.0 - kr - kb
        red = cr * np.float32(2.0 * (1.0 - kr))
        blue = cb * np.float32(2.0 * (1.0 - kb))
        green = red * np.float32(-kr / kg) + blue * np.float32(-kb / kg)
        return red, green, blue

    def from_rgb(self, rgb: Floats) -> tuple[Floats, Floats, Floats]:
        """Y', Cb and Cr, each (N,) float64, of (N, 3) float64 R'G'B'."""
        red, green, blue = rgb[:, 0], rgb[:, 1], rgb[:, 2]
        y = self.kr * red + (1.0 - self.kr - self.kb) * green + self.kb * blue
        return y, (blue - y) / (2.0 * (1.0 - self.kb)), (red - y) / (2.0 * (1.0 - self.kr))
