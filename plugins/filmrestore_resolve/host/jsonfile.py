"""JSON files, whole or not at all, in UTF-8 whatever the system's locale says."""

import json
import os
from typing import Any, Dict, Mapping

from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.messages import Refusal


def read_json(path: str) -> Dict[str, Any]:
    """A JSON object from a file.

    Raises:
        Refusal: it cannot be read, or is none.
    """
    try:
        with open(on_disk(path), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        raise Refusal("%s cannot be read: %s." % (path, error))
    if not isinstance(found, dict):
        raise Refusal("%s holds no JSON object." % path)
    return found


def write_json(path: str, values: Mapping[str, Any]) -> None:
    """Write a JSON object, whole or not at all.

    Raises:
        Refusal: it cannot be written.
    """
    write_text(path, json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def write_text(path: str, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        Refusal: it cannot be written.
    """
    try:
        if not os.path.isdir(on_disk(os.path.dirname(path))):
            os.makedirs(on_disk(os.path.dirname(path)))
        with open(on_disk(path + ".part"), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(on_disk(path + ".part"), on_disk(path))
    except (OSError, UnicodeError) as error:
        raise Refusal("%s cannot be written: %s." % (path, error))
