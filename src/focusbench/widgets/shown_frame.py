"""The frame that a focus module shows, and what is known of its stars with the options of now."""

from collections.abc import Callable

from focusbench.engine import PointMeasured, Sample, Validated
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions
from focusbench.widgets.latest import Latest
from focusbench.widgets.look import Look, look_at, measured_alike


class ShownFrame:
    """Takes up frames from any thread; measures one again only where it would read otherwise.

    Parameters
    ----------
    wake : callable
        Told, in any thread, that more is known.

    Attributes
    ----------
    frame : Frame or None
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.frame: Frame | None = None
        self._given: Look | None = None
        self._look: Look | None = None
        self._measuring: Latest[tuple[Frame, AutofocusOptions], Look] = Latest(
            lambda asked: look_at(*asked), wake, "focusbench measurement"
        )

    @property
    def measuring(self) -> bool:
        """Whether the frame is being measured."""
        return self._measuring.busy

    def take_up(
        self,
        seen: Sample | PointMeasured | Validated,
        measured_with: AutofocusOptions,
        options: AutofocusOptions,
    ) -> None:
        """Another frame, measured with some options already; `options` are those of now."""
        self.frame = frame = seen.frames[-1]
        stars, point = seen.stars[-1], seen.point
        alike = measured_alike(measured_with, options) and len(seen.frames) == 1
        if stars is not None and alike and not point.rejected:
            self._given = Look(frame, options, point.metric, point.error, stars)
        else:
            self._given = None
            self._measuring.ask((frame, options))

    def change(self, before: AutofocusOptions, options: AutofocusOptions) -> None:
        """Other options than before."""
        if self.frame is not None and not measured_alike(before, options):
            self._measuring.ask((self.frame, options))

    def look(self) -> Look | None:
        """What is known of the frame; None where that has still to be measured."""
        measured = self._measuring.answer
        if measured is not None and measured.frame is self.frame and measured is not self._given:
            self._given = measured
        for known in (self._given, self._look):
            if known is not None and known.frame is self.frame:
                self._look = known
                return known
        return None

    def close(self) -> None:
        """Measure no more."""
        self._measuring.close()
