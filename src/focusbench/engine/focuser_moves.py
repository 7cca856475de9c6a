"""Moves of the focuser: backlash, limits, and noticing when somebody else has moved it."""

import logging
from collections.abc import Callable

from focusbench.devices import Rig, Stop, wait_until
from focusbench.engine.progress import Activity
from focusbench.errors import DeviceError, DeviceRefused, FocuserTaken
from focusbench.options import AutofocusOptions

logger = logging.getLogger(__name__)

MOVE_TIMEOUT_S = 300.0
"""A move that takes longer than this never ends."""

HALT_TIMEOUT_S = 10.0

STARTS_WITHIN_S = 0.5
"""How late a driver may say that it moves: some answer "no" for a moment after the command."""

ARRIVED_WITHIN = 2
"""Steps by which a focuser's report may differ from the command: some round."""


class FocuserMoves:
    """Sends the focuser from place to place, leg by leg.

    Parameters
    ----------
    rig : Rig
    options : AutofocusOptions
    tell : callable
        Told what the rig is doing.
    warn : callable
        Told what a person should know.
    """

    def __init__(
        self,
        rig: Rig,
        options: AutofocusOptions,
        tell: Callable[[Activity], None],
        warn: Callable[[str], None],
    ) -> None:
        self._rig = rig
        self._options = options
        self._tell = tell
        self._warn = warn
        self._overshoot_within = rig.focuser.limits
        self._legs: list[int] = []
        self._commanded: int | None = None
        self._leg_began_s = 0.0

    def stand(self, travel: tuple[int, int] | None = None) -> None:
        """Take the position now as the one commanded; nothing overshoots beyond `travel`."""
        low, high = self._rig.focuser.limits
        if travel is not None:
            low, high = max(low, travel[0]), min(high, travel[1])
        self._overshoot_within = low, high
        self._commanded = self._rig.focuser.position()

    def begin(self, target: int, via: int | None = None, *, passing: bool = False) -> None:
        """Start a move and return; one that goes the same way is continued, another stopped.

        Parameters
        ----------
        target : int, steps
        via : int, optional, steps
            Where it goes first; clamped to where overshoot may go.
        passing : bool
            The focuser will not stay at `target`, so that no backlash is taken up.
        """
        via = None if via is None else self._clamped(via, target)
        if self._legs:
            if self._legs[-1] == (target if via is None else via):
                self._legs += [] if via is None else [target]
                return
            self.halt()
        elif self._commanded == target:
            self.check_nobody_moved_it()
            return
        self.check_nobody_moved_it()
        low, high = self._rig.focuser.limits
        if not low <= target <= high:
            raise DeviceRefused(
                "focuser",
                f"The run needs position {target}, but the focuser goes from {low} to {high}. "
                "Lower the step size or the data points, or begin further from the limit.",
            )
        if via is None and not passing:
            via = self._overshoot(target)
        self._legs = [target] if via is None or via == target else [via, target]
        self._start_leg()

    def finish(self, stop: Stop | None) -> None:
        """Wait until the focuser stands where it was sent."""
        focuser, clock = self._rig.focuser, self._rig.clock
        while self._legs:
            target = self._legs[0]
            try:
                wait_until(
                    self._at_rest,
                    clock,
                    stop=stop,
                    timeout_s=MOVE_TIMEOUT_S,
                    device="focuser",
                    doing=f"did not finish its move to {target}",
                )
            except BaseException:
                self.halt()
                raise
            stands = focuser.position()
            if abs(stands - target) > ARRIVED_WITHIN:
                self._legs = []
                raise DeviceError(
                    "focuser", f"The focuser stopped at {stands} on its way to {target}."
                )
            self._legs.pop(0)
            self._commanded = target
            if self._legs:
                self._start_leg()

    def _at_rest(self) -> bool:
        """Whether the leg is over: arrived, or standing elsewhere for longer than a late start."""
        if self._rig.focuser.is_moving():
            return False
        late = self._rig.clock.now() - self._leg_began_s >= STARTS_WITHIN_S
        return late or abs(self._rig.focuser.position() - self._legs[0]) <= ARRIVED_WITHIN

    def halt(self) -> None:
        """Stop a move that is going on, as well as the focuser lets itself be stopped."""
        if not self._legs:
            return
        self._legs, self._commanded = [], None
        focuser = self._rig.focuser
        try:
            focuser.halt()
            wait_until(
                lambda: not focuser.is_moving(),
                self._rig.clock,
                stop=None,
                timeout_s=HALT_TIMEOUT_S,
                device="focuser",
                doing="did not stop",
            )
        except Exception:
            # Why it was to be stopped is what people must hear; the next move says the rest.
            logger.warning("The focuser could not be halted", exc_info=True)

    def check_nobody_moved_it(self) -> None:
        """See that the focuser stands where it was sent; raises `FocuserTaken` where not."""
        if self._commanded is None:
            return
        stands = self._rig.focuser.position()
        if abs(stands - self._commanded) > ARRIVED_WITHIN:
            raise FocuserTaken("focuser", f"The focuser was moved to {stands} by someone else.")

    def _overshoot(self, target: int) -> int | None:
        """Where to go first, so that the last move has the direction of `final_move`.

        SGPro names the direction of the final move: with IN, a move out goes past the target by
        the backlash and comes back in; a move in is plain.
        """
        here, backlash = self._rig.focuser.position(), self._options.backlash
        wants_in = self._options.final_move == "in"
        if not backlash or target == here or (target > here) != wants_in:
            return None
        wanted = target + (backlash if wants_in else -backlash)
        via = self._clamped(wanted, target)
        if via != wanted:
            self._warn(
                f"The backlash of {backlash} steps is more than there is room for beyond "
                f"{target}: the focuser turned round at {via}, after {abs(via - target)} steps."
            )
        return via

    def _clamped(self, via: int, target: int) -> int:
        """`via`, kept to where overshoot may go, but never short of the target itself."""
        low, high = self._overshoot_within
        return min(max(via, min(low, target)), max(high, target))

    def _start_leg(self) -> None:
        self._commanded = None
        self._leg_began_s = self._rig.clock.now()
        self._tell(Activity("moving", self._legs[-1], self._leg_began_s))
        try:
            self._rig.focuser.start_move(self._legs[0])
        except BaseException:
            self._legs = []
            raise
