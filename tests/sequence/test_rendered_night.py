"""The reference night, pixel by pixel: devices, engine, star measurement, files."""

import numpy as np
import pytest

import focusbench as fb
from focusbench.simulator import FILTERS
from tests.sequence.whole_nights import WHOLE_NIGHTS

HOUR_S = 3600.0
ZONE = 22.0


@pytest.mark.slow
@pytest.mark.timeout(1200)
@WHOLE_NIGHTS
def test_a_rendered_night_is_kept_in_focus(tmp_path):
    rig = fb.simulated_rig(
        best_focus=10_250,
        seed=8,
        shape=(1024, 1024),
        temperature_c=12,
        temperature_c_per_h=-1,
        focus_steps_per_c=20,
        clouds=[(2 * HOUR_S, 2.3 * HOUR_S, 0.0), (5 * HOUR_S, 5.4 * HOUR_S, 0.02)],
        gusts=[(1 * HOUR_S, 2 * HOUR_S, 1.15), (4 * HOUR_S, 6 * HOUR_S, 0.9)],
    )
    start_s = rig.clock.now()
    sequence = fb.Sequence(
        fb.AutofocusOptions(exposure_s=5),
        fb.TriggerOptions(every_c=1, history="hfr", history_percent=20),
    )
    rows = [fb.TargetEvent(filter=f, exposure_s=300, count=30) for f in ("L", "R", "B")]
    night = fb.run_sequence(rig, sequence.add_target("M 31", *rows), tmp_path)
    assert night.complete
    assert 7.5 * HOUR_S < night.time_s - night.started_s < 9 * HOUR_S
    off = [
        frame.position
        - 10_250
        - FILTERS[frame.kind.filter].focus_offset
        + 20 * (frame.time_s - start_s) / HOUR_S
        for frame in night.frames
    ]
    in_zone = np.mean(np.abs(off) <= ZONE)
    for run in night.runs:
        print(f"{(run.ended_s - start_s) / HOUR_S:.2f} h {run.outcome} {run.words}")  # noqa: T201
    print(f"in the zone: {in_zone:.1%}, furthest {max(map(abs, off)):.0f}")  # noqa: T201
    assert in_zone >= 0.95
    assert len(list((tmp_path / "lights").iterdir())) == 90
