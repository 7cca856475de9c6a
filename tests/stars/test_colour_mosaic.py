"""A one-shot-colour frame reads what a mono frame of the same stars reads."""

import numpy as np
import pytest

from focusbench.frames import Frame
from focusbench.simulator import simulated_rig
from focusbench.stars import measure


@pytest.mark.parametrize("steps_off", [0, 150])
def test_colour_mosaic_reads_as_mono(steps_off):
    rig = simulated_rig(
        best_focus=10_250, start=10_250 + steps_off, seed=4, shape=(480, 640), n_stars=120
    )
    rig.camera.start_exposure(3.0)
    rig.clock.sleep(10)
    mono = rig.camera.read_image()
    gains = np.tile([[0.55, 1.0], [1.0, 0.4]], (240, 320))
    bias = 500.0
    light = np.clip(mono.pixels.astype(float) - bias, 0, None) * gains + bias
    colour = Frame(light.round().astype(np.uint16), header={"BAYERPAT": "RGGB"})
    # The stars of both are the same; the colours' photons are fewer, hence a looser tolerance
    # than the 0.4 % of noise-free stars.
    assert measure(colour).value == pytest.approx(measure(mono).value, rel=0.03)
