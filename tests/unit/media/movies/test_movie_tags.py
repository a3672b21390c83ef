from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from filmrestore_core.media.movie_tags import MATRICES, PRIMARIES, TRANSFERS, ColorTags


def test_names_of_tags():
    assert ColorTags(9, 1, 9, 16).attributes() == {
        "movie:matrix": "bt2020nc",
        "movie:range": "tv",
        "movie:primaries": "bt2020",
        "movie:transfer": "smpte2084",
    }
    assert set(ColorTags().attributes().values()) == {"unspecified"}
    assert ColorTags(3, 9, 99, 0).attributes()["movie:matrix"] == "reserved"


def test_libav_means_the_same_by_each_number():
    assert {m.value: m.name.lower() for m in ColorPrimaries} == PRIMARIES
    # PyAV calls a few curves by other names: GAMMA22 is bt470m.
    theirs = {m.value: m.name.lower() for m in ColorTrc}
    assert theirs.keys() == TRANSFERS.keys()
    others = {k for k, name in TRANSFERS.items() if name.replace("-", "_") != theirs[k]}
    assert others == {4, 5, 9, 10, 12}
    assert MATRICES[Colorspace.ITU709.value] == "bt709"
    assert MATRICES[Colorspace.BT2020.value] == "bt2020nc"
    assert MATRICES[Colorspace.SMPTE240M.value] == "smpte240m"
