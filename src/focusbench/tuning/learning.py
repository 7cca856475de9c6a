"""Learns what a rig is like from its saved runs: packages in, a `RigModel` out."""

import math
from collections.abc import Sequence

import numpy as np

from focusbench.af_packages import Package
from focusbench.errors import PackageError
from focusbench.options import AutofocusOptions, options_from_dict
from focusbench.tuning.model_sampler import ERROR_WITH_EXPOSURE, STARS_WITH_EXPOSURE
from focusbench.tuning.observations import Observed, observe, spans
from focusbench.tuning.rig_model import FloatArray, RigDraw, RigModel
from focusbench.tuning.rig_posterior import N_SHARED, SHARED

N_DRAWS = 200
BURN, THIN = 4000, 60
LATEST = 20
"""So many of the latest runs are looked at."""

ONE_NIGHT_S = 6 * 3600.0
DRIFT_SD = 0.01
"""Prior of the drift, b a minute."""
START, START_RUNS = 0.35, 2.0
"""How far off runs begin, b, where none tells; and how many runs that counts for."""
OVERHEAD_S, OVERHEAD_SD = 2.0, 2.0
S_PER_STEP, S_PER_STEP_SD = 0.004, 0.004
STAR_ERROR_GROWTH, STAR_LOSS = 0.5, 0.7
WITH_EXPOSURE = (
    "With another exposure than the runs had, a frame's own error is taken to go as "
    f"exposure^{ERROR_WITH_EXPOSURE:g}, the number of stars as exposure^{STARS_WITH_EXPOSURE:g}, "
    "and the scatter from frame to frame to stay."
)
GROWTH_SD = 0.5


def learn_rig(packages: Sequence[Package], *, seed: int = 0) -> RigModel:
    """Learn a rig from its runs.

    Parameters
    ----------
    packages : sequence of Package
        Runs of one rig, filter and metric; one is enough, more make it surer. The latest twenty
        that show a V-curve are used.
    seed : int

    Returns
    -------
    RigModel

    Raises
    ------
    PackageError
        No run shows a V-curve.
    """
    runs = [run for package in packages if (run := observe(package)) is not None]
    if not runs:
        names = ", ".join(package.name for package in packages) or "no runs given"
        raise PackageError(
            f"None of these runs shows a V-curve to learn the rig from ({names}). Take one with a "
            "larger step size, whose ends read twice the minimum or more."
        )
    runs = sorted(runs, key=lambda run: run.package.started_s or 0.0)[-LATEST:]
    rng = np.random.default_rng(seed)
    shape, x0, height = _shape(runs, rng)
    assumptions: list[str] = []
    values = {
        "minimum_px": np.exp(height.mean(axis=1)),
        **shape,
        **_stars(runs, shape, x0, rng, assumptions),
        **_mechanics(runs, shape, x0, rng, assumptions),
        **_times(runs, rng, assumptions),
    }
    return RigModel(
        draws=np.stack([values[name] for name in RigDraw._fields], axis=1),
        options=_options(runs[-1].package),
        n_runs=len(runs),
        n_points=sum(len(run.points) for run in runs),
        assumptions=(*assumptions, WITH_EXPOSURE),
    )


