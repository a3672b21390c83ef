from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmrestore_core import load_preset, param_specs
from filmrestore_core.color.encoding import find_encoding
from filmrestore_openfx.control import ParamType
from filmrestore_openfx.controls import DEVICES, ENCODINGS, PRESETS, UNSHOWN, controls
from filmrestore_openfx.manifest import manifest
from filmrestore_openfx.node_values import (
    PRESET_PATHS,
    host_value,
    node_values,
    preset_controls,
    preset_values,
)

# For ever: projects are saved by these. New ones may be added, none renamed or reordered.
STABLE_NAMES = [
    "preset", "strength", "sensitivity", "view", "alpha", "differenceGain", "splitAt",
    "damageGroup", "dirt", "sparkle", "hair", "scratch", "leaveStains", "smallestSize",
    "largestSize", "grow", "soften", "temporalRadius", "motionProtection", "detector",
    "findCuts", "cutThreshold", "repairGroup", "repairMethod", "grain", "seed",
    "classRepairGroup", "repairDirt", "repairSparkle", "repairHair", "repairScratch",
    "repairStain", "drawingGroup", "largeHole", "unseenHole", "drawingSteps", "drawingStart",
    "drawingFidelity", "holdColor", "holdStructure", "holdFineness", "mattesGroup",
    "useMask", "maskSide", "useDamageMatte", "damageMatteSide", "damageMatteJoin",
    "damageMatteThreshold", "engineGroup", "inputEncoding", "device", "quality", "aboutGroup",
    "controlsPage", "modelFile", "repairModelFile", "diffusionModelFile",
    "aboutVersion", "aboutModel", "aboutDevice", "aboutLog",
]  # fmt: skip
STABLE_OPTIONS = {
    "preset": "Custom,Gentle,Standard,Heavy,Scratches only",
    "view": "Restored,Matte,Difference,Overlay,Split,Source",
    "alpha": "Source,Matte",
    "detector": "Automatic,Net,Classical,Given matte only",
    "repairMethod": "Automatic,Net,Classical,Neighbours only,Surroundings only,None (find only),"
    "Diffusion",
    **dict.fromkeys(
        ("repairDirt", "repairSparkle", "repairHair", "repairScratch", "repairStain"),
        "As all else,Neighbours only,Classical,Net,Diffusion",
    ),
    "maskSide": "White,Black",
    "damageMatteSide": "White,Black",
    "damageMatteJoin": "Replaces what is found,Joins what is found",
    "inputEncoding": "Automatic,Scene-linear,Film log (Cineon),Printing density,ACEScct,Camera log,"
    "sRGB,Rec.709 video,Raw",
    "device": "Automatic,Processor,NVIDIA (CUDA),NVIDIA (TensorRT),Apple (CoreML),"
    "Windows (DirectML)",
    "quality": "Full,Draft",
}
VALUED = [c for c in controls() if c.holds_value]


def test_names_and_options_stay_as_they_were() -> None:
    assert [c.name for c in controls()] == STABLE_NAMES
    options = {c.name: ",".join(c.options) for c in controls() if c.options}
    assert options == STABLE_OPTIONS


def test_every_setting_of_the_core_has_a_control_or_a_reason() -> None:
    shown = {c.path for c in controls() if c.path}
    assert shown | UNSHOWN == {spec.path for spec in param_specs()}
    assert not shown & UNSHOWN


def test_texts_come_last() -> None:
    kinds = [c.type for c in controls()]
    first = kinds.index(ParamType.STRING)
    assert set(kinds[first:]) == {ParamType.STRING}


@pytest.mark.parametrize("control", VALUED, ids=lambda c: c.name)
def test_every_control_can_be_understood_and_has_bounds(control: Any) -> None:
    assert control.label
    assert control.hint
    if control.type in (ParamType.DOUBLE, ParamType.INTEGER):
        assert control.minimum is not None
        assert control.maximum is not None
        low, high = control.shown
        assert control.minimum <= low < high <= control.maximum
        assert control.minimum <= control.default <= control.maximum
    if control.type is ParamType.BOOLEAN:
        assert control.default is True, "some hosts read every switch as true"


