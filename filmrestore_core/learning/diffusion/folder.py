"""A pipeline's folder: looked through before anything of it is loaded; no torch here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filmrestore_core.errors import SettingsError

INDEX = "model_index.json"
PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"})
"""Endings of files that run code when they are opened."""

# Modules of diffusers that a component may come from, beside the two libraries themselves.
_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})
# They judge pictures and black them out; a film is not theirs to judge.
UNWANTED = ("safety_checker", "feature_extractor", "image_encoder")


@dataclass(frozen=True, slots=True)
class PipelineFolder:
    """A folder that may be loaded.

    Attributes:
        path: where it is.
        class_name: the pipeline's class, as its index names it.
        components: names of the parts that the index lists and that are there.
        without: names of parts to go without: listed as absent, or not wanted here.
        sha256: of all files of those parts, names included.
    """

    path: Path
    class_name: str
    components: tuple[str, ...]
    without: tuple[str, ...]
    sha256: str


def look_through(name: str) -> PipelineFolder:
    """The folder of that name, found fit to be loaded.

    Args:
        name: a folder on this machine, never a name on a server.

    Raises:
        SettingsError: it is no folder, no pipeline, holds code, or weights as pickles only.
    """
    if not name:
        raise SettingsError(
            "repair.method is diffusion, but diffusion.model names no folder.",
            hint="restore --diffusion-model DIR",
        )
    path = Path(name).expanduser()
    if not path.is_dir():
        raise SettingsError(
            f"The diffusion model '{name}' is no folder on this machine.",
            path=path,
            hint="nothing is fetched from a network; give a folder with a model_index.json",
        )
    index = _index(path)
    class_name = index.get("_class_name")
    if not isinstance(class_name, str):
        raise SettingsError(f"{path / INDEX} names no pipeline class of diffusers.", path=path)
    components = tuple(_components(index, path))
    for component in components:
        _check_weights(path / component)
    listed = (n for n, e in index.items() if isinstance(e, list) and not n.startswith("_"))
    without = tuple(sorted(set(listed) - set(components)))
    return PipelineFolder(path, class_name, components, without, _digest(path, components))


def _index(path: Path) -> dict[str, Any]:
    file = path / INDEX
    try:
        index = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path} holds no {INDEX} that can be read, so it is no diffusers pipeline.",
            path=path,
        ) from error
    except ValueError as error:
        raise SettingsError(f"{file} is not JSON.", path=file) from error
    if not isinstance(index, dict):
        raise SettingsError(f"{file} is no list of a pipeline's parts.", path=file)
    return index


def _components(index: dict[str, Any], path: Path) -> list[str]:
    found = []
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or len(entry) != 2:
            continue
        library, kind = entry
        if library is None or kind is None or name in UNWANTED:
            continue
        if library not in _LIBRARIES:
            raise SettingsError(
                f"{path / INDEX} takes '{name}' from '{library}', and only parts of diffusers and "
                "transformers are loaded, never a model's own code.",
                path=path,
            )
        if Path(name).name != name or not (path / name).is_dir():
            raise SettingsError(f"{path} lacks the folder '{name}' of its pipeline.", path=path)
        found.append(name)
    return sorted(found)


def _check_weights(folder: Path) -> None:
    endings = {file.suffix.lower() for file in folder.iterdir()}
    if ".py" in endings:
        raise SettingsError(f"{folder} holds Python code, which is never run.", path=folder)
    if endings & PICKLES and ".safetensors" not in endings:
        raise SettingsError(
            f"{folder} holds its weights as a pickle, which could run code.",
            path=folder,
            hint="get or save the model as .safetensors",
        )


def _digest(path: Path, components: tuple[str, ...]) -> str:
    total = hashlib.sha256()
    files = [path / INDEX]
    for component in components:
        inside = (f for f in (path / component).rglob("*") if f.is_file())
        files += [f for f in inside if f.suffix.lower() not in PICKLES]
    for file in sorted(files):
        total.update(file.relative_to(path).as_posix().encode())
        try:
            with file.open("rb") as opened:
                total.update(hashlib.file_digest(opened, "sha256").digest())
        except OSError as error:
            raise SettingsError(f"{file} cannot be read: {error.strerror}.", path=file) from error
    return total.hexdigest()