def _shape(
    runs: Sequence[Observed], rng: np.random.Generator
) -> tuple[dict[str, FloatArray], FloatArray, FloatArray]:
    """Draws of the V-curve and its noise; of best focus (steps) and ln minimum of each run."""
    from focusbench.tuning.kernel import KERNELS
    from focusbench.tuning.rig_posterior import sample_posterior

    KERNELS.compile()
    b = float(np.median([run.b for run in runs]))
    legs = [
        ((position - run.x0) / b, r, point)
        for r, run in enumerate(runs)
        for position, point in run.legs
    ]
    first = np.concatenate([[0], np.cumsum([len(run.points) for run in runs])])
    theta = np.zeros(N_SHARED + 2 * len(runs))
    theta[:N_SHARED] = 0.0, 0.52, 0.0, math.log(0.025), 1.0, -5.0, 0.05
    theta[N_SHARED + 1 :: 2] = [math.log(run.minimum) for run in runs]
    draws = np.empty((N_DRAWS, theta.size))
    point = np.array([p + first[r] if p >= 0 else -1 for _, r, p in legs], dtype=np.int64)
    sample_posterior(
        np.array([leg for leg, _, _ in legs]),
        np.array([r for _, r, _ in legs], dtype=np.int64),
        point,
        np.array([(run.start - run.x0) / b for run in runs]),
        np.log([p.metric for run in runs for p in run.points]),
        np.concatenate([run.relative_errors() ** 2 for run in runs]),
        first.astype(np.int64),
        theta,
        BURN,
        THIN,
        rng,
        draws,
    )
    of = dict(zip(SHARED, draws[:, :N_SHARED].T, strict=True))
    shape = {
        "b": b * np.exp(of["ln_b"]),
        "gamma": of["gamma"],
        "kappa": of["kappa"],
        "scatter": np.exp(of["ln_tau"]),
        "fading": of["fading"],
        "bad_share": 1 / (1 + np.exp(-of["logit_bad"])),
        "lag": b * of["lag"],
    }
    x0 = np.array([run.x0 for run in runs]) + b * draws[:, N_SHARED::2]
    return shape, x0, draws[:, N_SHARED + 1 :: 2]


def _stars(
    runs: Sequence[Observed],
    shape: dict[str, FloatArray],
    x0: FloatArray,
    rng: np.random.Generator,
    assumptions: list[str],
) -> dict[str, FloatArray]:
    """Star count and the frames' own errors against the growth of the metric."""
    b, gamma = float(np.median(shape["b"])), float(np.median(shape["gamma"]))
    where = np.concatenate(
        [
            np.array([p.position for p in run.points]) - float(np.median(x0[:, r]))
            for r, run in enumerate(runs)
        ]
    )
    growth = gamma * np.log1p((where / b) ** 2)
    error = np.concatenate([run.relative_errors() for run in runs])
    count = np.array([p.n_stars or 0 for run in runs for p in run.points], dtype=float)
    if (error > 0).sum() >= 3:
        known = error > 0
        level, rise = _line(growth[known], np.log(error[known]), STAR_ERROR_GROWTH, rng)
        star_error = np.exp(level)
    else:
        star_error, rise = np.zeros(N_DRAWS), np.zeros(N_DRAWS)
        assumptions.append(
            "The frames state no errors: all scatter is taken as the air's, whatever the exposure."
        )
    if (count > 0).sum() >= 3:
        known = count > 0
        level, loss = _line(growth[known], np.log(count[known]), -STAR_LOSS, rng)
        n_stars, loss = np.exp(level), -loss
    else:
        n_stars, loss = np.full(N_DRAWS, 100.0), np.full(N_DRAWS, STAR_LOSS)
        assumptions.append("The runs do not tell how many stars there were: 100 are assumed.")
    return {
        "star_error": star_error,
        "star_error_growth": rise,
        "n_stars": n_stars,
        "star_loss": loss,
    }


