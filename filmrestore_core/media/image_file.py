"""One image file <-> Frame; the only module that imports OpenImageIO.

OpenImageIO answers failure with None or False and keeps the text aside, multiplies straight alpha
into the colors unless told not to, scales 10-bit codes up to 16, and rewrites headers; none of this
leaves here. DPX samples are not read by it at all, see `dpx_layout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from filmrestore_core.errors import (
    LockedFrameError,
    UnreadableFrameError,
)
from filmrestore_core.frame import AttributeValue, Frame, Part
from filmrestore_core.media import dpx, restored_file
from filmrestore_core.media.attributes import for_new_file
from filmrestore_core.media.byte_copy import copy_bytes
from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.dpx_frame import dpx_frame, dpx_part_header
from filmrestore_core.media.dpx_new import dpx_bytes
from filmrestore_core.media.exr_chunks import read_structure
from filmrestore_core.media.exr_edit import PartEdit
from filmrestore_core.media.exr_header import ExrPart
from filmrestore_core.media.exr_transplant import Planes
from filmrestore_core.media.frame_errors import reading, writing
from filmrestore_core.media.image_header import (
    ImageHeader,
    PartHeader,
    WriteNotes,
    exr_part_header,
)
from filmrestore_core.media.inspect_file import FORMATS as FORMATS
from filmrestore_core.media.inspect_file import (
    LARGEST_PICTURE_BYTES,
    disagreement,
    format_of,
    inspect_file,
)
from filmrestore_core.media.library_spec import (
    NEW_KINDS,
    TYPE_NAMES,
    new_kind,
    part_header,
    refuse_windows,
    stored_samples,
)
from filmrestore_core.media.png_chunks import PngFile, read_chunks
from filmrestore_core.media.scratch_file import scratch_file
from filmrestore_core.media.tiff_directory import read_directories

oiio.attribute("limits:imagesize_MB", LARGEST_PICTURE_BYTES >> 20)
oiio.attribute("limits:channels", 1024)
oiio.attribute("try_all_readers", 0)  # or a TIFF named .exr opens as TIFF

# Lines read at a time: whole chunks of every EXR compression, and little memory.
_BAND_LINES = 256


def read_image(path: Path, number: int) -> Frame:
    """Read one file in its stored formats.

    Args:
        path: the file; its extension says the format.
        number: frame number the Frame gets and errors name.

    Returns:
        The frame. Planes hold code values of `PixelFormat.bits` (a 10-bit file: 0 to 1023). A kind
        of file that cannot be edited exactly has `locked` set, and may have no parts. A DPX with
        further image elements has them as further parts, the first named "infrared".

    Raises:
        UnreadableFrameError: the file is missing, no plain file, damaged, cut short, too large, or
            not what its extension says.
    """
    with reading(path, number):
        facts = inspect_file(path)
        if not facts.readable:
            return Frame(number, (), path, facts.locked, facts.notes)
        if isinstance(facts.structure, dpx.DpxHeader):
            said = dpx_part_header(facts.structure, _dpx_metadata(path))
            return dpx_frame(path, number, facts.structure, said)
        with _Reader(path, facts.format) as reader:
            parts = tuple(reader.part(i, spec) for i, spec in enumerate(reader.specs()))
            locked = facts.locked or disagreement(facts, parts)
        return Frame(number, parts, path, locked, facts.notes)


def use_threads(count: int) -> None:
    """Let the library use so many threads for all files together; 0: one per core."""
    oiio.attribute("threads", count)
    oiio.attribute("exr_threads", count)


def probe_image(path: Path) -> ImageHeader:
    """Read what a file's header says; no samples.

    Raises:
        UnreadableFrameError: as for `read_image`, as far as the header shows it.
    """
    with reading(path, None):
        facts = inspect_file(path, header_only=True)
        parts: tuple[PartHeader, ...] = ()
        if isinstance(facts.structure, tuple) and not facts.readable:
            parts = tuple(exr_part_header(part) for part in facts.structure)
        elif isinstance(facts.structure, dpx.DpxHeader) and facts.readable:
            parts = (dpx_part_header(facts.structure, _dpx_metadata(path)),)
        elif facts.readable:
            with _Reader(path, facts.format) as reader:
                parts = tuple(part_header(s, facts.format) for s in reader.specs())
        return ImageHeader(path, facts.format, facts.nbytes, parts, facts.locked, facts.notes)


def write_restored(
    source: Path,
    frame: Frame,
    target: Path,
    *,
    original: Frame,
    keep_compression: bool = False,
    extra_channels: Mapping[str, NDArray[Any]] | None = None,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> WriteNotes:
    """Write a restored frame in the bytes of its source, and read it back.

    Headers, tags, untouched chunks, strips and words are the source's own bytes. With nothing
    changed and nothing to add the file is a byte copy.

    Args:
        source: the file `original` was read from.
        frame: the restored frame.
        target: file to write, of the source's format; made whole or not left behind.
        original: the frame as read.
        keep_compression: EXR stored with a lossy compression keeps it, so samples of touched
            chunks may change a little; otherwise such a part is stored with lossless ZIP.
        extra_channels: channel name -> (H, W) float16 or float32 to add to the picture's part;
            EXR only.
        attributes: name -> text to add to the header, where the format can take it.

    Returns:
        What the user should know.

    Raises:
        LockedFrameError: the source's kind cannot be edited exactly.
        UnwritableFrameError: the result could not be written whole, or reads back differently.
    """
    texts = {name: str(value) for name, value in (attributes or {}).items()}
    extra = dict(extra_channels or {})
    with writing(target, frame.number):
        if format_of(source) != format_of(target):
            raise ValueError(
                f"a frame read from a {source.suffix} file is written to one of the same kind"
            )
        if not extra and not texts and not restored_file.is_changed(frame, original):
            target.touch()
            copy_bytes(source, target)
            return WriteNotes()
        if original.locked:
            raise LockedFrameError(
                f"Frame {frame.number} cannot be edited exactly: {source} is a {original.locked}.",
                frame=frame.number,
                path=source,
                hint="it can be copied as it is",
            )
        made = restored_file.write(
            source,
            inspect_file(source),
            frame,
            original,
            target,
            keep_compression=keep_compression,
            extra_channels=extra,
            attributes=texts,
            codecs=restored_file.Codecs(_exr_rows, _lzw, _png),
        )
        _read_back(target, replace(frame, parts=made.parts), made.loose)
        return WriteNotes(made.notes, made.compression)


def write_new(path: Path, frame: Frame) -> WriteNotes:
    """Write a fresh file of a frame's parts, and read it back.

    EXR (half, float or uint32; ZIP), PNG (8 or 16 bits), TIFF (8, 10, 12, 16, 32 bits or float;
    deflate) or DPX (8 to 16 bits), by extension. Equal frames give equal bytes.

    Raises:
        UnwritableFrameError: the format cannot hold these samples, or the file did not come out.
    """
    with writing(path, frame.number):
        kind = format_of(path)
        if len(frame.parts) != 1 and (kind != "openexr" or not frame.parts):
            raise ValueError(f"{kind} files hold one part, not {len(frame.parts)}")
        if kind != "openexr":
            refuse_windows(frame.parts[0], kind)
        if kind == "dpx":
            path.write_bytes(dpx_bytes(frame.parts[0]).data)
        elif kind in NEW_KINDS:
            specs = [_new_spec(part, kind) for part in frame.parts]
            _save(path, kind, specs, [stored_samples(p) for p in frame.parts])
        else:
            raise ValueError(f"new {kind} files are not written")
        _read_back(path, frame, {})
        return WriteNotes(compression="" if kind == "dpx" else "zip")


# Reading


class _Reader:
    """An open file."""

    def __init__(self, path: Path, kind: str) -> None:
        config = oiio.ImageSpec()
        config.attribute("oiio:UnassociatedAlpha", 1)
        config.attribute("oiio:RawColor", 1)
        self.kind = kind
        # Any: the library's stubs call what `open` gives optional at every use.
        self._input: Any = oiio.ImageInput.open(_name(path), config)
        if self._input is None:
            raise ValueError(_text(oiio.geterror))

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._input.close()

    def specs(self) -> Iterator[Any]:
        index = 0
        while self._input.seek_subimage(index, 0):
            yield self._input.spec()
            index += 1

    def part(self, index: int, spec: Any) -> Part:
        """Read a part; runs of channels of one type at a time, or ids would pass through float."""
        header = part_header(spec, self.kind)
        planes = {n: np.empty(header.data_window.shape, f.dtype) for n, f in header.formats.items()}
        start = 0
        for kind, run in groupby(str(t) for t in spec.get_channelformats()):
            end = start + len(list(run))
            for top, samples in self._bands(index, spec, start, end, oiio.TypeDesc(kind)):
                for c in range(start, end):
                    name = spec.channelnames[c]
                    fmt = header.formats[name]
                    spare = 0 if fmt.is_float else samples.dtype.itemsize * 8 - fmt.bits
                    codes = samples[..., c - start]
                    planes[name][top : top + len(codes)] = codes >> spare if spare else codes
            start = end
        return Part(
            header.name,
            planes,
            header.formats,
            header.data_window,
            header.display_window,
            header.attributes,
        )

    def _bands(
        self, index: int, spec: Any, start: int, end: int, kind: Any
    ) -> Iterator[tuple[int, NDArray[Any]]]:
        """(first line, (lines, W, channels) samples) from top to bottom, a band at a time."""
        step = spec.height if spec.tile_width else _BAND_LINES
        for top in range(0, spec.height, step):
            if spec.tile_width:
                samples = self._input.read_image(index, 0, start, end, kind)
            else:
                first, last = spec.y + top, spec.y + min(top + step, spec.height)
                samples = self._input.read_scanlines(index, 0, first, last, 0, start, end, kind)
            if samples is None:
                raise ValueError(_text(self._input.geterror))
            yield top, samples


def _dpx_metadata(path: Path) -> PartHeader | None:
    """What the library reads of a DPX header; None where it will not open the file."""
    try:
        with _Reader(path, "dpx") as reader:
            return part_header(next(reader.specs()), "dpx")
    except ValueError:
        return None


# Writing


def _save(path: Path, kind: str, specs: list[Any], samples: list[NDArray[Any]]) -> None:
    """Write images with the library; its `close` and its complaints are both looked at."""
    output: Any = oiio.ImageOutput.create(kind)
    if output is None:
        raise ValueError(_text(oiio.geterror))
    good = bool(output.open(_name(path), tuple(specs) if len(specs) > 1 else specs[0]))
    if not good:
        raise OSError(_text(output.geterror))
    try:
        for i, pixels in enumerate(samples):
            if i and good:
                good = bool(output.open(_name(path), specs[i], "AppendSubimage"))
            good = good and bool(output.write_image(pixels))
    finally:
        good = bool(output.close()) and good
    complaint = _text(output.geterror)
    if not good or complaint:
        raise OSError(complaint or "the library gives no reason; the disk may be full")


def _spec(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    spec = oiio.ImageSpec(shape[1], shape[0], shape[2], TYPE_NAMES[dtype.name])
    spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("DateTime", "")  # or it stores the time of writing
    spec.attribute("png:compressionLevel", 4)  # more costs much and gains little on grain
    spec.attribute("tiff:write_exif", 0)  # or it complains about what nobody asked for
    return spec


def _new_spec(part: Part, kind: str) -> Any:
    dtype, bits = new_kind(part, kind)
    box, display = part.data_window, part.display_window
    spec = _spec((*box.shape, len(part.planes)), np.dtype(dtype))
    spec.x, spec.y = box.x, box.y
    spec.full_x, spec.full_y = display.x, display.y
    spec.full_width, spec.full_height = display.width, display.height
    spec.channelnames = tuple(part.planes)
    if bits != np.dtype(dtype).itemsize * 8:
        spec.attribute("oiio:BitsPerSample", bits)
    for name, (type_name, value) in for_new_file(part.attributes).items():
        if type_name is None:
            spec.attribute(name, value)
        else:
            spec.attribute(name, oiio.TypeDesc(type_name), value)
    if part.name:
        spec.attribute("oiio:subimagename", part.name)
    spec.attribute("compression", "zip")
    return spec


def _exr_rows(part: ExrPart, edit: PartEdit, rows: Planes) -> list[bytes]:
    """Rows of EXR chunks by the library, out of a scratch file."""
    samples = np.stack(list(rows.values()), axis=-1)
    spec = _spec(samples.shape, samples.dtype)
    spec.channelnames = tuple(rows)
    spec.full_width, spec.full_height = spec.width, spec.height
    level = part.attributes.get("dwaCompressionLevel")
    compression = edit.compression
    if compression.startswith("dwa") and level is not None and len(level.value) == 4:
        compression += f":{float(np.frombuffer(level.value, '<f4')[0]):g}"
    spec.attribute("compression", compression)
    if part.tiles:
        spec.tile_width, spec.tile_height, spec.tile_depth = part.tiles.width, part.tiles.height, 1
    with scratch_file(".exr") as path:
        _save(path, "openexr", [spec], [samples])
        made = read_structure(path)
        if made.parts[0].compression != edit.compression:
            raise ValueError(f"this build of OpenImageIO cannot write {edit.compression}")
        data = path.read_bytes()
    chunks = sorted(made.chunks[0], key=lambda c: c.key[1::-1] if part.tiles else c.key)
    return [data[c.body : c.end] for c in chunks]


def _lzw(rows: NDArray[np.uint8], per_block: int) -> list[bytes]:
    """Blocks of rows packed with LZW by the library, out of a scratch file."""
    # The library takes differences along a row before it packs; sums undo that beforehand.
    summed = np.cumsum(rows, axis=1, dtype=np.uint8)
    spec = _spec((*rows.shape, 1), summed.dtype)
    spec.attribute("compression", "lzw")
    spec.attribute("tiff:RowsPerStrip", per_block)
    with scratch_file(".tif") as path:
        _save(path, "tiff", [spec], [summed[..., None]])
        page = read_directories(path).pages[0]
        if (page.compression, page.predictor, page.block_height) != (5, 2, per_block):
            raise ValueError("this build of OpenImageIO writes LZW in another way")
        data = path.read_bytes()
    places = zip(page.offsets.tolist(), page.counts.tolist(), strict=True)
    return [data[start : start + count] for start, count in places]


def _png(samples: NDArray[Any]) -> PngFile:
    """A whole PNG file of the samples by the library, out of a scratch file."""
    with scratch_file(".png") as path:
        _save(path, "png", [_spec(samples.shape, samples.dtype)], [samples])
        return read_chunks(path, samples="keep")


def _read_back(path: Path, wanted: Frame, loose: Mapping[int, NDArray[np.bool_]]) -> None:
    """Read a file again and compare; the library calls a file on a full disk written."""
    try:
        found = read_image(path, wanted.number)
    except UnreadableFrameError as e:
        raise OSError(f"what was written cannot be read back ({e.message})") from e
    differences = same_samples(wanted, found, loose)
    if differences:
        raise OSError(f"it reads back differently: {' '.join(differences[:3])}")


def _name(path: Path) -> str:
    """The path as the library takes it: it knows UTF-8 only."""
    try:
        return str(path).encode("utf-8").decode()
    except UnicodeEncodeError:
        raise ValueError("its name is no valid UTF-8 text") from None


def _text(geterror: Any) -> str:
    """What the library complains about; garbage in a header may not even be text."""
    try:
        return str(geterror()).strip()
    except UnicodeDecodeError:
        return "the file holds garbage where text should be"
