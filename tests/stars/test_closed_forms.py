"""Radii and widths of noise-free stars, at any place between pixels, against closed forms.

Half-flux radius: R √((1 + ε²) / 2) of an annulus (a disk: ε = 0), √(2 ln 2) σ of a Gaussian.
Mean radius: (2/3) R (1 − ε³) / (1 − ε²), √(π/2) σ. ASTAP's diameter is twice the mean radius.
FWHM: 2 √(2 ln 2) σ of a Gaussian, a Moffat profile's own.

The closed forms are those of the light before it falls on pixels. The pixels here hold the light
of their squares; `hfr` and `hfr_mean_radius` are of the star so smeared, and the smear, 1/12 px²
an axis, adds 1/12 to σ² of a Gaussian: 0.64 % to a half-flux radius of 3 px and 0.24 % to one of
5 px, less to a disk. So the forms are compared as they are; `fwhm` takes the smear off itself.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from focusbench.stars import measure

SUB = 16
"""Parts of a pixel along a side; the light of a part at an edge is its share of area."""

WIDEST_GAUSSIAN = 12.0
"""Half-flux radius, pixels: what is wider and ends softly is taken for a cloud or a nebula."""

offsets = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
property_test = settings(max_examples=25, deadline=None, derandomize=True)


def frame(light):
    """A star on an even sky, float32 as cameras' frames are at most precise."""
    return (100.0 + 1e6 * np.pad(light / light.sum(), 25)).astype(np.float32)


def annulus(radius, obstruction, offset):
    half = math.ceil(radius) + 3
    fine = (np.arange((2 * half + 1) * SUB) + 0.5) / SUB - 0.5 - half
    distance = np.hypot(fine[None, :] - offset[0], fine[:, None] - offset[1]) * SUB
    outer, inner = (np.clip(r * SUB - distance + 0.5, 0, 1) for r in (radius, obstruction * radius))
    lit = outer - inner if obstruction > 0 else outer
    return lit.reshape(2 * half + 1, SUB, 2 * half + 1, SUB).sum(axis=(1, 3))


def gaussian(sigma, offset):
    half = math.ceil(6 * sigma) + 3
    edges = np.arange(-half, half + 2) - 0.5
    x, y = (np.diff(erf((edges - middle) / (math.sqrt(2) * sigma))) for middle in offset)
    return y[:, None] * x[None, :]


def moffat(fwhm, beta, offset):
    """By Gauss's four points a side in each pixel, of nine parts of it."""
    half = math.ceil(12 * fwhm)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    parts = (np.arange(3)[:, None] + 0.5 + nodes / 2) / 3 - 0.5
    fine = (np.arange(-half, half + 1)[:, None] + parts.ravel()).ravel()
    core = fwhm / 2 / math.sqrt(2 ** (1 / beta) - 1)
    r2 = (fine[None, :] - offset[0]) ** 2 + (fine[:, None] - offset[1]) ** 2
    light = (1 + r2 / core**2) ** -beta
    weight = np.tile(weights, 3 * (2 * half + 1))
    light *= weight[:, None] * weight
    n = 2 * half + 1
    return light.reshape(n, 12, n, 12).sum(axis=(1, 3))


def half_flux(radius, obstruction):
    return radius * math.sqrt((1 + obstruction**2) / 2)


def mean_radius(radius, obstruction):
    return 2 / 3 * radius * (1 - obstruction**3) / (1 - obstruction**2)


@property_test
@given(st.floats(3, 40), st.sampled_from([0.0, 0.2, 0.35, 0.5]), offsets)
def test_half_flux_radius_of_disks_and_annuli(radius, obstruction, offset):
    measured = measure(frame(annulus(radius, obstruction, offset)))
    assert measured.n_stars == 1
    assert measured.value == pytest.approx(half_flux(radius, obstruction), rel=0.01)


@property_test
@given(st.floats(3, WIDEST_GAUSSIAN), offsets)
def test_half_flux_radius_of_gaussians(radius, offset):
    measured = measure(frame(gaussian(radius / math.sqrt(2 * math.log(2)), offset)))
    assert measured.value == pytest.approx(radius, rel=0.01)


@property_test
@given(st.floats(5, 40), st.sampled_from([0.0, 0.2, 0.35, 0.5]), offsets)
def test_mean_radius_and_astaps_diameter_of_disks_and_annuli(radius, obstruction, offset):
    measured = measure(frame(annulus(radius, obstruction, offset)), metric="hfd_astap")
    expected = mean_radius(radius, obstruction)
    assert measured.others["hfr_mean_radius"] == pytest.approx(expected, rel=0.01)
    assert measured.value == pytest.approx(2 * expected, rel=0.01)


@property_test
@given(st.floats(5, WIDEST_GAUSSIAN), offsets)
def test_mean_radius_and_astaps_diameter_of_gaussians(radius, offset):
    light = gaussian(radius / math.sqrt(math.pi / 2), offset)
    measured = measure(frame(light), metric="hfd_astap")
    assert measured.others["hfr_mean_radius"] == pytest.approx(radius, rel=0.01)
    assert measured.value == pytest.approx(2 * radius, rel=0.01)


@property_test
@given(st.floats(3, 20), offsets)
def test_fwhm_of_gaussians(fwhm, offset):
    measured = measure(
        frame(gaussian(fwhm / (2 * math.sqrt(2 * math.log(2))), offset)), metric="fwhm"
    )
    assert measured.value == pytest.approx(fwhm, rel=0.01)


@property_test
@given(st.floats(3, 12), st.sampled_from([2.5, 3.0, 4.0, 4.765]), offsets)
def test_fwhm_of_moffat_profiles(fwhm, beta, offset):
    measured = measure(frame(moffat(fwhm, beta, offset)), metric="fwhm")
    assert measured.value == pytest.approx(fwhm, rel=0.01)