def _line(
    x: FloatArray, y: FloatArray, slope: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draws of a straight line's height at 0 and its slope, which is expected to be `slope`."""
    design = np.stack([np.ones_like(x), x], axis=1)
    scatter = max(float(np.std(y - slope * x)), 0.02)
    prior = np.array([0.0, (scatter / GROWTH_SD) ** 2])
    covariance = np.linalg.inv(design.T @ design + np.diag(prior))
    mean = covariance @ (design.T @ y + prior * slope)
    left = y - design @ mean
    variance = (float(left @ left) + scatter**2) / max(len(y) - 1, 1)
    drawn = rng.multivariate_normal(mean, variance * covariance, N_DRAWS)
    return drawn[:, 0], drawn[:, 1]


def _mechanics(
    runs: Sequence[Observed],
    shape: dict[str, FloatArray],
    x0: FloatArray,
    rng: np.random.Generator,
    assumptions: list[str],
) -> dict[str, FloatArray]:
    """How best focus drifts within a night, and how far from it runs begin."""
    b = float(np.median(shape["b"]))
    started = [run.package.started_s for run in runs]
    precision, weighted = (DRIFT_SD * b) ** -2, 0.0
    for r in range(1, len(runs)):
        now, before = started[r], started[r - 1]
        if now is None or before is None or not 0 < now - before < ONE_NIGHT_S:
            continue
        minutes = (now - before) / 60
        change = x0[:, r] - x0[:, r - 1]
        weight = minutes**2 / (float(np.var(change)) + (0.02 * b) ** 2)
        precision += weight
        weighted += weight * float(np.mean(change)) / minutes
    drift = rng.normal(weighted / precision, precision**-0.5, N_DRAWS)
    offsets = [
        run.package.record.start_position - x0[:, r]
        for r, run in enumerate(runs)
        if run.package.record is not None
    ]
    if not offsets:
        assumptions.append(
            "The runs do not tell where they began: a third of b from best focus is assumed."
        )
    total = START_RUNS * (START * b) ** 2 + sum(o**2 for o in offsets)
    start = np.sqrt(total / rng.chisquare(START_RUNS + len(offsets), N_DRAWS))
    return {"drift_per_min": drift, "start_sd": np.asarray(np.minimum(start, 3 * b))}


def _times(
    runs: Sequence[Observed], rng: np.random.Generator, assumptions: list[str]
) -> dict[str, FloatArray]:
    """Seconds a frame takes beyond its exposure, and seconds a step."""
    seen = np.array([span for run in runs for span in spans(run)])
    if len(seen) < 3:
        assumptions.append(
            f"The runs do not tell how long a point takes: {OVERHEAD_S:g} s beyond the exposure "
            f"and {1 / S_PER_STEP:g} steps a second are assumed."
        )
        seen = np.zeros((0, 3))
    prior_sd = np.array([OVERHEAD_SD, S_PER_STEP_SD])
    prior = np.array([OVERHEAD_S, S_PER_STEP])
    design, seconds = seen[:, :2], seen[:, 2]
    scatter = 1.0
    for _ in range(3):
        precision = design.T @ design / scatter**2 + np.diag(prior_sd**-2)
        covariance = np.linalg.inv(precision)
        mean = covariance @ (design.T @ seconds / scatter**2 + prior / prior_sd**2)
        left = np.abs(seconds - design @ mean)
        # Now and then a guide star is waited for: the usual gap counts, not the longest.
        scatter = max(1.4826 * float(np.median(left)), 0.05) if len(left) else scatter
    drawn = np.abs(rng.multivariate_normal(mean, covariance, N_DRAWS))
    return {"overhead_s": drawn[:, 0], "s_per_step": drawn[:, 1]}


def _options(package: Package) -> AutofocusOptions:
    """Those of the run; of a foreign one, what its settings tell."""
    if package.options is not None:
        # What the filter's row says, and nothing that needs a wheel or darks.
        exposure_s = package.options.exposure_for(package.filter)
        return package.options.replace(exposure_s=exposure_s, focus_filter=None, dark_folder=None)
    settings = package.settings
    known: dict[str, object] = {}
    exposure, backlash = settings.get("exposure_s"), settings.get("backlash_in")
    if isinstance(exposure, int | float) and exposure > 0:
        known["exposure_s"] = float(exposure)
    if isinstance(backlash, int | float) and backlash > 0:
        known["backlash"] = round(backlash)
    if package.step_size:
        known["step_size"] = max(1, round(package.step_size))
    return options_from_dict(known)
