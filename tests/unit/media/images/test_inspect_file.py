from __future__ import annotations

from pathlib import Path

import pytest

from filmrestore_core.media.dpx import DpxHeader
from filmrestore_core.media.exr_chunks import ExrFile
from filmrestore_core.media.exr_header import ExrPart
from filmrestore_core.media.inspect_file import format_of, inspect_file
from filmrestore_core.media.png_chunks import PngFile
from filmrestore_core.media.tiff_directory import TiffFile


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.EXR", "openexr"), ("a.b.dpx", "dpx"), ("x.tif", "tiff"), ("x.TIFF", "tiff"),
     ("p.png", "png"), ("c.cin", "cineon")],
)  # fmt: skip
def test_formats_by_extension(name, kind):
    assert format_of(Path(name)) == kind


def test_an_unknown_extension_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'\.mov' is none of \.exr, \.dpx"):
        format_of(Path("a.mov"))


def test_each_format_has_its_structure(save, dpx_file, pixels):
    exr = save("a.exr", pixels(9, 9, 3, "float16"))
    assert isinstance(inspect_file(exr).structure, ExrFile)
    headers = inspect_file(exr, header_only=True).structure
    assert isinstance(headers, tuple)
    assert isinstance(headers[0], ExrPart)
    assert isinstance(inspect_file(dpx_file(8, 4, 32)).structure, DpxHeader)
    assert isinstance(inspect_file(save("a.tif", pixels(9, 9, 3, "uint8"))).structure, TiffFile)
    assert isinstance(inspect_file(save("a.png", pixels(9, 9, 3, "uint8"))).structure, PngFile)


def test_facts_of_a_sound_file(save, pixels):
    path = save("a.exr", pixels(9, 9, 3, "float16"))
    facts = inspect_file(path)
    assert (facts.format, facts.nbytes) == ("openexr", path.stat().st_size)
    assert facts.locked is None
    assert facts.readable


def test_cineon_is_locked(tmp_path):
    path = tmp_path / "a.cin"
    path.write_bytes(b"\x80\x2a\x5f\xd7" + bytes(3000))
    assert inspect_file(path).locked == "Cineon file"


def test_doubtful_kinds_are_not_handed_to_the_library(tiff_file, pixels):
    for kwargs in ({"compression": 7}, {"photometric": 6}, {"photometric": 32845}):
        facts = inspect_file(tiff_file(pixels(9, 9, 3, "uint8"), **kwargs))
        assert facts.locked
        assert not facts.readable
    assert inspect_file(tiff_file(pixels(9, 9, 4, "uint8"), photometric=5)).readable
