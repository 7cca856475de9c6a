"""The simulated devices by the contracts of all devices, and the rig as a whole."""

import json
import threading

import numpy as np
import pytest

from focusbench.devices import RealClock, Rig, VirtualClock, wait_until
from focusbench.errors import DeviceRefused, OptionsError
from focusbench.simulator import Filter, simulated_rig
from tests.contracts.device_contracts import (
    CameraContract,
    FilterWheelContract,
    FocuserContract,
    ThermometerContract,
)

SMALL = {"shape": (120, 160), "n_stars": 20}


@pytest.fixture
def rig():
    return simulated_rig(seed=1, **SMALL)


class OnVirtualTime:
    @pytest.fixture
    def made(self):
        return simulated_rig(seed=1, **SMALL)

    @pytest.fixture
    def clock(self, made):
        return made.clock


class OnRealTime(OnVirtualTime):
    @pytest.fixture
    def made(self):
        return simulated_rig(seed=1, live=True, download_s=0.1, **SMALL)


class FocuserOf:
    @pytest.fixture
    def focuser(self, made):
        return made.focuser


class CameraOf:
    @pytest.fixture
    def camera(self, made):
        return made.camera


class TestSimulatedFocuser(FocuserOf, OnVirtualTime, FocuserContract):
    pass


class TestLiveFocuser(FocuserOf, OnRealTime, FocuserContract):
    pass


class TestSimulatedCamera(CameraOf, OnVirtualTime, CameraContract):
    pass


class TestLiveCamera(CameraOf, OnRealTime, CameraContract):
    pass


class TestSimulatedFilterWheel(OnVirtualTime, FilterWheelContract):
    @pytest.fixture
    def wheel(self, made):
        return made.filter_wheel


class TestSimulatedThermometer(OnVirtualTime, ThermometerContract):
    @pytest.fixture
    def thermometer(self, made):
        return made.thermometer


def expose(rig, position=None, exposure_s=3.0, binning=1):
    """Move there and take a frame, as a run does."""
    if position is not None:
        rig.focuser.start_move(position)
        wait(rig, lambda: not rig.focuser.is_moving())
    rig.camera.start_exposure(exposure_s, binning=binning)
    wait(rig, rig.camera.image_ready)
    return rig.camera.read_image()


def wait(rig, done):
    wait_until(done, rig.clock, stop=None, timeout_s=300.0, device="device", doing="was late")


def sharpness(frame):
    """Sum of squares over the sky: the largest where the light is in the fewest pixels."""
    pixels = frame.pixels.astype(float)
    return (np.clip(pixels - np.median(pixels) - 60, 0, None) ** 2).sum()


# Truth


def test_truth_is_what_was_asked_for(rig):
    assert rig.true_best_focus() == 10_250
    assert simulated_rig(best_focus=9_000.5, **SMALL).true_best_focus() == 9_000.5


def test_frame_is_sharpest_at_true_best_focus():
    rig = simulated_rig(
        seed=2, seeing_variation=0.0, focus_steps_per_c=0.0, shape=(240, 320), n_stars=40
    )
    positions = range(10_400, 10_099, -30)
    values = {position: sharpness(expose(rig, position)) for position in positions}
    assert max(values, key=values.get) == 10_250
    inner = [values[position] for position in positions if position <= 10_250]
    assert inner == sorted(inner, reverse=True)


def test_frame_is_sharpest_further_out_when_approached_outward():
    # The drawtube lags 20 steps behind: it stands at best focus when the focuser says 10 270.
    rig = simulated_rig(
        seed=2,
        seeing_variation=0.0,
        focus_steps_per_c=0.0,
        start=10_000,
        shape=(240, 320),
        n_stars=40,
    )
    values = {p: sharpness(expose(rig, p)) for p in range(10_170, 10_371, 20)}
    assert max(values, key=values.get) == 10_270


def test_truth_moves_as_the_air_cools(rig):
    rig.clock.sleep(3600.0)
    assert rig.true_best_focus() == pytest.approx(10_230)
    assert rig.temperature_c() == pytest.approx(9.0)


def test_frame_shows_where_the_drawtube_was_in_mid_exposure_however_late_it_is_fetched():
    settings = {"seed": 3, "seeing_variation": 0.0, "focus_steps_per_c": 0.0, **SMALL}
    prompt, late = simulated_rig(**settings), simulated_rig(**settings)
    expected = expose(prompt, 10_250).pixels
    late.focuser.start_move(10_250)
    wait(late, lambda: not late.focuser.is_moving())
    late.camera.start_exposure(3.0)
    wait(late, late.camera.image_ready)
    late.focuser.start_move(10_800)
    late.clock.sleep(600.0)
    np.testing.assert_array_equal(late.camera.read_image().pixels, expected)


# Seeds


def test_same_seed_and_same_commands_give_the_same_pixels():
    first, second = (simulated_rig(seed=4, **SMALL) for _ in range(2))
    for position in (10_300, 10_250):
        np.testing.assert_array_equal(
            expose(first, position).pixels, expose(second, position).pixels
        )


