"""What the node shows: the core's parameters and the node's own, as host parameters.

Names and the order of options are for ever: hosts save projects by them. New ones go to the end.
"""

from __future__ import annotations

from dataclasses import replace

from filmrestore_core import ParamSpec, param_specs
from filmrestore_openfx.control import Control, ParamType, StringMode

PRESETS = ("", "gentle", "standard", "heavy", "scratches")
"""What the options of `preset` mean; "" counts every control as it is shown."""

VIEWS = ("Restored", "Matte", "Difference", "Overlay", "Split", "Source")
ALPHAS = ("Source", "Matte")
QUALITIES = ("Full", "Draft")
DEVICES = ("auto", "cpu", "cuda", "tensorrt", "coreml", "directml")
ENCODINGS = (
    "auto",
    "scene-linear",
    "cineon",
    "printing-density",
    "acescct",
    "logc3",
    "srgb",
    "rec709",
    "raw",
)

# Core settings that have no control: the node has the clips and files of its own for them.
# A pretrained pipeline takes minutes a frame: it is the command line's.
_PIPELINE = ("model", "prompt", "fidelity", "strength", "steps", "guidance", "min_area")
UNSHOWN = frozenset(
    {"detect.model", "repair.model", "sampler.model", "matte.channel", "matte.invert"}
    | {f"diffusion.{name}" for name in _PIPELINE}
)

_DETECTORS = ("auto", "net", "classical", "none")
_DETECTOR_LABELS = ("Automatic", "Net", "Classical", "Given matte only")
_METHODS = ("auto", "net", "classical", "temporal", "spatial", "none", "diffusion")
_METHOD_LABELS = (
    "Automatic",
    "Net",
    "Classical",
    "Neighbours only",
    "Surroundings only",
    "None (find only)",
    "Diffusion",
)
_WAYS = ("same", "temporal", "classical", "net", "diffusion")
_WAY_LABELS = ("As all else", "Neighbours only", "Classical", "Net", "Diffusion")
_JOINS = ("replace", "add")


def _specs() -> dict[str, ParamSpec]:
    return {spec.path: spec for spec in param_specs()}


def _number(
    spec: ParamSpec,
    name: str,
    parent: str,
    shown: tuple[float, float],
    *,
    scaled: int = 0,
    minimum: float | None = None,
) -> Control:
    unit = f" In {spec.unit}." if spec.unit else ""
    return Control(
        name,
        ParamType.INTEGER if spec.kind == "int" else ParamType.DOUBLE,
        spec.label,
        spec.help + unit,
        spec.default,
        minimum=spec.minimum if minimum is None else minimum,
        maximum=spec.maximum,
        shown=shown,
        parent=parent,
        path=spec.path,
        scaled=scaled,
        unset_at_zero=spec.optional,
    )


def _switch(
    spec: ParamSpec, name: str, parent: str, *, label: str = "", negated: bool = False
) -> Control:
    default = not spec.default if negated else spec.default
    return Control(
        name,
        ParamType.BOOLEAN,
        label or spec.label,
        spec.help,
        default,
        parent=parent,
        path=spec.path,
        negated=negated,
    )


def _chosen(
    spec: ParamSpec, name: str, parent: str, values: tuple[str, ...], options: tuple[str, ...]
) -> Control:
    return Control(
        name,
        ParamType.CHOICE,
        spec.label,
        spec.help,
        values.index(str(spec.default)),
        options=options,
        parent=parent,
        path=spec.path,
        values=values,
    )


def _group(name: str, label: str, hint: str) -> Control:
    return Control(name, ParamType.GROUP, label, hint)


def _choice(
    name: str, label: str, hint: str, options: tuple[str, ...], default: int = 0, parent: str = ""
) -> Control:
    return Control(name, ParamType.CHOICE, label, hint, default, options=options, parent=parent)