def test_groups_exist_that_are_named() -> None:
    seen: set[str] = {""}
    for control in controls():
        assert control.parent in seen | {"engineGroup", "aboutGroup"}
        if control.type is ParamType.GROUP:
            seen.add(control.name)


def test_what_choices_mean_is_known_to_the_core() -> None:
    for name in ENCODINGS[1:]:
        find_encoding(name)
    specs = {spec.path: spec for spec in param_specs()}
    for control in VALUED:
        if control.values and specs[control.path].kind == "choice":
            assert set(control.values) == set(specs[control.path].choices)
    for index in range(len(DEVICES)):
        node_values({"device": index})
    for index in range(len(ENCODINGS)):
        assert node_values({"inputEncoding": index}).settings.picture.encoding == ENCODINGS[index]


def test_untouched_controls_are_the_standard_preset() -> None:
    assert node_values({}).settings == load_preset("standard")
    shown = {c.name: c.default for c in VALUED}
    assert node_values(shown).settings == load_preset("standard")


@pytest.mark.parametrize("preset", range(1, len(PRESETS)))
def test_a_preset_counts_with_and_without_its_controls_being_set(preset: int) -> None:
    wanted = load_preset(PRESETS[preset])
    assert node_values({"preset": preset}).settings == wanted
    assert node_values({"preset": preset, **preset_values(preset)}).settings == wanted
    assert node_values({"preset": 0, **preset_values(preset)}).settings == wanted


def test_presets_change_only_what_they_show() -> None:
    standard = load_preset("standard").model_dump()
    for name in PRESETS[1:]:
        document = load_preset(name).model_dump()
        for section, values in document.items():
            if isinstance(values, dict):
                for key, value in values.items():
                    changed = value != standard[section][key]
                    assert not changed or f"{section}.{key}" in PRESET_PATHS
    assert "strength" not in preset_controls()


def test_a_control_counts_before_the_preset_and_custom_counts_every_control() -> None:
    heavy = PRESETS.index("heavy")
    moved = node_values({"preset": heavy, "sensitivity": 0.6, "grow": 1.0}).settings
    assert moved.detect.sensitivity == 0.6
    assert moved.detect.grow == load_preset("heavy").detect.grow
    custom = node_values({"preset": 0, "leaveStains": True, "grow": 1.0}).settings
    assert custom.detect.grow == 1.0
    assert custom.detect.stain is False


def test_a_host_that_keeps_32_bits_moves_no_slider() -> None:
    import numpy as np

    read = {c.name: float(np.float32(c.default)) for c in VALUED if c.type is ParamType.DOUBLE}
    heavy = PRESETS.index("heavy")
    assert node_values({**read, "preset": heavy}).settings == load_preset("heavy")


def test_sizes_shrink_with_the_render_scale() -> None:
    full, half = node_values({"grow": 4.0}).settings, node_values({"grow": 4.0}, scale=0.5).settings
    assert half.detect.grow == full.detect.grow / 2
    assert half.detect.soften == full.detect.soften / 2
    assert half.detect.min_area == full.detect.min_area / 4
    assert half.detect.max_area == full.detect.max_area  # a share of the picture


def test_draft_leaves_the_nets_out_but_not_what_was_chosen() -> None:
    draft = node_values({"quality": 1})
    assert draft.is_draft
    assert draft.settings.detect.detector == "classical"
    assert draft.settings.repair.method == "classical"
    drawn = node_values({"repairMethod": 6, "repairDirt": 4, "repairHair": 1}, draft=True)
    assert not drawn.needs_nets
    assert drawn.settings.repair.method == "classical"
    assert drawn.settings.repair.by_class == {"dirt": "classical", "hair": "temporal"}
    given_only = node_values({"detector": 3, "repairMethod": 4}, draft=True).settings
    assert given_only.detect.detector == "none"
    assert given_only.repair.method == "spatial"


