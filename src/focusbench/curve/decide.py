"""Best focus from the points: all curves are fitted, one decides."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from focusbench.curve.auto import AutoVerdict, fit_auto
from focusbench.curve.bracket import lowest_of, rises
from focusbench.curve.counted import Counted, measured, misplaced
from focusbench.curve.points import FocusPoint, Rejected
from focusbench.curve.priors import MIN_POINTS
from focusbench.curve.results import BestFocus, CurveFit, Outcome
from focusbench.curve.rig_shape import RigShape
from focusbench.curve.smooth import fit_hyperbola, fit_parabola
from focusbench.curve.two_lines import fit_two_lines
from focusbench.curve.zone import evaluate, zone_of
from focusbench.errors import OptionsError

CURVES = ("auto", "two_lines", "parabola", "hyperbola")


def find_best_focus(
    points: Sequence[FocusPoint],
    *,
    curve: str = "auto",
    min_quality: float = 0.90,
    zone_tolerance: float = 0.05,
    step_size: float | None = None,
    time_ordered: bool = True,
    rig: RigShape | None = None,
    drifting: bool = False,
    veto: bool = True,
) -> BestFocus:
    """Fit all curves to the points that count and let one of them decide.

    Never raises for what the points hold: no points, equal positions, NaN, zero or absurd values
    end as NOT_FOCUSED with the reason in a sentence.

    Parameters
    ----------
    points : sequence of FocusPoint
        In the order taken where that is known. Validation points and points already rejected are
        not fitted.
    curve : {"auto", "two_lines", "parabola", "hyperbola"}
        Which curve decides.
    min_quality : float
        Smallest R² at which the parabola may decide; no other curve is judged by R².
    zone_tolerance : float
        The zone is where the deciding curve lies within this share of its minimum.
    step_size : float, optional, steps
        Distance of two data points; by default taken from the points.
    time_ordered : bool
        Whether `points` stand in the order taken. Only then can the first ones lag.
    rig : RigShape, optional
        What earlier runs of the same rig tell of its asymmetry; without it, nothing is known.
    drifting : bool
        Whether star counts, flux or the validation frame speak of a drift during the run; then
        what is known of the rig is hardly believed.
    veto : bool
        Whether a named curve (all but `auto`) may decide only where the points show a minimum at
        all, by the evidence of `auto`. Without it green lines are a focus, to the letter of
        SGPro's help page; but two lines can be laid through noise, too: they call 13 % of flat runs
        focused. Where the curve finds no focus, `auto` goes on telling a guess from a
        fallback.

    Returns
    -------
    BestFocus
        FOCUSED where the deciding curve found a minimum between the points by its own rule.
        LOWEST_POINTS where it did not, but the minimum is bracketed: the average of the three
        lowest neighbouring points. NOT_FOCUSED where even that would be a guess.

    Raises
    ------
    OptionsError
        If there is no such curve.
    """
    if curve not in CURVES:
        names = ", ".join(CURVES)
        raise OptionsError(f"curve must be one of {names}, not {curve!r}.", field="curve")
    with np.errstate(all="ignore"):
        counted = Counted.of(points)
        hyperbola = fit_hyperbola(counted)
        kappa = (rig or RigShape()).prior(drifting=drifting)
        auto = fit_auto(counted, hyperbola, _step(counted, step_size), time_ordered, kappa)
        lines, outliers = fit_two_lines(counted)
        fits = {
            "auto": auto.fit,
            "two_lines": _with_expected(lines, hyperbola),
            "parabola": fit_parabola(counted, min_quality),
            "hyperbola": hyperbola,
        }
        return _decide(points, curve, counted, fits, auto, outliers, veto, zone_tolerance)


def _decide(
    points: Sequence[FocusPoint],
    curve: str,
    counted: Counted,
    fits: dict[str, CurveFit],
    auto: AutoVerdict,
    line_outliers: dict[int, float],
    veto: bool,
    zone_tolerance: float,
) -> BestFocus:
    lines, hyperbola = fits["two_lines"], fits["hyperbola"]
    flags: dict[int, tuple[Rejected, str]] = {}
    if curve == "auto":
        flags = auto.flags
    elif curve == "two_lines" and lines.ok:
        flags = {
            i: (Rejected.OUTLIER, f"{sigma:.1f} σ off its line")
            for i, sigma in line_outliers.items()
        }
    rejected, reasons = _red_crosses(points, flags)
    deciding = fits[curve]
    zone_curve = hyperbola if curve == "two_lines" else deciding
    few = len(counted) < MIN_POINTS

    seen = curve == "auto" or auto.seen or not veto
    if deciding.ok and seen and not (few and deciding.best_position_error is None):
        return BestFocus(
            outcome=Outcome.FOCUSED,
            curve=curve,
            best_position=deciding.best_position,
            best_position_error=deciding.best_position_error,
            interval_95=deciding.interval_95,
            expected_metric=deciding.expected_metric,
            zone=zone_of(zone_curve, zone_tolerance),
            fits=fits,
            rejected=rejected,
            reasons=reasons,
        )

    reason, direction, guess = _why_not(curve, deciding, auto, counted)
    good = Counted.of([p for p, r in zip(points, rejected, strict=True) if not r])
    lowest = None if guess else lowest_of(good)
    if lowest is not None and all(rises(good, list(fits.values()), 1 if few else 2)):
        return BestFocus(
            outcome=Outcome.LOWEST_POINTS,
            curve=curve,
            best_position=lowest.position,
            expected_metric=lowest.expected,
            zone=zone_of(hyperbola, zone_tolerance),
            diagnosis=f"{reason.rstrip('.')}: the average of the three lowest neighbouring points "
            "is used.",
            fits=fits,
            rejected=rejected,
            reasons=reasons,
        )
    return BestFocus(
        outcome=Outcome.NOT_FOCUSED,
        curve=curve,
        diagnosis=reason,
        direction=direction,
        fits=fits,
        rejected=rejected,
        reasons=reasons,
    )


def _why_not(
    curve: str, deciding: CurveFit, auto: AutoVerdict, counted: Counted
) -> tuple[str, int, bool]:
    """Why the deciding curve has no focus, where to go on, and whether anything would be a guess.

    For the other curves, too, `auto` is the judge of whether the points show a minimum at all:
    two lines or a hyperbola can be laid through noise.
    """
    if curve == "auto":
        return deciding.reason, auto.direction, auto.guess
    if not auto.seen:
        return auto.fit.reason, auto.direction, True
    if deciding.best_position is not None:
        reason, direction = misplaced(deciding.best_position, counted)
        if direction:
            return deciding.reason or reason, direction, True
    if auto.guess and not deciding.ok:
        return auto.fit.reason, auto.direction, True
    if deciding.ok:
        few = f"Only {len(counted)} points count and their errors are unknown; five are needed."
        return few, 0, False
    return deciding.reason, 0, False


def _red_crosses(
    points: Sequence[FocusPoint], flags: dict[int, tuple[Rejected, str]]
) -> tuple[tuple[Rejected, ...], tuple[str, ...]]:
    """Flags and reasons of all points given: their own, and those of the deciding curve."""
    rejected, reasons = [], []
    for i, point in enumerate(points):
        flag, reason = point.rejected, point.reason
        if i in flags:
            flag, reason = flags[i]
        elif flag == Rejected.NO and not measured(point):
            flag, reason = Rejected.FEW_STARS, reason or "could not be measured"
        rejected.append(flag)
        reasons.append(reason)
    return tuple(rejected), tuple(reasons)


def _step(counted: Counted, step_size: float | None) -> float:
    """Step size given, or the usual distance of neighbouring points; 1 where there is none."""
    if step_size is not None and 0 < step_size < float("inf"):
        return float(step_size)
    gaps = np.diff(np.unique(counted.x))
    return float(np.median(gaps)) if len(gaps) else 1.0


def _with_expected(lines: CurveFit, hyperbola: CurveFit) -> CurveFit:
    """Give the two lines the hyperbola's metric where they cross.

    The crossing itself lies far below any star that can be measured.
    """
    if lines.best_position is None or not hyperbola.parameters:
        return lines
    expected = float(evaluate(hyperbola, [lines.best_position])[0])
    return dataclasses.replace(lines, expected_metric=expected)
