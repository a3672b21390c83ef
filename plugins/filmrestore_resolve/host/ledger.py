"""What the plugin added, written on its own pool clips, so that it can be undone exactly.

A pool clip of ours carries free-form metadata "filmrestore": JSON with the shot's key and, for each
place, the timeline, the item and how it was placed. It travels with the project.
"""

import json
from typing import Any, Dict, List, NamedTuple, Optional

from filmrestore_resolve.host.api import ask_list, ask_text, done, told

FIELD = "filmrestore"
BIN = "filmrestore"
TRACK = "filmrestore"


class Place(NamedTuple):
    """Where a result was put.

    Attributes:
        timeline: the timeline's id.
        source: id of the item that was restored.
        how: "track" or "take".
        item: id of our item; of the source item for a take.
        start: absolute record frame.
        former: selected take before ours; 0 where the item had no takes.
    """

    timeline: str
    source: str
    how: str
    item: str
    start: int
    former: int


class Ledger(NamedTuple):
    """What is known of one of our pool clips.

    Attributes:
        made: what was made for it: "bin", and "track:<timeline id>:<track name>".
        kind: "result" or "matte".
    """

    key: str
    folder: str
    kind: str
    made: List[str]
    places: List[Place]


def ledger_of(clip: Any) -> Optional[Ledger]:
    """What the metadata of a pool clip says; None for a clip that is not ours."""
    found = told(clip, "GetThirdPartyMetadata", FIELD)
    if isinstance(found, dict):
        found = found.get(FIELD)
    if not isinstance(found, str) or not found.startswith("{"):
        return None
    try:
        values = json.loads(found)
        places = [Place(*place) for place in values.get("places", [])]
        return Ledger(
            str(values["key"]), str(values.get("folder", "")), str(values.get("kind", "result")),
            [str(name) for name in values.get("made", [])], places,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None


def write_ledger(clip: Any, ledger: Ledger) -> bool:
    """Write it onto the clip; read back, because a refusal is a quiet one."""
    values: Dict[str, Any] = {
        "key": ledger.key,
        "folder": ledger.folder,
        "kind": ledger.kind,
        "made": ledger.made,
        "places": [list(place) for place in ledger.places],
    }
    text = json.dumps(values, sort_keys=True)
    done(clip, "SetThirdPartyMetadata", FIELD, text)
    return ledger_of(clip) == ledger


def with_place(ledger: Ledger, place: Place) -> Ledger:
    """The same with this place; an older line of the same source item makes way."""
    places = list(ledger.places)
    for number, old in enumerate(places):
        if (old.timeline, old.source) == (place.timeline, place.source):
            places[number] = place
            return ledger._replace(places=places)
    return ledger._replace(places=places + [place])


def find_bin(pool: Any) -> Any:
    """Our bin, directly below the root; None where there is none."""
    root = told(pool, "GetRootFolder")
    for folder in ask_list(root, "GetSubFolderList"):
        if ask_text(folder, "GetName") == BIN:
            return folder
    return None


def our_clips(pool: Any) -> List[Any]:
    """Pool clips of ours, wherever in the pool the user may have moved them."""
    found: List[Any] = []
    waiting = [told(pool, "GetRootFolder")]
    while waiting:
        folder = waiting.pop()
        found += [c for c in ask_list(folder, "GetClipList") if ledger_of(c) is not None]
        waiting += ask_list(folder, "GetSubFolderList")
    return found
