import numpy as np

from filmrestore_core.synth.film import damage_sequence
from filmrestore_core.synth.recipe import RecipeSettings


def test_cue_marks_are_in_clean_and_damaged_and_in_no_matte():
    recipe = RecipeSettings.model_validate({"cue": {"every": 10, "frames": 2}})
    plate = np.full((120, 160, 1), 0.4, np.float32)
    frames = damage_sequence([plate] * 12, recipe, seed=0, first=20)
    marked = [not np.array_equal(f.clean, plate) for f in frames]
    assert marked == [n % 10 < 2 for n in range(20, 32)]
    for f in frames:
        assert np.array_equal(f.damaged, f.clean)
        assert f.strength == {}
    y, x = np.argwhere(frames[0].clean[..., 0] != 0.4).mean(axis=0)
    assert x > 0.85 * 160
    assert y < 0.2 * 120
