"""A synthetic run, built by hand from the engine's events: two sweeps, an outlier, a validation."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from focusbench import engine
from focusbench.af_packages import PackageRecorder
from focusbench.curve import BestFocus, CurveFit, FocusPoint, Outcome, Rejected, RigShape
from focusbench.engine import Event, RunRecord, Validation
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import STAR_FIELDS

STARTED_S = 1_795_464_903.0  # 2026-11-23T20:15:03Z
REPO = Path(__file__).resolve().parents[2]
SHARED = REPO.parent / "shared" / "data"


@dataclass(frozen=True)
class SyntheticRun:
    """Events of a run and the record it ends with."""

    events: tuple[Event, ...]
    record: RunRecord

    @property
    def points(self):
        return self.record.points


def hyperbola(position, best=10_247.0, a=2.0, b=80.0):
    return a * float(np.sqrt(1 + ((position - best) / b) ** 2))


def a_frame(position, seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60_000, (24, 32)).astype(np.uint16)
    return Frame(pixels, exposure_s=3.0, position=position, filter="Ha", time_s=STARTED_S)


def some_stars(n):
    stars = np.zeros(n, STAR_FIELDS)
    stars["x"], stars["hfr"] = np.arange(n) + 0.25, 2.5
    stars["snr"] = np.nan
    stars["used"] = True
    if n:
        stars["used"][-1], stars["reason"][-1] = False, 'too round, "as seen"'
    return stars


def a_run() -> SyntheticRun:
    options = AutofocusOptions(
        step_size=60,
        data_points=5,
        focus_filter="H-alpha 7nm / 3",
        filters={"L": {"focus_point": 9_000}, "H-alpha 7nm / 3": {"focus_point": 9_060}},
        adjust_focus_per_filter=True,
    )
    shape = RigShape(((0.04, 0.02), (0.05, 0.03)))
    rig = {"name": "a rig", "filter": "L", "focuser_limits": [0, 50_000]}
    events: list[Event] = [
        engine.RunStarted(options, 10_100, 10_100, 10_100, STARTED_S, rig, shape),
        engine.FilterChanged("H-alpha 7nm / 3", 60),
    ]
    points: list[FocusPoint] = []
    for sweep, centre in enumerate((10_100, 10_240)):
        positions = options.sweep_positions(centre)
        events.append(engine.SweepStarted(sweep, positions))
        for i, position in enumerate(positions):
            role = "sweep" if i < 4 else "extension"
            events.append(engine.PointStarted(len(points) + 1, 5, position, sweep, role))
            point = FocusPoint(
                position=position,
                metric=hyperbola(position),
                error=0.03,
                scatter=0.2,
                n_stars=40,
                time_s=STARTED_S + 10 * len(points),
                temperature_c=4.5,
                sweep=sweep,
                role=role,
                others={"hfr_mean_radius": 1.06 * hyperbola(position)},
            )
            if sweep == 0 and i == 0:
                point = dataclasses.replace(
                    point,
                    metric=float("nan"),
                    error=None,
                    scatter=None,
                    n_stars=3,
                    rejected=Rejected.FEW_STARS,
                    reason="3 stars, 5 needed",
                    others={},
                )
            points.append(point)
            frame = a_frame(position, seed=len(points))
            events.append(engine.PointMeasured(point, (frame,), (some_stars(i),)))
        events.append(engine.CurvesFitted(_best(points, sweep)))
    best = _best(points, 1)
    events.append(engine.Warned("The moon is up."))
    events.append(engine.MoveStarted(10_247, "best focus"))
    validation = dataclasses.replace(
        points[-1], position=10_247, metric=2.05, role="validation", time_s=STARTED_S + 200
    )
    events.append(engine.PointStarted(11, 10, 10_247, 1, "validation"))
    events.append(
        engine.Validated(validation, 2.0, 2.5, True, (a_frame(10_247, 99),), (some_stars(2),))
    )
    events.append(engine.FilterChanged("L", -60))
    events.append(engine.MoveStarted(10_187, "filter offset"))
    points[-1] = dataclasses.replace(
        points[-1], rejected=Rejected.OUTLIER, reason="10 % above the curve"
    )
    record = RunRecord(
        outcome=Outcome.FOCUSED,
        diagnosis="Best focus 10247 ± 2 steps; the zone is ± 26.",
        options=options,
        start_position=10_100,
        return_position=10_100,
        final_position=10_187,
        points=(*points, validation),
        best=best,
        validation=Validation(2.05, 2.0, 2.5, True),
        warnings=("The moon is up.",),
        started_s=STARTED_S,
        duration_s=210.0,
        rig=rig,
        filter="H-alpha 7nm / 3",
        focus_shift=60,
        rig_shape=shape,
    )
    events.append(engine.RunFinished(record))
    return SyntheticRun(tuple(events), record)


def _best(points, sweep):
    of_sweep = [p for p in points if p.sweep == sweep]
    rejected = [p.rejected for p in of_sweep]
    reasons = [p.reason for p in of_sweep]
    if sweep == 1:
        rejected[-1], reasons[-1] = Rejected.OUTLIER, "10 % above the curve"
    used = tuple(not r for r in rejected)
    fit = CurveFit("auto", True, "", 10_247.2, 1.9, (10_243.0, 10_251.0), 2.0, 0.99, {}, used)
    lines = CurveFit("two_lines", False, "one side is too short", used=used)
    return BestFocus(
        outcome=Outcome.FOCUSED,
        curve="auto",
        best_position=10_247.2,
        best_position_error=1.9,
        interval_95=(10_243.0, 10_251.0),
        expected_metric=2.0,
        zone=25.6,
        fits={"auto": fit, "two_lines": lines},
        rejected=tuple(rejected),
        reasons=tuple(reasons),
    )


@pytest.fixture
def run() -> SyntheticRun:
    return a_run()


@pytest.fixture
def recorded(run, tmp_path) -> Path:
    """Folder of the package of the synthetic run."""
    recorder = PackageRecorder(tmp_path / "runs")
    for event in run.events:
        recorder.record(event)
    return recorder.path


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"needs the real data of {SHARED}, which is not here")
    return SHARED
