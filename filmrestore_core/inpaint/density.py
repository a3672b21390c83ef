"""DensityScale: code values as density, where damage and picture add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding, EncodingKind

Plane = NDArray[np.float32]

# Stray light, code values: keeps the density of black finite (as in synth.density).
_FLARE = 0.02
# Code values of a log picture for a factor e in light: 0.4343 of density at 0.002 a code of 1023
# (SMPTE ST 268, Cineon printing density).
_LOG = 0.4343 / 0.002 / 1023
# The same for ACEScct: one stop is 1 / 17.52 (Academy S-2016-001).
_CCT = 1.4427 / 17.52


@dataclass(frozen=True, slots=True)
class DensityScale:
    """How working values become density, in natural logarithms of light or near it.

    A step of 1 is a factor e of a display's code values, a little more of light.

    Attributes:
        step: working values for 1, where they are logarithms already; None for a display's.
    """

    step: float | None

    @classmethod
    def of(cls, encoding: Encoding) -> DensityScale:
        """That of an encoding's working values."""
        if encoding.is_linear:
            return cls(_CCT)
        return cls(_LOG if encoding.kind is EncodingKind.LOG else None)

    def density(self, values: Plane) -> Plane:
        """Working values -> logarithms."""
        if self.step is not None:
            return np.asarray(values / np.float32(self.step), np.float32)
        return np.asarray(np.log(np.maximum(values, 0) + np.float32(_FLARE)), np.float32)

    def picture(self, density: Plane) -> Plane:
        """Logarithms -> working values."""
        if self.step is not None:
            return np.asarray(density * np.float32(self.step), np.float32)
        return np.asarray(np.exp(density) - np.float32(_FLARE), np.float32)

    def is_cut(
        self, values: Plane, added: Plane, *, floor: float, ceiling: float
    ) -> NDArray[np.bool_]:
        """Where a display's white or black may have cut off what was there.

        Args:
            values: (..., C) working values of the damaged picture.
            added: (..., C) what the damage added, logarithms; no more than a tenth never matters.
            floor: values up to this may be cut off.
            ceiling: values from this on may be.
        """
        if self.step is not None:
            return np.zeros(values.shape, np.bool_)
        return np.asarray(
            ((values >= ceiling) & (added > 0.1)) | ((values <= floor) & (added < -0.1)), np.bool_
        )
