"""Whatever is given: a number, or a sentence that says why not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from focusbench.errors import MeasurementError
from focusbench.frames import Frame
from focusbench.stars import measure

DTYPES = ("u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">i4", "<i8", ">u8", "f2", "<f4", ">f4")
DTYPES += ("<f8", ">f8", "?")
SPECIAL = (0.0, -0.0, 1.0, -1.0, 65_535.0, -32_768.0, 1e30, -1e30, 1e300, np.nan, np.inf, -np.inf)


def _ask(pixels, **options):
    try:
        measured = measure(pixels, **options)
    except MeasurementError as error:
        assert str(error).rstrip(".")  # noqa: PT017 (either outcome is right)
        return
    assert np.isfinite(measured.value)
    assert measured.value > 0
    assert measured.error is None or measured.error >= 0
    assert measured.n_stars == measured.stars["used"].sum() >= 1
    assert ((measured.stars["reason"] == "") == measured.stars["used"]).all()
    assert measured.confidence in ("good", "low")


@st.composite
def frames(draw):
    """Noise of any level, with stars, blocks and rubbish on it, as any type."""
    shape = draw(st.tuples(st.integers(1, 90), st.integers(1, 90)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level = draw(st.sampled_from((0.0, 100.0, 30_000.0, -500.0, 1e9)))
    values = level + draw(st.sampled_from((0.0, 0.2, 5.0, 1e4))) * rng.standard_normal(shape)
    y, x = np.indices(shape)
    for _ in range(draw(st.integers(0, 6))):
        size = draw(st.sampled_from((0.3, 1.0, 3.0, 20.0)))
        r2 = (x - rng.uniform(0, shape[1])) ** 2 + (y - rng.uniform(0, shape[0])) ** 2
        height = draw(st.sampled_from((-1e3, 30.0, 3e3, 1e6)))
        disc = draw(st.booleans())
        values += height * ((r2 < size**2) if disc else np.exp(-r2 / (2 * size**2)))
    for value in draw(st.lists(st.sampled_from(SPECIAL), max_size=4)):
        some = draw(st.sampled_from(("row", "column", "few", "most")))
        if some == "row":
            values[rng.integers(shape[0])] = value
        elif some == "column":
            values[:, rng.integers(shape[1])] = value
        else:
            values[rng.random(shape) < (0.02 if some == "few" else 0.8)] = value
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    with np.errstate(all="ignore"):
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            values = np.clip(np.nan_to_num(values), float(info.min) / 2, float(info.max) / 2)
        pixels = values.astype(dtype)
    return np.asfortranarray(pixels) if draw(st.booleans()) else pixels


@settings(max_examples=200, deadline=None)
@given(
    frames(),
    st.sampled_from(("hfr", "hfr_mean_radius", "hfd_astap", "fwhm")),
    st.sampled_from((0.0, 10.0, 60.0)),
    st.sampled_from((0.0, 3.0, 12.0)),
)
def test_any_picture_gives_a_number_or_a_measurement_error(pixels, metric, crop, diameter):
    _ask(pixels, metric=metric, crop_percent=crop, min_star_diameter_px=diameter)


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(
        st.sampled_from(DTYPES).map(np.dtype),
        arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
    )
)
def test_any_array_gives_a_number_or_a_measurement_error(pixels):
    _ask(pixels)


@settings(max_examples=30, deadline=None)
@given(frames(), st.sampled_from(("RGGB", "GBRG")), st.sampled_from((100.0, 3e4)))
def test_any_mosaic_gives_a_number_or_a_measurement_error(pixels, pattern, full):
    _ask(Frame(pixels, header={"BAYERPAT": pattern, "SATURATE": full}))
