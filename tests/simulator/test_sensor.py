"""Noise of the sensor: counts are Poisson distributed, though most are not drawn as such."""

import numpy as np
import pytest

from focusbench.simulator import Sensor


@pytest.mark.parametrize("electrons", [5.0, 31.0, 100.0, 1000.0])
def test_counts_have_the_mean_variance_and_skewness_of_a_poisson_count(electrons):
    sensor = Sensor(shape=(1000, 1000), gain_e_per_adu=0.05, read_noise_e=0.0, bias_adu=0.0)
    light = np.full(sensor.shape, electrons)
    counted = sensor.read(light, 1.0, np.random.default_rng(8)) * 0.05
    deviation = counted - electrons
    # A million pixels: the errors of mean, variance and skewness are 0.1, 0.14 and 0.25 %; the
    # variance of the approximation is too large by 1/18 of an electron, 0.2 % at 31.
    assert deviation.mean() == pytest.approx(0, abs=4e-3 * electrons**0.5)
    assert deviation.var() == pytest.approx(electrons, rel=0.01)
    skewness = (deviation**3).mean() / deviation.var() ** 1.5
    assert skewness == pytest.approx(electrons**-0.5, abs=0.012)
