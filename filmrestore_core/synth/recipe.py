"""RecipeSettings: which damage, how much; with a seed it says every pixel."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from filmrestore_core.errors import SettingsError
from filmrestore_core.synth.cue import CueSettings
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.dust import SpeckSettings
from filmrestore_core.synth.flicker import FlickerSettings
from filmrestore_core.synth.gauge import Gauge
from filmrestore_core.synth.generation import GenerationSettings
from filmrestore_core.synth.grain import GrainSettings, Stock
from filmrestore_core.synth.hair import HairSettings
from filmrestore_core.synth.scratch import ScratchSettings
from filmrestore_core.synth.section import Section
from filmrestore_core.synth.stain import StainSettings
from filmrestore_core.synth.tear import TearSettings
from filmrestore_core.synth.weave import WeaveSettings

SCHEMA = 1


class RecipeSettings(Section):
    """Everything that is done to a clean plate, in the order of the fields below `tone`.

    Sizes are in micron on the film, numbers per frame: the same recipe gives the same film at any
    resolution. The defaults do nothing.
    """

    schema_version: int = Field(SCHEMA, ge=SCHEMA, le=SCHEMA, alias="schema")
    gauge: Gauge = Field(Gauge.MM35, description="Width of the film.")
    tone: Tone = Field(Tone.DISPLAY, description="What the plates' code values mean.")
    cue: CueSettings = CueSettings()
    flicker: FlickerSettings = FlickerSettings()
    grain: GrainSettings = GrainSettings()
    weave: WeaveSettings = WeaveSettings()
    dirt: SpeckSettings = SpeckSettings()
    sparkle: SpeckSettings = SpeckSettings()
    hair: HairSettings = HairSettings()
    scratch: ScratchSettings = ScratchSettings()
    stain: StainSettings = StainSettings()
    tear: TearSettings = TearSettings()
    generation: GenerationSettings = GenerationSettings()

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, populate_by_name=True
    )


# Frame counts of the ten scans of strongly used film: specks 33 to 1278 and 23 to 477 with sizes
# of 3500 and 8600 square micron, short hairs 11 to 386, long hairs 0 to 172 on 36 x 24.6 mm.
# A 35 mm cine frame has two fifths of that area; "heavy" is about the middle of those scans.
_PRESETS = {
    "clean": RecipeSettings(grain=GrainSettings(stock=Stock.FINE)),
    "light": RecipeSettings(
        grain=GrainSettings(stock=Stock.FINE),
        weave=WeaveSettings(amount=4),
        flicker=FlickerSettings(amount=0.004),
        dirt=SpeckSettings(per_frame=12),
        sparkle=SpeckSettings(per_frame=8),
        hair=HairSettings(per_frame=0.4, in_gate=0.1),
        scratch=ScratchSettings(present=0.3, strongest=0.3),
    ),
    "medium": RecipeSettings(
        grain=GrainSettings(stock=Stock.MEDIUM),
        weave=WeaveSettings(amount=12),
        flicker=FlickerSettings(amount=0.01, local=0.004),
        dirt=SpeckSettings(per_frame=45, large=0.06),
        sparkle=SpeckSettings(per_frame=30),
        hair=HairSettings(per_frame=1.5, in_gate=0.3),
        scratch=ScratchSettings(present=1.0, colored=0.2),
        stain=StainSettings(present=0.1),
    ),
    "heavy": RecipeSettings(
        grain=GrainSettings(stock=Stock.COARSE),
        weave=WeaveSettings(amount=30),
        flicker=FlickerSettings(amount=0.03, local=0.012),
        dirt=SpeckSettings(per_frame=220, large=0.08),
        sparkle=SpeckSettings(per_frame=110, large=0.06),
        hair=HairSettings(per_frame=8, in_gate=0.8),
        scratch=ScratchSettings(present=3.5, colored=0.3),
        stain=StainSettings(present=0.5, frames=1.3),
        tear=TearSettings(tears=0.01, splices=0.01),
    ),
    # Dust does not shrink with the film: on narrow gauges the same specks cover more picture.
    "16mm": RecipeSettings(
        gauge=Gauge.MM16,
        grain=GrainSettings(stock=Stock.MEDIUM),
        weave=WeaveSettings(amount=10),
        flicker=FlickerSettings(amount=0.01, local=0.004),
        dirt=SpeckSettings(per_frame=18, large=0.06),
        sparkle=SpeckSettings(per_frame=9),
        hair=HairSettings(per_frame=0.8, in_gate=0.4),
        scratch=ScratchSettings(present=1.2, colored=0.2),
        stain=StainSettings(present=0.1, area=5e5),
    ),
    "8mm": RecipeSettings(
        gauge=Gauge.MM8,
        grain=GrainSettings(stock=Stock.MEDIUM, amount=0.7),
        weave=WeaveSettings(amount=12),
        flicker=FlickerSettings(amount=0.02, local=0.008),
        dirt=SpeckSettings(per_frame=9, area=2200, large=0.05),
        sparkle=SpeckSettings(per_frame=6, area=2200),
        hair=HairSettings(per_frame=0.6, in_gate=0.8, width=20, length=300),
        scratch=ScratchSettings(present=1.5, width=12, colored=0.3),
        stain=StainSettings(present=0.1, area=2e5),
        generation=GenerationSettings(blur=6, contrast=0.95),
    ),
    # A worn print as an old video transfer shows it.
    "transfer": RecipeSettings(
        grain=GrainSettings(stock=Stock.COARSE),
        cue=CueSettings(every=240),
        weave=WeaveSettings(amount=30),
        flicker=FlickerSettings(amount=0.03, local=0.012),
        dirt=SpeckSettings(per_frame=130, large=0.08),
        sparkle=SpeckSettings(per_frame=60, large=0.06),
        hair=HairSettings(per_frame=4, in_gate=0.5),
        scratch=ScratchSettings(present=2.5),
        stain=StainSettings(present=0.3, frames=1.3),
        generation=GenerationSettings(blur=22, contrast=0.9, lift=0.02, jpeg=55),
    ),
}


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that come with the program."""
    return tuple(_PRESETS)


def load_recipe(name: str) -> RecipeSettings:
    """A recipe by name.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in _PRESETS:
        raise SettingsError(
            f"There is no recipe called '{name}'.", hint=f"known are {', '.join(_PRESETS)}"
        )
    return _PRESETS[name]
