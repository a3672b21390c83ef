"""MatteWriter: mattes as a sequence of their own."""

from __future__ import annotations

from filmrestore_core.framerange import FrameRange
from filmrestore_core.matte import Matte
from filmrestore_core.media.image_file import write_new
from filmrestore_core.media.matte_clip import DisplayWindows
from filmrestore_core.media.matte_frame import matte_to_frame
from filmrestore_core.media.output_sequence import OutputSequence
from filmrestore_core.media.writer import Extra, NumberedWriter, Written

MATTE_EXTENSIONS = (".exr", ".png", ".tif", ".tiff")


class MatteWriter(NumberedWriter):
    """Mattes into numbered image files: EXR half, PNG or TIFF by the name's end."""

    def __init__(
        self,
        output: OutputSequence,
        numbers: FrameRange,
        *,
        display_windows: DisplayWindows | None = None,
        bits: int = 16,
    ) -> None:
        """Write to an output.

        Args:
            output: the files, opened; closed with this writer.
            numbers: the frames that are to be written.
            display_windows: of the pictures, for EXR; a matte's own box where None.
            bits: of PNG and TIFF, 8 or 16.
        """
        super().__init__(output, numbers)
        self._display_windows = display_windows
        self._bits = bits

    def write(self, matte: Matte, *, extra: Extra | None = None) -> Written:
        """Write one matte whole, or raise and leave nothing of it; an older one is replaced.

        Args:
            matte: may cover nothing; its file is written all the same.
            extra: JSON that `recorded` gives back.

        Raises:
            UnwritableFrameError: it did not come out.
        """
        extension = self._output.pattern.extension
        display = None
        if extension == ".exr" and self._display_windows is not None:
            display = self._display_windows(matte.number)
        frame = matte_to_frame(
            matte, extension=extension, display_window=display or matte.box, bits=self._bits
        )
        nbytes = self._output.place(
            matte.number,
            lambda temp: write_new(temp, frame),
            extra=lambda: extra(()) if callable(extra) else extra or {},
        )
        return Written(matte.number, self.path(matte.number), False, nbytes)