def test_another_seed_gives_another_sky():
    one, other = simulated_rig(seed=4, **SMALL), simulated_rig(seed=5, **SMALL)
    assert not np.array_equal(one.sky.x, other.sky.x)
    assert not np.array_equal(expose(one).pixels, expose(other).pixels)


def test_two_exposures_never_have_the_same_noise(rig):
    assert not np.array_equal(expose(rig).pixels, expose(rig).pixels)


def test_frame_fetched_twice_is_the_same(rig):
    frame = expose(rig)
    np.testing.assert_array_equal(frame.pixels, rig.camera.read_image().pixels)


def test_rig_without_a_seed_can_be_made_again_from_the_one_it_drew():
    rig = simulated_rig(**SMALL)
    again = simulated_rig(seed=rig.seed, **SMALL)
    np.testing.assert_array_equal(expose(rig).pixels, expose(again).pixels)
    assert simulated_rig(**SMALL).seed != rig.seed


def test_seeing_differs_from_frame_to_frame_on_the_rig():
    def scatter_of_peak(variation):
        rig = simulated_rig(
            seed=6,
            shape=(64, 64),
            n_stars=10,
            start=10_250,
            focus_steps_per_c=0.0,
            seeing_variation=variation,
        )
        peaks = [float(expose(rig, exposure_s=60.0).pixels.max()) - 2000 for _ in range(40)]
        return np.std(np.log(peaks))

    # The peak of a star goes nearly as the inverse square of the seeing; its noise is 1 %.
    assert scatter_of_peak(0.04) == pytest.approx(2 * 0.04, rel=0.35)
    assert scatter_of_peak(0.0) < 0.02


# Time


def test_exposure_takes_its_time_and_the_download():
    rig = simulated_rig(seed=1, download_s=2.0, **SMALL)
    began_s = rig.clock.now()
    rig.camera.start_exposure(3.0)
    rig.clock.sleep(4.9)
    assert not rig.camera.image_ready()
    rig.clock.sleep(0.1)
    assert rig.camera.image_ready()
    assert rig.clock.now() == began_s + 5.0
    assert rig.camera.read_image().time_s == began_s + 1.5


def test_move_takes_as_long_as_the_speed_says():
    rig = simulated_rig(seed=1, start=10_000, focuser_speed=50.0, **SMALL)
    rig.focuser.start_move(10_100)
    rig.clock.sleep(1.0)
    assert rig.focuser.position() == 10_050
    rig.clock.sleep(1.0)
    assert (rig.focuser.position(), rig.focuser.is_moving()) == (10_100, False)


def test_virtual_time_is_the_default_and_real_time_is_asked_for():
    assert isinstance(simulated_rig(seed=1, **SMALL).clock, VirtualClock)
    assert isinstance(simulated_rig(seed=1, live=True, speed=20.0, **SMALL).clock, RealClock)


def test_aborted_exposure_counts_so_that_the_next_has_its_own_noise():
    plain, aborting = simulated_rig(seed=7, **SMALL), simulated_rig(seed=7, **SMALL)
    first = expose(plain).pixels
    aborting.camera.start_exposure(3.0)
    aborting.camera.abort()
    assert not np.array_equal(expose(aborting).pixels, first)


# The rig


def test_rig_is_a_rig_with_optics_and_thermometer(rig):
    assert isinstance(rig, Rig)
    assert (rig.focal_ratio, rig.obstruction) == (7.0, 0.3)
    assert rig.camera.pixel_um == 3.76
    assert rig.camera.shape == (120, 160)
    assert rig.temperature_c() == 10.0
    assert rig.filter() == "L"
    assert simulated_rig(filters=None, **SMALL).filter() is None


def test_description_holds_seed_and_truth_and_can_be_saved(rig):
    described = json.loads(json.dumps(rig.describe()))
    assert described["seed"] == 1
    assert described["true_best_focus"] == 10_250
    assert described["focuser_limits"] == [0, 25_000]


def test_focuser_stands_half_a_step_size_from_best_focus_at_first(rig):
    assert rig.focuser.position() == 10_220
    assert simulated_rig(start=9_876, **SMALL).focuser.position() == 9_876
    assert simulated_rig(best_focus=10, **SMALL).focuser.position() == 0


def test_narrow_limits_are_kept():
    rig = simulated_rig(limits=(10_000, 10_500), **SMALL)
    with pytest.raises(DeviceRefused, match="from 10000 to 10500; it was sent to 10501"):
        rig.focuser.start_move(10_501)


def test_field_without_stars_can_be_taken():
    assert expose(simulated_rig(seed=1, shape=(60, 60), n_stars=0)).pixels.shape == (60, 60)


def test_panel_may_look_while_the_run_moves_and_exposes():
    rig = simulated_rig(seed=1, start=10_000, **SMALL)
    done, errors, seen = threading.Event(), [], []

    def look():
        try:
            while not done.is_set():
                seen.append(rig.focuser.position())
                rig.focuser.is_moving()
                rig.camera.image_ready()
                rig.true_best_focus()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for position in range(10_000, 10_400, 20):
        expose(rig, position, exposure_s=0.5)
    done.set()
    thread.join()
    assert errors == []
    assert set(seen) <= set(range(10_000, 10_381))
    assert seen == sorted(seen)


