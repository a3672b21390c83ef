"""What the user chose: names and values that file, dialog and command line share."""

import os
from typing import Any, Dict, Mapping

from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.jsonfile import read_json, write_json
from filmrestore_resolve.host.messages import Refusal

SETTINGS_FILE = "filmrestore_settings.json"
DEFAULTS: Dict[str, Any] = {
    "choose": "color",
    "color": "Orange",
    "track": 0,
    "preset": "standard",
    "changes": {},
    "encoding": "auto",
    "output_folder": "",
    "handles": 0,
    "matte": False,
    "place": "track",
    "copy_grade": False,
    "markers": True,
    "bad_frame_markers": False,
    "timeline_render": False,
}
HOW_TO_CHOOSE = ("selected", "color", "in_out", "current", "track")
WHERE_TO_PLACE = ("track", "take", "bin")
CLIP_COLORS = (
    "Orange", "Apricot", "Yellow", "Lime", "Olive", "Green", "Teal", "Navy",
    "Blue", "Purple", "Violet", "Pink", "Tan", "Beige", "Brown", "Chocolate",
)  # fmt: skip
_ALLOWED = {"choose": HOW_TO_CHOOSE, "place": WHERE_TO_PLACE, "color": CLIP_COLORS}
_MEANT = {
    bool: "true or false is meant",
    str: "a text is meant",
    dict: "names and values in { } are meant",
    int: "a whole number from 0 on is meant",
}


def read_choices(jobs_folder: str) -> Dict[str, Any]:
    """The user's settings file; it is made with the defaults where there is none.

    Raises:
        Refusal: an unknown name, a value of the wrong kind, or the file cannot be made.
    """
    path = os.path.join(jobs_folder, SETTINGS_FILE)
    if not os.path.isfile(on_disk(path)):
        write_json(path, DEFAULTS)
    return checked_choices(read_json(path), path)


def checked_choices(given: Mapping[str, Any], where: str) -> Dict[str, Any]:
    """The defaults with what was given.

    Raises:
        Refusal: an unknown name, or a value of the wrong kind.
    """
    choices = dict(DEFAULTS)
    for name, value in given.items():
        if name not in DEFAULTS:
            known = ", ".join(sorted(DEFAULTS))
            raise Refusal("%s: there is no setting '%s'; there are %s." % (where, name, known), 2)
        fault = _value_fault(name, value)
        if fault:
            raise Refusal("%s: '%s' is %r; %s." % (where, name, value, fault), 2)
        choices[name] = value
    return choices


def _value_fault(name: str, value: Any) -> str:
    if name in _ALLOWED:
        return "" if value in _ALLOWED[name] else "it can be " + ", ".join(_ALLOWED[name])
    kind = type(DEFAULTS[name])
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if kind is int:
        fits = fits and value >= 0
    if name == "output_folder" and fits and value and not os.path.isabs(value):
        return "a whole path is meant"
    return "" if fits else _MEANT[kind]
