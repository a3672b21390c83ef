import numpy as np
import pytest

from filmrestore_core.color.encoding import (
    EncodingKind,
    encodings,
    find_encoding,
    known_encoding,
)
from filmrestore_core.errors import EncodingError


def test_names_are_unique_and_find_their_encoding() -> None:
    names = [e.name for e in encodings()]
    assert len(set(names)) == len(names)
    for encoding in encodings():
        assert encoding.description
        for name in (encoding.name, encoding.name.upper(), *encoding.aliases):
            assert find_encoding(name) is encoding


@pytest.mark.parametrize(
    ("name", "wanted", "kind"),
    [
        ("ACEScg", "acescg", EncodingKind.SCENE_LINEAR),
        ("ACES - ACES2065-1", "aces2065-1", EncodingKind.SCENE_LINEAR),
        ("scene_linear", "scene-linear", EncodingKind.SCENE_LINEAR),
        ("Printing Density", "printing-density", EncodingKind.LOG),
        ("log", "printing-density", EncodingKind.LOG),
        ("ACEScct", "acescct", EncodingKind.LOG),
        ("ARRI LogC3 (EI800)", "logc3", EncodingKind.LOG),
        ("S-Log3 S-Gamut3.Cine", "slog3", EncodingKind.LOG),
        ("sRGB", "srgb", EncodingKind.DISPLAY),
        ("Rec.709", "rec709", EncodingKind.DISPLAY),
        ("bt1886", "rec709", EncodingKind.DISPLAY),
        ("lin_ap1_scene", "acescg", EncodingKind.SCENE_LINEAR),
        ("lin_adobergb_scene", "scene-linear", EncodingKind.SCENE_LINEAR),
        ("g22_ap1_scene", "gamma2.2", EncodingKind.DISPLAY),
        ("pq_rec2020_display", "pq", EncodingKind.DISPLAY),
    ],
)
def test_names_as_people_and_files_write_them(name: str, wanted: str, kind: EncodingKind) -> None:
    found = find_encoding(name)
    assert (found.name, found.kind) == (wanted, kind)
    assert found.is_linear is (kind is EncodingKind.SCENE_LINEAR)


@pytest.mark.parametrize(
    ("name", "near"), [("cinion", "cineon"), ("acesct", "acescct"), ("rec790", "rec709")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(EncodingError, match=f"'{name}'.*did you mean '{near}'"):
        find_encoding(name)


@pytest.mark.parametrize("name", ["", "???", "xyzzy_scene", "_scene", "\N{SNOWMAN}"])
def test_nonsense_is_refused(name: str) -> None:
    assert known_encoding(name) is None
    with pytest.raises(EncodingError):
        find_encoding(name)


def test_curves_fit_their_kind() -> None:
    for encoding in encodings():
        if encoding.is_linear:
            assert encoding.curve is not None
            np.testing.assert_array_equal(encoding.curve.decode([0.25, 7.0]), [0.25, 7.0])
        elif encoding.curve is not None:
            # Perceptually even: mid grey of light lies well above its share of the code range.
            assert 0.3 < float(encoding.curve.encode(0.18)) < 0.6
