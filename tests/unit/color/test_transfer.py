import numpy as np
import pytest

from filmrestore_core.color import transfer
from filmrestore_core.color.transfer import Curve

CURVES = [
    transfer.LINEAR,
    transfer.SRGB,
    transfer.BT1886,
    transfer.CINEON,
    transfer.ACESCCT,
    transfer.ACESCC,
    transfer.WORKING,
]
BY_NAME = pytest.mark.parametrize("curve", CURVES, ids=lambda c: c.name)


@BY_NAME
def test_codes_come_back_exactly_enough_for_sixteen_bits(curve: Curve) -> None:
    codes = np.arange(65536) / 65535
    back = curve.encode(curve.decode(codes))
    # Half a 16-bit code is 7.6e-6. IEC 61966-2-1 rounds its break point, which leaves sRGB a step
    # of about 3e-8 there; float64 rounding is far below.
    assert np.abs(back - codes).max() < 1e-7


@BY_NAME
def test_shape_is_kept_and_the_input_is_not_changed(curve: Curve) -> None:
    values = np.linspace(0.01, 1.0, 24, dtype=np.float32)
    kept = values.copy()
    flat = curve.decode(values)
    assert flat.shape == (24,)
    assert flat.dtype == np.float64
    for shape in ((4, 6), (2, 3, 4), (1, 24, 1)):
        np.testing.assert_array_equal(curve.decode(values.reshape(shape)), flat.reshape(shape))
        assert curve.encode(values.reshape(shape)).shape == shape
    np.testing.assert_array_equal(values, kept)
    assert float(curve.decode(0.5)) == pytest.approx(float(curve.decode([0.5])[0]))


@BY_NAME
def test_nan_stays_nan_and_infinities_do_not_raise(curve: Curve) -> None:
    for function in (curve.encode, curve.decode):
        assert np.isnan(function(np.nan))
        assert function(np.inf) > 1
        assert function(-np.inf) < 0.08  # black or below it in every curve; ACEScct's is 0.0729


@BY_NAME
def test_more_light_never_gives_a_smaller_code(curve: Curve) -> None:
    light = np.concatenate([-np.logspace(3, -7, 500), [0.0], np.logspace(-7, 4, 2000)])
    assert (np.diff(curve.encode(light)) >= 0).all()


# Published points: (linear light, code value, tolerance by the digits published).
POINTS = [
    (transfer.SRGB, 0.0, 0.0, 0.0),
    (transfer.SRGB, 0.0031308, 0.040449936, 1e-8),
    (transfer.SRGB, 0.5, 0.735356983, 1e-8),
    (transfer.SRGB, 1.0, 1.0, 1e-12),
    (transfer.BT1886, 0.5**2.4, 0.5, 1e-12),
    (transfer.BT1886, 1.0, 1.0, 0.0),
    (transfer.CINEON, 0.0, 95 / 1023, 1e-12),
    (transfer.CINEON, 0.18, 0.457319613, 1e-8),
    (transfer.CINEON, 1.0, 685 / 1023, 1e-12),
    (transfer.ACESCCT, 0.0, 0.0729055341958355, 1e-15),
    (transfer.ACESCCT, 0.0078125, 0.155251141552511, 1e-14),
    (transfer.ACESCCT, 0.18, 0.413588402492442, 1e-14),
    (transfer.ACESCCT, 65504.0, 1.467996312, 1e-9),
    (transfer.ACESCC, 0.0, -0.358447488584475, 1e-14),
    (transfer.ACESCC, 0.18, 0.413588402492442, 1e-14),
    (transfer.ACESCC, 65504.0, 1.467996312, 1e-9),
]


@pytest.mark.parametrize(("curve", "light", "code", "tolerance"), POINTS)
def test_published_points(curve: Curve, light: float, code: float, tolerance: float) -> None:
    assert float(curve.encode(light)) == pytest.approx(code, rel=0, abs=tolerance)


# Computed with OpenColorIO 2.5.1 inside OpenImageIO 3.2.2:
#   config = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
#   source = oiio.ImageBuf(np.repeat(np.array(LIGHT, "f4")[None, :, None], 3, 2))
#   oiio.ImageBufAlgo.colorconvert(source, "ACEScg", "ACEScct", unpremult=False,
#                                  colorconfig=config).get_pixels()[0, :, 0]
LIGHT = [-0.01, 0, 1e-5, 0.001, 0.0078125, 0.02, 0.18, 0.5, 1, 2, 16, 100, 65504]
OCIO_ACESCCT = [
    *(-0.032496802508831024, 0.07290557026863098, 0.07301097363233566, 0.08344580978155136),
    *(0.1552511751651764, 0.23265722393989563, 0.4135878086090088, 0.49771764874458313),
    *(0.5547952651977539, 0.6118729114532471, 0.7831057906150818, 0.9340097308158875),
    1.4679970741271973,
]
OCIO_ACESCC = [
    *(-0.3584478199481964, -0.3584478199481964, -0.33510822057724, -0.01402902603149414),
    *(0.1552509069442749, 0.23265641927719116, 0.4135882854461670, 0.49771696478128433),
    *(0.5547944903373718, 0.6118718981742859, 0.7831047773361206, 0.9340099096298218),
    1.4679961204528809,
]


def test_aces_curves_agree_with_opencolorio() -> None:
    # OpenColorIO works in float32 with a fast logarithm: about 1e-6.
    np.testing.assert_allclose(transfer.acescct_encode(LIGHT), OCIO_ACESCCT, rtol=0, atol=2e-6)
    np.testing.assert_allclose(transfer.acescc_encode(LIGHT), OCIO_ACESCC, rtol=0, atol=2e-6)


def test_cineon_reference_codes() -> None:
    light = transfer.cineon_decode(np.array([95, 445, 685]) / 1023)
    # (10^-0.8 - o) / (1 - o) with o = 10^(-590 / 300)
    offset = 10 ** (-590 / 300)
    np.testing.assert_allclose(light, [0, (10**-0.8 - offset) / (1 - offset), 1], atol=1e-12)
    assert 13.4 < float(transfer.cineon_decode(1.0)) < 13.6
    assert float(transfer.cineon_encode(-5.0)) == 0.0


def test_the_working_curve_is_acescct_and_its_mirror_image() -> None:
    light = np.array([-0.0078125, -0.001, 0.0, 0.001, 0.18, 1.0, 1e6])
    # Mirroring rounds once more.
    np.testing.assert_allclose(
        transfer.working_encode(light), transfer.acescct_encode(light), rtol=0, atol=1e-16
    )
    black = transfer.working_encode(0.0)
    up = transfer.working_encode([1e-9, 0.5, 65504.0, 3e38]) - black
    down = transfer.working_encode([-1e-9, -0.5, -65504.0, -3e38]) - black
    # Equal up to the rounding of 2 * black - code.
    np.testing.assert_allclose(down, -up, rtol=0, atol=1e-15)


def test_the_working_curve_stays_small_over_all_of_float32() -> None:
    largest = float(np.finfo(np.float32).max)
    codes = transfer.working_encode([-largest, -1e6, 1e6, largest])
    assert np.abs(codes).max() < 8
    np.testing.assert_allclose(
        transfer.working_decode(codes), [-largest, -1e6, 1e6, largest], rtol=1e-12
    )