def _main(specs: dict[str, ParamSpec]) -> list[Control]:
    return [
        _choice(
            "preset",
            "Preset",
            "A set of controls for a kind of film. Controls that are off their defaults count "
            "before the preset; Custom takes every control as it is shown.",
            ("Custom", "Gentle", "Standard", "Heavy", "Scratches only"),
            2,
        ),
        _number(specs["repair.strength"], "strength", "", (0.0, 1.0)),
        _number(specs["detect.sensitivity"], "sensitivity", "", (0.0, 1.0)),
        _choice(
            "view",
            "View",
            "What is shown: the restored picture, what will be replaced (white), restored minus "
            "source around middle gray, the matte in red on the dimmed picture, both pictures "
            "side by side, or the source.",
            VIEWS,
        ),
        _choice(
            "alpha",
            "Alpha",
            "What the alpha of an RGBA output holds: the source's own, or the damage matte.",
            ALPHAS,
        ),
        Control(
            "differenceGain",
            ParamType.DOUBLE,
            "Difference gain",
            "How much the Difference view exaggerates.",
            8.0,
            minimum=1.0,
            maximum=100.0,
            shown=(1.0, 32.0),
        ),
        Control(
            "splitAt",
            ParamType.DOUBLE,
            "Split at",
            "Where the Split view changes from source (left) to restored, as a share of the width.",
            0.5,
            minimum=0.0,
            maximum=1.0,
            shown=(0.0, 1.0),
        ),
    ]


def _damage(specs: dict[str, ParamSpec]) -> list[Control]:
    group = "damageGroup"
    return [
        _group(group, "Damage", "What counts as damage."),
        _switch(specs["detect.dirt"], "dirt", group, label="Dirt (dark)"),
        _switch(specs["detect.sparkle"], "sparkle", group, label="Dirt (white)"),
        _switch(specs["detect.hair"], "hair", group),
        _switch(specs["detect.scratch"], "scratch", group),
        _switch(specs["detect.stain"], "leaveStains", group, label="Leave stains", negated=True),
        _number(specs["detect.min_area"], "smallestSize", group, (0.0, 100.0), scaled=2),
        _number(specs["detect.max_area"], "largestSize", group, (0.01, 10.0), minimum=0.01),
        _number(specs["detect.grow"], "grow", group, (0.0, 8.0), scaled=1),
        _number(specs["detect.soften"], "soften", group, (0.0, 8.0), scaled=1),
        _number(specs["detect.radius"], "temporalRadius", group, (1, 2)),
        _number(specs["detect.motion_protection"], "motionProtection", group, (0.0, 1.0)),
        _chosen(specs["detect.detector"], "detector", group, _DETECTORS, _DETECTOR_LABELS),
        _switch(specs["cuts.find"], "findCuts", group),
        _number(specs["cuts.threshold"], "cutThreshold", group, (0.0, 1.0)),
    ]


def _repair(specs: dict[str, ParamSpec]) -> list[Control]:
    group = "repairGroup"
    return [
        _group(group, "Repair", "What is put in place of damage."),
        _chosen(specs["repair.method"], "repairMethod", group, _METHODS, _METHOD_LABELS),
        _number(specs["grain.amount"], "grain", group, (0.0, 2.0)),
        _number(specs["seed"], "seed", group, (0, 1000)),
    ]


def _by_class(specs: dict[str, ParamSpec]) -> list[Control]:
    group = "classRepairGroup"
    named = ("dirt", "sparkle", "hair", "scratch", "stain")
    return [
        _group(group, "Repair by kind", "What repairs one kind of damage otherwise than all else."),
        *(
            _chosen(specs[f"repair.{n}"], f"repair{n.capitalize()}", group, _WAYS, _WAY_LABELS)
            for n in named
        ),
    ]


def _drawing(specs: dict[str, ParamSpec]) -> list[Control]:
    group = "drawingGroup"
    large = _unset(
        specs["repair.large_from"],
        "With Automatic, holes from this size on are left to the diffusion net; 0 leaves it none "
        "for its size.",
    )
    unseen = _unset(
        specs["repair.unseen_from"],
        "With Automatic, holes of which neighbours fail to show this share are left to the "
        "diffusion net; 0 leaves it none for that.",
    )
    return [
        _group(group, "Diffusion", "Which holes the diffusion net draws, and how."),
        _number(large, "largeHole", group, (0.0, 5000.0), scaled=2),
        _number(unseen, "unseenHole", group, (0.0, 1.0)),
        _number(specs["sampler.steps"], "drawingSteps", group, (1, 8)),
        _number(specs["sampler.start"], "drawingStart", group, (0.05, 1.0)),
        _number(specs["sampler.fidelity"], "drawingFidelity", group, (0.0, 1.0)),
        _number(specs["sampler.color"], "holdColor", group, (0.0, 1.0)),
        _number(specs["sampler.structure"], "holdStructure", group, (0.0, 1.0)),
        _number(specs["sampler.fineness"], "holdFineness", group, (0.0, 1.0)),
    ]


