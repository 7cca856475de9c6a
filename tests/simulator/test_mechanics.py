"""Motion in time, play, and drift with temperature."""

import pytest

from focusbench.devices import VirtualClock
from focusbench.simulator import Drive, ThermalDrift


@pytest.fixture
def clock():
    return VirtualClock(start=0.0)


@pytest.fixture
def drive(clock):
    return Drive(clock, 1000, backlash=20, speed=100.0)


def go(drive, clock, target):
    drive.start(target)
    clock.sleep(60.0)
    assert drive.motor(clock.now()) == target
    return drive.drawtube(clock.now())


def test_at_first_it_stands_as_if_approached_inward(drive, clock):
    assert drive.drawtube(clock.now()) == 1000


def test_approached_inward_the_drawtube_stands_where_the_motor_is(drive, clock):
    assert go(drive, clock, 900) == 900


def test_approached_outward_the_drawtube_lags_by_the_backlash(drive, clock):
    assert go(drive, clock, 1100) == 1080


def test_within_the_play_the_drawtube_does_not_move(drive, clock):
    go(drive, clock, 1100)
    assert go(drive, clock, 1095) == 1080
    assert go(drive, clock, 1100) == 1080
    assert go(drive, clock, 1080) == 1080
    assert go(drive, clock, 1079) == 1079
    assert go(drive, clock, 1090) == 1079
    assert go(drive, clock, 1099) == 1079
    assert go(drive, clock, 1101) == 1081


def test_overshoot_by_the_backlash_takes_up_all_play(drive, clock):
    go(drive, clock, 1220)
    assert go(drive, clock, 1200) == 1200


def test_without_backlash_the_drawtube_is_where_the_motor_is(clock):
    drive = Drive(clock, 1000, backlash=0, speed=100.0)
    assert [go(drive, clock, target) for target in (1100, 950, 955)] == [1100, 950, 955]


def test_move_takes_its_time(drive, clock):
    drive.start(1250)
    seen = []
    for _ in range(6):
        seen.append((drive.motor(clock.now()), drive.is_moving(clock.now())))
        clock.sleep(0.5)
    assert seen == [
        (1000, True),
        (1050, True),
        (1100, True),
        (1150, True),
        (1200, True),
        (1250, False),
    ]


def test_drawtube_takes_up_the_play_first_while_moving_out(drive, clock):
    drive.start(1100)
    clock.sleep(0.1)
    assert drive.drawtube(clock.now()) == 1000
    clock.sleep(0.2)
    assert drive.drawtube(clock.now()) == pytest.approx(1010)


def test_halt_freezes_motor_and_drawtube(drive, clock):
    drive.start(1100)
    clock.sleep(0.5)
    drive.halt()
    assert not drive.is_moving(clock.now())
    clock.sleep(10.0)
    assert (drive.motor(clock.now()), drive.drawtube(clock.now())) == (1050, 1030)


def test_new_target_in_mid_move_starts_from_there(drive, clock):
    drive.start(1100)
    clock.sleep(0.5)
    drive.start(1000)
    assert drive.motor(clock.now()) == 1050
    clock.sleep(0.25)
    assert drive.motor(clock.now()) == 1025
    # 1030 was the furthest that the drawtube went; the motor has come back past it.
    assert drive.drawtube(clock.now()) == 1025


def test_the_past_does_not_change(drive, clock):
    drive.start(900)
    clock.sleep(0.5)
    half_way_s = clock.now()
    clock.sleep(10.0)
    go(drive, clock, 1500)
    assert drive.motor(half_way_s) == 950
    assert drive.drawtube(half_way_s) == 950


def test_air_cools_and_focus_follows():
    drift = ThermalDrift(start_s=1000.0, start_c=10.0, c_per_h=-1.0, steps_per_c=20.0)
    assert drift.temperature_c(1000.0) == 10.0
    assert drift.shift(1000.0) == 0.0
    assert drift.temperature_c(1000.0 + 7200) == pytest.approx(8.0)
    assert drift.shift(1000.0 + 7200) == pytest.approx(-40.0)
    # A run of a minute must not be blurred by it.
    assert abs(drift.shift(1060.0)) < 0.5