def test_the_diffusion_net_is_told_what_the_controls_say() -> None:
    plain = node_values({}).settings
    assert (plain.repair.large_from, plain.repair.unseen_from) == (None, None)
    read = {"largeHole": 400.0, "unseenHole": 0.5, "drawingSteps": 4, "drawingStart": 0.4}
    read |= {"drawingFidelity": 0.25, "holdColor": 0.1, "holdStructure": 0.2, "holdFineness": 0.3}
    wanted = {
        "repair.large_from": 400.0,
        "repair.unseen_from": 0.5,
        "repair.scratch": "diffusion",
        "sampler.steps": 4,
        "sampler.start": 0.4,
        "sampler.fidelity": 0.25,
        "sampler.color": 0.1,
        "sampler.structure": 0.2,
        "sampler.fineness": 0.3,
    }
    for preset in (0, PRESETS.index("standard")):
        found = node_values({**read, "repairScratch": 4, "preset": preset})
        assert found.settings == load_preset(changes=wanted)
    half = node_values({"largeHole": 400.0}, scale=0.5).settings
    assert half.repair.large_from == 100.0
    assert node_values({}, scale=0.5).settings.repair.large_from is None


@pytest.mark.parametrize(
    "method",
    list(enumerate(("auto", "net", "classical", "temporal", "spatial", "none", "diffusion"))),
)
def test_a_project_saved_before_opens_with_the_method_it_had(method: tuple[int, str]) -> None:
    index, name = method
    assert node_values({"repairMethod": index}).settings == load_preset(
        changes={"repair.method": name}
    )


@pytest.mark.parametrize("read", [{"repairMethod": 6}, {"repairMethod": 2, "repairStain": 3}])
def test_nets_are_needed_where_any_kind_of_damage_is_theirs(read: dict[str, Any]) -> None:
    assert node_values({"detector": 2, **read}).needs_nets
    assert not node_values({"detector": 2, "repairMethod": 2}).needs_nets


def test_all_but_the_damage_group_is_closed_at_first() -> None:
    text = manifest(Path("/usr/bin/python3"), ("", "", "", ""))
    blocks = {block.split("\n")[0].split("\t")[-1]: block for block in text.split("\nparam\t")}
    groups = [c.name for c in controls() if c.type is ParamType.GROUP]
    opened = [n for n in groups if "OfxParamPropGroupOpen\t0\t1" in blocks[n]]
    assert {"drawingGroup", "classRepairGroup"} <= set(groups)
    assert opened == ["damageGroup"]


def test_model_files_are_named_by_their_texts() -> None:
    values = node_values({"modelFile": " /x/own.onnx ", "repairModelFile": ""})
    drawing = node_values({"diffusionModelFile": "/x/draws.onnx"})
    assert drawing.settings.sampler.model == "/x/draws.onnx"
    assert values.settings.detect.model == "/x/own.onnx"
    assert values.settings.repair.model == "auto"


ANY = st.one_of(
    st.none(),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([c.name for c in VALUED] + ["other"]), ANY))
def test_whatever_a_host_answers_the_values_are_sound(read: dict[str, Any]) -> None:
    values = node_values(read)
    for control in VALUED:
        value = host_value(control, read.get(control.name))
        if control.minimum is not None and control.maximum is not None:
            assert control.minimum <= value <= control.maximum
        if control.options:
            assert 0 <= value < len(control.options)
    assert 0 <= values.settings.repair.strength <= 1


@pytest.mark.parametrize(
    ("read", "is_source"),
    [
        ({}, False),
        ({"strength": 0.0}, True),
        ({"strength": 0.0, "view": 1}, False),
        ({"strength": 0.0, "view": 4}, True),
        ({"strength": 0.0, "alpha": 1}, False),
        ({"view": 5}, True),
        ({"repairMethod": 5}, True),
        ({"detector": 3, "useDamageMatte": False}, True),
        ({"detector": 3}, False),
    ],
)
def test_when_the_answer_is_the_source(read: dict[str, Any], is_source: bool) -> None:
    assert node_values(read).is_source is is_source
