from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from filmrestore_core.errors import SettingsError
from filmrestore_core.params import param_specs
from filmrestore_core.presets import (
    load_preset,
    preset_description,
    preset_names,
    settings_from_yaml,
)
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.yamlfile import write_yaml


def test_the_promised_presets_are_there_and_say_what_they_do() -> None:
    assert set(preset_names()) >= {"gentle", "standard", "heavy", "scratches", "detect-only"}
    for name in preset_names():
        assert len(preset_description(name)) > 20
        load_preset(name)


def test_standard_is_the_default() -> None:
    assert load_preset("standard") == RestoreSettings()
    assert load_preset() == RestoreSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("detect:\n  sensitivty: 1", r"line 2: .*detect\.sensitivty.*did you mean 'sensitivity'"),
        ("detekt: {}", r"line 1: .*'detekt'; did you mean 'detect'"),
        ("detect:\n  sensitivity: 3", r"line 2: 'detect\.sensitivity' is 3"),
        ("detect:\n  sensitivity: lots", r"line 2: 'detect\.sensitivity' is 'lots'"),
        ("detect: 5", r"'detect' is 5: it is a section, with the settings detector, model, sens"),
        ("sampler:\n  steps: yes", r"line 2: 'sampler\.steps' is True: .*number, not a switch"),
        ("repair:\n  large_from: on", r"line 2: 'repair\.large_from' is True: .*not a switch"),
        ("seed: true", r"line 1: 'seed' is True: .*not a switch"),
        ("schema: 2", r"'schema' is 2"),
        ("- 1", r"'key: value'"),
        ("a: &x [1]\nb: *x", r"line 2: aliases"),
        ("seed: 1\nseed: 2", r"line 2: 'seed' stands there twice"),
        ("a: [1", r"line \d"),
    ],
)
def test_a_wrong_document_is_refused_with_line_and_key(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings_from_yaml(text, name="my.yaml")


def test_a_missing_or_foreign_preset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no preset 'standart'"):
        load_preset("standart")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_preset(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_preset(tmp_path / "bytes.yaml")


def test_changes_are_laid_over_the_preset() -> None:
    changed = load_preset("gentle", changes={"detect.sensitivity": 0.9, "seed": 4})
    assert changed.detect.sensitivity == 0.9
    assert changed.detect.scratch is False
    assert changed.seed == 4
    with pytest.raises(SettingsError, match="given value: 'seed' is -1"):
        load_preset(changes={"seed": -1})


def test_settings_are_immutable() -> None:
    with pytest.raises(ValidationError):
        RestoreSettings().seed = 3  # type: ignore[misc]


@given(st.floats(0, 1), st.integers(0, 2**31 - 1), st.booleans())
@hypothesis.settings(deadline=None)
def test_settings_survive_yaml(sensitivity: float, seed: int, hair: bool) -> None:
    settings = load_preset(
        changes={"detect.sensitivity": sensitivity, "seed": seed, "detect.hair": hair}
    )
    text = write_yaml(settings.model_dump(mode="json", by_alias=True))
    assert settings_from_yaml(text) == settings
    assert settings_from_yaml(text).digest() == settings.digest()


def test_every_setting_is_a_control_with_help_and_bounds() -> None:
    specs = {spec.path: spec for spec in param_specs()}
    assert specs["detect.sensitivity"].minimum == 0.0
    assert specs["detect.sensitivity"].maximum == 1.0
    assert specs["detect.grow"].unit == "px"
    assert specs["repair.method"].choices == (
        *("auto", "net", "classical", "temporal", "spatial", "none", "diffusion"),
    )
    assert specs["matte.threshold"].optional
    for spec in specs.values():
        assert spec.label
        assert len(spec.help) > 15
        if spec.kind in ("int", "float"):
            assert spec.minimum is not None
            assert spec.maximum is not None


def test_every_control_path_can_be_set() -> None:
    values = {s.path: s.default for s in param_specs() if s.default is not None}
    assert load_preset(changes=values) == RestoreSettings()


def test_settings_that_came_later_count_in_the_digest_where_they_are_used() -> None:
    plain = RestoreSettings().digest()
    # As it was before there was a diffusion net: finished films are not made again.
    assert plain == "47fb1c7f8edff7ae"
    for changes in (
        {"sampler.steps": 3},
        {"repair.large_from": 400.0},
        {"repair.scratch": "diffusion"},
        {"diffusion.steps": 3},
    ):
        assert load_preset(changes=changes).digest() != plain
    assert load_preset(changes={"repair.scratch": "same"}).digest() == plain
