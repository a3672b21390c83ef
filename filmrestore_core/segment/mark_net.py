"""ExportedMarkNet: what a net says of marks by how they look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import ModelContractError
from filmrestore_core.models.card import Task
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.mark_crops import CROP_PLANES, PLANES_NAME, SIDE, crops_of
from filmrestore_core.segment.mark_measure import MeasuredMarks
from filmrestore_core.temporal.window import AlignedWindow

# So many crops are shown at a time: some 13 MB.
_AT_ONCE = 64


class ExportedMarkNet:
    """Judges marks with a net; the same net serves every thread."""

    def __init__(self, session: Session) -> None:
        """Name the net.

        Args:
            session: the net; its graph takes crops that lie side by side and gives each crop's
                logit on all of its pixels.

        Raises:
            ModelContractError: the net judges no marks, or sees crops that are not known.
        """
        card = session.card
        if card.task is not Task.JUDGE or card.planes != PLANES_NAME:
            raise ModelContractError(
                f"{card.name} is a net for '{card.task.value}' with planes '{card.planes}'; one "
                f"that judges marks is for 'judge' with {PLANES_NAME}."
            )
        self._session = session

    def logits(
        self,
        window: AlignedWindow,
        highest: NDArray[np.float32],
        marks: MeasuredMarks,
        chosen: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """(M,) logits of damage.

        Args:
            window: the frame with its aligned neighbours.
            highest: (H, W) float32 0..1, the detector net's score.
            marks: of the frame.
            chosen: (M,) which of them.

        Raises:
            DeviceError: the device failed.
        """
        crops = crops_of(window, highest, marks, chosen)
        found = np.zeros(len(chosen))
        for first in range(0, len(crops), _AT_ONCE):
            part = crops[first : first + _AT_ONCE]
            beside = np.moveaxis(part, 0, 2).reshape(2 * len(CROP_PLANES), SIDE, -1)
            found[first : first + _AT_ONCE] = self._session.run(beside)[0, 0, ::SIDE]
        return found