def _unset(spec: ParamSpec, hint: str) -> ParamSpec:
    """A number that may be empty, which hosts cannot show: 0 stands for it."""
    return replace(spec, default=0.0, help=hint)


def _mattes(specs: dict[str, ParamSpec]) -> list[Control]:
    group = "mattesGroup"
    threshold = _unset(
        specs["matte.threshold"],
        "Values from here on are damage, others none; 0 takes it as soft.",
    )
    yes = "Switch it off in hosts that call the input connected when it is not."
    return [
        _group(group, "Mask and matte", "The inputs beside Source."),
        Control("useMask", ParamType.BOOLEAN, "Use mask", yes, True, parent=group),
        _choice(
            "maskSide",
            "Restore where mask is",
            "Repairs are made only there.",
            ("White", "Black"),
            parent=group,
        ),
        Control("useDamageMatte", ParamType.BOOLEAN, "Use damage matte", yes, True, parent=group),
        _choice(
            "damageMatteSide",
            "Damage matte is",
            "Which end of the damage matte means damage; infrared dirt maps are black there.",
            ("White", "Black"),
            parent=group,
        ),
        _chosen(
            specs["matte.join"],
            "damageMatteJoin",
            group,
            _JOINS,
            ("Replaces what is found", "Joins what is found"),
        ),
        _number(threshold, "damageMatteThreshold", group, (0.0, 1.0)),
    ]


def _engine() -> list[Control]:
    group = "engineGroup"
    encodings = _choice(
        "inputEncoding",
        "Input encoding",
        "How the picture's values mean light. Automatic takes the host's color space where it "
        "tells one; else float is scene-linear and integers are a display picture.",
        (
            "Automatic",
            "Scene-linear",
            "Film log (Cineon)",
            "Printing density",
            "ACEScct",
            "Camera log",
            "sRGB",
            "Rec.709 video",
            "Raw",
        ),
        parent=group,
    )
    return [
        _group(group, "Picture and engine", "How the picture is read and where the work is done."),
        replace(encodings, path="picture.encoding", values=ENCODINGS),
        _choice(
            "device",
            "Device",
            "Where nets run. Automatic takes a GPU where one can be used.",
            (
                "Automatic",
                "Processor",
                "NVIDIA (CUDA)",
                "NVIDIA (TensorRT)",
                "Apple (CoreML)",
                "Windows (DirectML)",
            ),
            parent=group,
        ),
        _choice(
            "quality",
            "Quality",
            "Draft works without nets and with one neighbour on each side: faster, and not what a "
            "full render gives.",
            QUALITIES,
            parent=group,
        ),
    ]


def _texts(about: tuple[tuple[str, str, str], ...]) -> list[Control]:
    model = (
        "An ONNX file that carries its card, or a name from 'filmrestore models list'; empty takes "
        "the net that comes with filmrestore."
    )
    files = [
        Control(
            name,
            ParamType.STRING,
            label,
            model,
            "",
            parent="engineGroup",
            mode=StringMode.FILE,
        )
        for name, label in (
            ("modelFile", "Detector model file"),
            ("repairModelFile", "Repair model file"),
            ("diffusionModelFile", "Diffusion model file"),
        )
    ]
    labels = [
        Control(
            name,
            ParamType.STRING,
            label,
            "What is installed here.",
            text,
            parent="aboutGroup",
            mode=StringMode.LABEL,
        )
        for name, label, text in about
    ]
    return [*files, *labels]


ABOUT = ("aboutVersion", "aboutModel", "aboutDevice", "aboutLog")
_ABOUT_LABELS = ("Version", "Models", "Device", "Log file")


def controls(about: tuple[str, str, str, str] = ("", "", "", "")) -> tuple[Control, ...]:
    """All host parameters in the order they are defined; texts last.

    Simple hosts drop every parameter behind one of a kind they lack, and texts are such a kind.

    Args:
        about: version, models, device and log file, as the About group shows them.
    """
    specs = _specs()
    most = [
        *_main(specs),
        *_damage(specs),
        *_repair(specs),
        *_by_class(specs),
        *_drawing(specs),
        *_mattes(specs),
        *_engine(),
        _group("aboutGroup", "About", "What is installed here."),
    ]
    texts = _texts(tuple(zip(ABOUT, _ABOUT_LABELS, about, strict=True)))
    on_page = tuple(c.name for c in [*most, *texts] if not c.parent)
    page = Control("controlsPage", ParamType.PAGE, "Controls", children=on_page)
    return (*most, page, *texts)
