"""How closely three packages can tell the error of other settings at best, for `tuning.py`.

The Fisher information of their points about the V-curve's width b, bend γ and asymmetry κ, with
best focus and height of every run free and the priors of γ and κ added, and about the scatter τ
from frame to frame: no estimate of them is closer than its inverse on average (van Trees). What is
known of the noise, of backlash and of bad points is taken for granted, so that real intervals are
wider. The error predicted for rigs spread by so much has an interval, whatever is done with the
packages: the bound of its width.
"""

import dataclasses

import numpy as np

import focusbench as fb
from focusbench.curve import GAMMA_SD, KAPPA_SD
from focusbench.tuning import RigDraw, RigModel, predict_error

LN_TAU_SD = 0.5
"""What rigs are known to differ by, before any run."""
N_DRAWS = 4000


def least_width(packages: list[fb.Package], rig: RigModel, options: fb.AutofocusOptions) -> float:
    """Upper over lower end of the 90 % interval of the error, were all else known."""
    shape, ln_tau_sd = _known_at_best(packages, rig)
    rng = np.random.default_rng(0)
    typical = np.median(rig.draws, axis=0)
    draws = np.tile(typical, (N_DRAWS, 1))
    column = RigDraw._fields.index
    off = rng.multivariate_normal(np.zeros(3), shape, N_DRAWS)
    draws[:, column("b")] *= np.exp(off[:, 0])
    draws[:, column("gamma")] += off[:, 1]
    draws[:, column("kappa")] += off[:, 2]
    draws[:, column("scatter")] *= np.exp(ln_tau_sd * rng.normal(size=N_DRAWS))
    low, high = np.quantile(
        predict_error(dataclasses.replace(rig, draws=draws), options), [0.05, 0.95]
    )
    return float(high / low)


def _known_at_best(packages: list[fb.Package], rig: RigModel) -> tuple[np.ndarray, float]:
    """Covariance of (ln b, γ, κ), and standard deviation of ln τ."""
    names = ("b", "gamma", "kappa", "scatter", "fading", "star_error", "star_error_growth")
    b, gamma, kappa, tau, fading, star, rise = (rig.typical(name) for name in names)
    seen = np.diag([1.0, GAMMA_SD**-2, KAPPA_SD**-2])
    of_tau = LN_TAU_SD**-2
    for package in packages:
        points = [p for p in package.focus_points if p.counts or p.role == "validation"]
        x0 = package.decided.best_position
        if x0 is None or len(points) < 5:
            continue
        u = (np.array([p.position for p in points]) - x0) / b
        even, odd = np.log1p(u * u), u * np.abs(u) / (1 + u * u)
        growth = gamma * even + kappa * odd
        air = (tau * np.exp(-fading * np.clip(growth, 0, np.log(3)))) ** 2
        weight = 1 / (air + (star * np.exp(rise * growth)) ** 2)
        slope = (2 * gamma * u + 2 * kappa * np.abs(u) / (1 + u * u)) / (1 + u * u)
        shared = np.stack([-u * slope, even, odd], axis=1)
        own = np.stack([-slope, np.ones_like(u)], axis=1)
        # What best focus and height of this run take of it.
        both = (shared.T * weight) @ own
        alone = np.linalg.inv((own.T * weight) @ own)
        seen += (shared.T * weight) @ shared - both @ alone @ both.T
        of_tau += 2 * float(np.sum((air * weight) ** 2))
    return np.linalg.inv(seen), of_tau**-0.5
