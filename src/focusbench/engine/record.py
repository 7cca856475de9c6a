"""The record of a finished run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from focusbench.curve import BestFocus, CurveFit, FocusPoint, Outcome, RigShape
from focusbench.options import AutofocusOptions


@dataclass(frozen=True)
class Validation:
    """The validation frame against what the curve expects at best focus.

    Attributes
    ----------
    metric : float or None, pixels
        What it read; None where it could not be measured.
    expected : float or None, pixels
    deviation_percent : float or None
        (metric − expected) / expected × 100.
    passed : bool or None
        Within the tolerance, above or below; None where nothing could be compared.
    """

    metric: float | None
    expected: float | None
    deviation_percent: float | None
    passed: bool | None


@dataclass(frozen=True)
class RunRecord:
    """Everything that is known about a run once it is over.

    Attributes
    ----------
    outcome : Outcome
    diagnosis : str
        One sentence: what came of the run and, where it did not focus, why.
    options : AutofocusOptions
    start_position : int, steps
        Where the focuser stood when the run began.
    return_position : int, steps
        Where Cancel takes it.
    final_position : int or None, steps
        Where it was left; None where that could not be found out. `best_position` holds in the
        filter of the points, `final_position` in the one that was found in the beam.
    points : tuple of FocusPoint
        In the order taken; red X's carry their reason; the validation point comes last.
    best : BestFocus or None
        The decision and all curves; None where the run ended before any fit.
    validation : Validation or None
    warnings : tuple of str
    started_s, duration_s : float, seconds
        Unix time of the start, and the length of the run, on the rig's clock.
    rig : mapping
        `focusbench.devices.Rig.describe`.
    filter : str or None
        Filter that the points were taken in; None without a wheel.
    focus_shift : int, steps
        How much further out that filter focuses than the one found: `final_position` is
        `best_position` less this, in whole steps.
    rig_shape : RigShape or None
        What earlier runs told of the rig's asymmetry and `auto` took into account.
    reasons : tuple of str
        Why it was made, in words: every trigger that was due; empty where a person started it.
    package_path : Path or None
        Where the run was saved.

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
    >>> record = fb.autofocus(rig, save_packages_to=None)
    >>> isinstance(record, fb.RunRecord), record.validation.passed
    (True, True)
    """

    outcome: Outcome
    diagnosis: str
    options: AutofocusOptions
    start_position: int
    return_position: int
    final_position: int | None
    points: tuple[FocusPoint, ...] = ()
    best: BestFocus | None = None
    validation: Validation | None = None
    warnings: tuple[str, ...] = ()
    started_s: float = 0.0
    duration_s: float = 0.0
    rig: Mapping[str, object] = field(default_factory=dict, repr=False)
    filter: str | None = None
    focus_shift: int = 0
    rig_shape: RigShape | None = field(default=None, repr=False)
    reasons: tuple[str, ...] = ()
    package_path: Path | None = None

    def __repr__(self) -> str:
        saved = f", saved in {self.package_path}" if self.package_path else ""
        return f"<RunRecord {self.outcome}: {self.diagnosis} {len(self.points)} points{saved}>"

    @property
    def focused(self) -> bool:
        """Whether the focuser was moved to a focus: FOCUSED or LOWEST_POINTS."""
        return self.outcome in (Outcome.FOCUSED, Outcome.LOWEST_POINTS)

    @property
    def best_position(self) -> float | None:
        """Best focus, steps; None where none was found."""
        return self.best.best_position if self.best and self.focused else None

    @property
    def best_position_error(self) -> float | None:
        """Half the 68 % interval of best focus, steps."""
        return self.best.best_position_error if self.best and self.focused else None

    @property
    def lowest_position(self) -> int | None:
        """Lowest counted point, steps, as a position in the filter found in the beam."""
        counted = [point for point in self.points if point.counts]
        if not counted:
            return None
        return round(min(counted, key=lambda p: p.metric).position) - self.focus_shift

    @property
    def expected_metric(self) -> float | None:
        """What the deciding curve expects at best focus, pixels."""
        return self.best.expected_metric if self.best and self.focused else None

    @property
    def fits(self) -> Mapping[str, CurveFit]:
        """All curves, by name."""
        return self.best.fits if self.best else {}
