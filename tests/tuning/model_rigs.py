"""Rig models with known values, and packages of runs drawn from a known rig."""

import dataclasses
import math
from pathlib import Path

import numpy as np

from focusbench.af_packages import Package
from focusbench.engine import RunFinished, autofocus_run
from focusbench.options import AutofocusOptions
from focusbench.tuning.model_sampler import ModelSampler
from focusbench.tuning.rig_model import RigDraw, RigModel

PLAIN = RigDraw(
    minimum_px=1.9,
    b=80.0,
    gamma=0.52,
    kappa=0.0,
    scatter=0.03,
    fading=1.0,
    star_error=0.01,
    star_error_growth=0.5,
    n_stars=100.0,
    star_loss=0.7,
    bad_share=0.0,
    lag=0.0,
    drift_per_min=0.0,
    start_sd=20.0,
    s_per_step=0.004,
    overhead_s=0.5,
)


def make_rig(n_draws=40, options=None, spread=None, **changes):
    """A rig known exactly, but for what `spread` has: name → array of shape (n_draws,)."""
    draws = np.tile(np.array(PLAIN._replace(**changes)), (n_draws, 1))
    for name, values in (spread or {}).items():
        draws[:, RigDraw._fields.index(name)] = values
    return RigModel(draws, options or AutofocusOptions(), n_runs=3, n_points=27)


def make_package(rig=PLAIN, *, seed=0, start_off=0.0, number=0, **options):
    """A run of a rig through the real engine, as `open_package` would give it."""
    options = AutofocusOptions(**options)
    sampler = ModelSampler(
        rig,
        options,
        best_focus=10_000.3,
        start=round(10_000 + start_off),
        exposure_s=options.exposure_s,
        rng=np.random.default_rng(seed),
    )
    for event in autofocus_run(options, sampler):
        if isinstance(event, RunFinished):
            record = event.record
    began = 1.7e9 + 600 * number
    points = tuple(dataclasses.replace(p, time_s=p.time_s + began) for p in record.points)
    record = dataclasses.replace(record, points=points, started_s=began)
    return Package(
        source=Path(f"run{number}"),
        format="focusbench",
        focus_points=points,
        metric="hfr",
        definition="",
        time_ordered=True,
        step_size=options.step_size,
        started_s=began,
        record=record,
    )


def make_foreign(rig=PLAIN, *, seed=0):
    """The same of another program: positions and metrics, nothing else."""
    package = make_package(rig, seed=seed)
    points = tuple(
        dataclasses.replace(p, error=None, n_stars=None, time_s=None)
        for p in package.focus_points
        if p.role != "validation" and math.isfinite(p.metric)
    )
    return dataclasses.replace(
        package, format="N.I.N.A.", focus_points=points, record=None, started_s=None
    )
