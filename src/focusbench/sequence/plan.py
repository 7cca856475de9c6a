"""What a night is to do: targets with their rows of frames, and the settings of the night.

Settings flow down when something is made, never later: a profile is copied into a sequence, the
sequence's minimum star diameter into each new target. `with_profile` is the button that copies a
profile anew; targets keep what they have.
"""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Self

from focusbench.errors import OptionsError
from focusbench.options import (
    AutofocusOptions,
    SequenceOptions,
    TargetEvent,
    TriggerOptions,
    option_specs,
)
from focusbench.sequence.sky_place import SkyPlace, sky_place
from focusbench.triggers import FrameKind


@dataclass(frozen=True)
class Target:
    """Something that frames are taken of; made by `Sequence.add_target`.

    Attributes
    ----------
    name : str
    min_star_diameter_px : float, pixels at 1×1
        Its own minimum star diameter: the only setting of a target.
    events : tuple of TargetEvent
        Rows, done one after the other.
    ra_h, dec_deg : float or None, hours and degrees
        Where it stands in the sky, for airmass and side of the meridian; equinox does not matter
        at that accuracy.
    """

    name: str
    min_star_diameter_px: float
    events: tuple[TargetEvent, ...] = ()
    ra_h: float | None = None
    dec_deg: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise OptionsError(f"A target needs a name; got {self.name!r}.", "name")
        spec = _spec("min_star_diameter_px")
        object.__setattr__(self, "min_star_diameter_px", spec.check(self.min_star_diameter_px))
        object.__setattr__(self, "events", tuple(self.events))
        for each in self.events:
            if not isinstance(each, TargetEvent):
                raise OptionsError(f"Events of {self.name} are TargetEvents; got {each!r}.")
        _check_angle("ra_h", self.ra_h, 0, 24)
        _check_angle("dec_deg", self.dec_deg, -90, 90)


@dataclass(frozen=True)
class Row:
    """One row of a sequence: a target and its frames."""

    target: Target
    frames: TargetEvent

    @property
    def kind(self) -> FrameKind:
        """What makes its frames comparable, as planned."""
        return self.kind_with(self.frames.filter)

    def kind_with(self, filter: str | None) -> FrameKind:
        """What makes its frames comparable, with the filter that is in the beam."""
        return FrameKind(self.target.name, filter, self.frames.binning, self.frames.exposure_s)


@dataclass(frozen=True)
class Sequence:
    """The plan of a night.

    Attributes
    ----------
    autofocus : AutofocusOptions
        Copy of a profile, taken when the sequence was made.
    triggers : TriggerOptions
        When focus is looked after.
    options : SequenceOptions
    targets : tuple of Target

    Examples
    --------
    >>> from focusbench.options import AutofocusOptions, TargetEvent
    >>> night = Sequence(AutofocusOptions(min_star_diameter_px=8))
    >>> night = night.add_target("M 31", TargetEvent(filter="L", exposure_s=300, count=20))
    >>> night = night.with_profile(AutofocusOptions(min_star_diameter_px=5)).add_target("M 33")
    >>> [target.min_star_diameter_px for target in night.targets]
    [8.0, 5.0]
    """

    autofocus: AutofocusOptions = field(default_factory=AutofocusOptions)
    triggers: TriggerOptions = field(default_factory=TriggerOptions)
    options: SequenceOptions = field(default_factory=SequenceOptions)
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))
        names = [target.name for target in self.targets]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise OptionsError(f"There are two targets {twice!r}; give one another name.", "name")

    def add_target(
        self,
        name: str,
        *events: TargetEvent,
        ra_h: float | None = None,
        dec_deg: float | None = None,
    ) -> Self:
        """Return the sequence with one target more, which copies the minimum star diameter."""
        diameter = self.autofocus.min_star_diameter_px
        target = Target(name, diameter, events, ra_h, dec_deg)
        return dataclasses.replace(self, targets=(*self.targets, target))

    def change_target(self, name: str, **changes: Any) -> Self:
        """Return the sequence with some values of one target changed.

        Raises
        ------
        OptionsError
            No such target, or a bad value.
        """
        self.target(name)
        changed = tuple(
            dataclasses.replace(target, **changes) if target.name == name else target
            for target in self.targets
        )
        return dataclasses.replace(self, targets=changed)

    def with_profile(self, profile: AutofocusOptions) -> Self:
        """Return the sequence with a fresh copy of a profile; its targets keep what they have."""
        return dataclasses.replace(self, autofocus=profile)

    def target(self, name: str) -> Target:
        """The target of that name; raises `OptionsError` where there is none."""
        for target in self.targets:
            if target.name == name:
                return target
        there = ", ".join(target.name for target in self.targets) or "none"
        raise OptionsError(f"There is no target {name!r}; there are: {there}.", "name")

    def autofocus_for(self, target: Target) -> AutofocusOptions:
        """Options of a run made on a target."""
        return self.autofocus.replace(min_star_diameter_px=target.min_star_diameter_px)

    def sky_place(self, target: Target, time_s: float) -> SkyPlace:
        """Airmass and side of the meridian of a target; unknown without coordinates or site."""
        site = self.options
        return sky_place(target.ra_h, target.dec_deg, site.latitude_deg, site.longitude_deg, time_s)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order in which they are done."""
        return tuple(Row(target, each) for target in self.targets for each in target.events)


def _spec(name: str) -> Any:
    return next(spec for spec in option_specs(AutofocusOptions) if spec.name == name)


def _check_angle(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (
        isinstance(value, int | float) and math.isfinite(value) and low <= value <= high
    ):
        raise OptionsError(f"{name} is a number from {low} to {high}; got {value!r}.", name)
