"""A short night over Alpaca, on loopback: the same loop, devices across the network."""

import focusbench as fb
from focusbench.alpaca import AlpacaServer, connect_alpaca
from focusbench.curve import Outcome
from focusbench.frames import read_frame
from focusbench.simulator import FILTERS, simulated_rig
from focusbench.triggers import Trigger


def test_a_short_night_over_alpaca(tmp_path):
    real = simulated_rig(
        seed=2, live=True, speed=60, shape=(384, 512), n_stars=90, temperature_c_per_h=0
    )
    shift = round(FILTERS["Ha"].focus_offset)
    autofocus = fb.AutofocusOptions(
        data_points=5,
        step_size=80,
        exposure_s=4,
        backlash=30,
        filters={
            "L": {"focus_point": 9_000},
            "Ha": {"focus_point": 9_000 + shift, "exposure_s": 12},
        },
        adjust_focus_per_filter=True,
    )
    plan = fb.Sequence(autofocus, fb.TriggerOptions()).add_target(
        "M 31",
        fb.TargetEvent(filter="L", exposure_s=10, count=2),
        fb.TargetEvent(filter="Ha", exposure_s=20, count=1),
    )
    with AlpacaServer(real, port=0, discovery=False) as server:
        rig = connect_alpaca(server.address, filter_wheel=0)
        night = fb.run_sequence(rig, plan, tmp_path)
        in_beam = real.filter()
    assert night.complete
    assert in_beam == "Ha"
    assert [run.outcome for run in night.runs] == [Outcome.FOCUSED] * 2
    assert [run.triggers for run in night.runs] == [
        (Trigger.FIRST_FRAME,),
        (Trigger.FILTER,),
    ]
    assert [frame.kind.filter for frame in night.frames] == ["L", "L", "Ha"]
    for frame in night.frames:
        # A quarter of a step, as a single run over Alpaca is held to.
        truth = 10_250 + FILTERS[frame.kind.filter].focus_offset
        assert abs(frame.position - truth) <= autofocus.step_size / 4
        saved = read_frame(tmp_path / frame.file)
        assert saved.pixels.shape == (384, 512)
        assert (saved.filter, saved.position) == (frame.kind.filter, frame.position)
        assert frame.hfr > 1
        assert frame.n_stars > 10
