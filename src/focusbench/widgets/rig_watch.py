"""What is known of a rig between runs: where its focuser is, and whether a run could be made."""

from contextlib import suppress
from pathlib import Path

from focusbench.af_packages import Keep
from focusbench.devices import Rig
from focusbench.engine import Check, RunRecord, preflight
from focusbench.errors import DeviceError
from focusbench.options import AutofocusOptions


class RigWatch:
    """Asks the rig, and checks again only where anything has changed that a run depends on.

    Parameters
    ----------
    rig : Rig
    folder, keep
        Where packages go and what they keep, as in `focusbench.autofocus`.

    Attributes
    ----------
    position : int or None, steps
    lost_contact : str
        Why the focuser does not answer; empty where it does.
    filter : str or None
    checks : tuple of Check
        The preflight list as it was when the rig was idle last.
    """

    def __init__(self, rig: Rig, folder: str | Path | None, keep: Keep) -> None:
        self._rig, self._folder, self._keep = rig, folder, keep
        self._checked: object = None
        self.position: int | None = None
        self.lost_contact = ""
        self.filter: str | None = None
        self.checks: tuple[Check, ...] = ()

    def look(self, options: AutofocusOptions, last: RunRecord | None, *, running: bool) -> None:
        """Ask where the focuser is and, while the rig is idle, whether a run could be made."""
        try:
            self.position, self.lost_contact = self._rig.focuser.position(), ""
        except DeviceError as error:
            self.position, self.lost_contact = None, str(error)
        if running:
            self.forget()
            return
        with suppress(DeviceError):
            self.filter = self._rig.filter()
        key = (options, self.position, self.lost_contact)
        if key != self._checked:
            self.checks = preflight(
                self._rig, options, folder=self._folder, keep=self._keep, last=last
            )
            self._checked = key

    def forget(self) -> None:
        """Check again at the next look: camera, wheel and disk may change by themselves."""
        self._checked = None
