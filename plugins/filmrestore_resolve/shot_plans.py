"""A job's shots made ready: settings, nets, media, and the folder each result goes to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filmrestore_core import (
    Clip,
    Device,
    DeviceError,
    FilmrestoreError,
    ModelStore,
    Restorer,
    RestoreSettings,
    default_user_folder,
    find_encoding,
    fingerprint,
    load_preset,
    reach_of,
)
from filmrestore_resolve.job import Job, Shot, SourceKind
from filmrestore_resolve.render_shot import ShotPlan
from filmrestore_resolve.result_folder import (
    refuse_source_folders,
    result_folder,
    result_hash,
    source_stamps,
)
from filmrestore_resolve.shot_source import ShotSource, open_source


@dataclass(frozen=True, slots=True)
class PlannedShots:
    """A job's shots.

    Attributes:
        groups: shots that share media, range and all else; the first one's folder is theirs.
        refused: those that cannot be begun, and why.
    """

    groups: tuple[tuple[ShotPlan, ...], ...]
    refused: tuple[tuple[Shot, str], ...]


def plan_shots(job: Job, settings: RestoreSettings, identity: dict[str, str]) -> PlannedShots:
    """Open every shot's media and name its result's folder.

    Args:
        job: the job.
        settings: its settings.
        identity: as `identity_of`.
    """
    plans: list[ShotPlan] = []
    refused: list[tuple[Shot, str]] = []
    lies: list[Path] = []
    movies: dict[str, Clip] = {}
    for shot in job.shots:
        try:
            source = open_source(shot, job.output.handles, movies)
            lies.append(source.path)
            digest = result_hash(_decides(job, settings, identity, source))
            plans.append(ShotPlan(source, result_folder(job, source, digest), settings, job))
        except FilmrestoreError as error:
            refused.append((shot, str(error)))
        except OSError as error:
            refused.append((shot, f"{error.filename or ''}: {error.strerror or error}."))
    kept = []
    for plan in plans:
        try:
            refuse_source_folders(plan.folder, lies)
            kept.append(plan)
        except FilmrestoreError as error:
            refused.append((plan.source.shot, str(error)))
    return PlannedShots(_grouped(kept), tuple(refused))


def settings_of(job: Job) -> RestoreSettings:
    """The settings that a job asks for.

    Raises:
        SettingsError, EncodingError: a name or value is wrong.
    """
    changes = dict(job.settings.changes)
    if job.settings.encoding != "auto":
        changes["picture.encoding"] = find_encoding(job.settings.encoding).name
    return load_preset(job.settings.preset, changes=changes)


def identity_of(job: Job, settings: RestoreSettings) -> dict[str, str]:
    """Everything besides settings and sources that decides a pixel; loads the nets.

    Raises:
        DeviceError: the job's device does not exist.
        ModelError: a net cannot be used.
    """
    name = job.machine.device.lower()
    try:
        device = Device(name)
    except ValueError as error:
        raise DeviceError(
            f"There is no device called '{name}'.",
            hint=f"known are {', '.join(d.value for d in Device)}",
        ) from error
    shelf = Path(job.machine.models) if job.machine.models else default_user_folder()
    store = ModelStore(shelf)
    identity = Restorer(settings, models=store, device=device).identity
    sums = {
        f"{key} sha256": str(store.card(value).sha256)
        for key, value in identity.items()
        if key.endswith(" model")
    }
    return {**identity, **sums, "program": fingerprint()}


def _decides(
    job: Job, settings: RestoreSettings, identity: dict[str, str], source: ShotSource
) -> dict[str, Any]:
    output = job.output
    movie = source.shot.source.kind is SourceKind.MOVIE
    return {
        "settings": settings.digest(),
        "identity": identity,
        "frames": source.numbers.format(),
        "matte channel": output.matte_channel,
        "keep compression": output.keep_compression,
        "movie frames": str(output.movie_frames) if movie else "",
        "files": source_stamps(source.files_within(reach_of(settings))),
    }


def _grouped(plans: list[ShotPlan]) -> tuple[tuple[ShotPlan, ...], ...]:
    groups: dict[tuple[str, str], list[ShotPlan]] = {}
    for plan in plans:
        path = plan.source.path
        pattern = plan.source.pattern
        name = path.name if pattern is None else pattern.name
        media = os.path.join(os.path.realpath(path.parent), name)
        groups.setdefault((media, plan.folder.name), []).append(plan)
    return tuple(tuple(group) for group in groups.values())