def test_worse_sensor_has_more_hot_pixels_under_the_same_stars():
    good, bad = (simulated_rig(seed=1, hot_share=share, **SMALL) for share in (1e-3, 1e-2))
    assert len(good.sensor.hot_row) == round(1e-3 * 120 * 160)
    assert len(bad.sensor.hot_row) == round(1e-2 * 120 * 160)
    assert np.array_equal(good.sky.x, bad.sky.x)


BAD_ARGUMENTS = {
    "best_focus": -1,
    "seed": -1,
    "start": 30_000,
    "focal_ratio": 0.5,
    "obstruction": 1.0,
    "seeing_px": float("nan"),
    "seeing_variation": 0.9,
    "n_stars": 1.5,
    "sky_e_per_s": -3,
    "shape": (768,),
    "pixel_um": 0,
    "hot_share": 0.5,
    "step_um": "1.75",
    "limits": (100, 50),
    "backlash": -20,
    "focuser_speed": 0,
    "download_s": -1,
    "temperature_c": float("inf"),
    "temperature_c_per_h": None,
    "focus_steps_per_c": 1e9,
    "speed": 0,
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_argument_is_named_with_what_was_given(name):
    value = BAD_ARGUMENTS[name]
    with pytest.raises(OptionsError) as caught:
        simulated_rig(**{name: value})
    assert caught.value.field == name
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)


def test_speed_without_live_time_is_refused():
    with pytest.raises(OptionsError, match="speed=60 needs live=True"):
        simulated_rig(speed=60, **SMALL)


def test_best_focus_may_not_lie_beyond_the_limits():
    with pytest.raises(OptionsError, match="best_focus is a number from 0 to 5000; got 10250"):
        simulated_rig(limits=(0, 5_000))


# Filters, gain, read-out, temperature compensation


def turn(rig, name):
    rig.filter_wheel.start_change(name)
    wait(rig, lambda: rig.filter() is not None)


def test_each_filter_focuses_where_its_offset_says(rig):
    assert rig.true_best_focus() == 10_250
    turn(rig, "Ha")
    drifted = 20 * 2.0 / 3600  # 20 steps a degree, 1 degree an hour, while the wheel turned
    assert rig.true_best_focus() == pytest.approx(10_250 + 60 - drifted, abs=0.01)


def test_a_filter_lets_its_share_of_the_light_through():
    rig = simulated_rig(seed=1, filters={"L": Filter(), "half": Filter(0, 0.5)}, **SMALL)
    bias = rig.sensor.bias_adu
    clear = expose(rig, 10_250).pixels.mean() - bias
    turn(rig, "half")
    assert (expose(rig).pixels.mean() - bias) / clear == pytest.approx(0.5, abs=0.05)


def test_no_light_passes_while_the_wheel_turns():
    rig = simulated_rig(seed=1, filter_change_s=60.0, **SMALL)
    rig.filter_wheel.start_change("Ha")
    assert rig.filter() is None
    assert np.median(expose(rig).pixels) == pytest.approx(rig.sensor.bias_adu, abs=2)


def test_gain_of_200_gives_ten_times_the_adu_an_electron(rig):
    bias = rig.sensor.bias_adu
    plain = np.median(expose(rig).pixels) - bias
    rig.camera.set_gain(200)
    frame = expose(rig)
    assert (np.median(frame.pixels) - bias) / plain == pytest.approx(10, rel=0.05)
    assert frame.header["EGAIN"] == pytest.approx(rig.sensor.gain_e_per_adu / 10)


def test_fast_readout_takes_half_the_time_at_twice_the_noise():
    def dark(mode):
        rig = simulated_rig(seed=1, n_stars=0, sky_e_per_s=0, download_s=4.0, shape=(120, 160))
        rig.camera.set_readout_mode(mode)
        began_s = rig.clock.now()
        pixels = expose(rig, exposure_s=1.0).pixels.astype(float)
        spread = np.subtract(*np.percentile(pixels, [84, 16])) / 2
        return rig.clock.now() - began_s, spread

    (normal_s, normal), (fast_s, fast) = dark("Normal"), dark("Fast")
    assert normal_s == pytest.approx(5.0)
    assert fast_s == pytest.approx(3.0)
    # Whole ADU: the spread of 3.75 ADU is seen as 4, that of 7.5 as 7.5.
    assert fast / normal == pytest.approx(2, abs=0.3)


def test_temperature_compensation_follows_the_air_and_refuses_to_be_moved(rig):
    rig.focuser.set_temperature_compensation(True)
    with pytest.raises(DeviceRefused, match="compensation"):
        rig.focuser.start_move(10_300)
    start = rig.focuser.position()
    rig.clock.sleep(3600.0)
    rig.focuser.position()  # a driver does its own polling; here whoever asks sets it going
    wait(rig, lambda: not rig.focuser.is_moving())
    assert rig.focuser.position() == start - 20
    rig.focuser.set_temperature_compensation(False)
    rig.clock.sleep(3600.0)
    assert rig.focuser.position() == start - 20
