"""What a run changes of a rig besides the focuser's position, and puts back as it was found."""

import logging
from collections.abc import Callable

from focusbench.devices import Rig, Stop, wait_until
from focusbench.errors import DeviceRefused, OptionsError
from focusbench.options import AutofocusOptions

logger = logging.getLogger(__name__)

FILTER_TIMEOUT_S = 60.0
"""A filter wheel that turns for longer than this is stuck."""


class RigSetup:
    """Filter, gain, read-out mode and temperature compensation of a rig during a run.

    Parameters
    ----------
    rig : Rig
    options : AutofocusOptions
    warn : callable
        Told what a person should know.

    Raises
    ------
    OptionsError
        The run is to be made with a filter that the rig does not have.
    """

    def __init__(self, rig: Rig, options: AutofocusOptions, warn: Callable[[str], None]) -> None:
        self._rig = rig
        self._options = options
        self._warn = warn
        self._put_back: list[tuple[str, Callable[[], None]]] = []
        wanted = options.focus_filter
        has = rig.filter_wheel.filters if rig.filter_wheel else ()
        if wanted is not None and wanted not in has:
            there = f"it has {', '.join(has)}" if has else "it has no filter wheel"
            raise OptionsError(
                f"Focus with (focus_filter): {rig.name} has no filter {wanted!r}; {there}.",
                "focus_filter",
            )

    def filter_at_rest(self) -> str | None:
        """Name of the filter in the beam, once the wheel rests; None without one."""
        if self._rig.filter_wheel is None:
            return None
        self._wait_for_wheel(lambda now: now is not None, None, "did not come to rest")
        return self._rig.filter()

    def hold_still(self) -> None:
        """Switch temperature compensation off, so that nothing but the run moves the focuser."""
        focuser = self._rig.focuser
        if focuser.temperature_compensation():
            self._put_back.append(
                ("temperature compensation", lambda: focuser.set_temperature_compensation(True))
            )
            focuser.set_temperature_compensation(False)

    def set_camera(self) -> None:
        """Choose the gain and the read-out mode that the options ask for."""
        camera, gain = self._rig.camera, self._options.gain
        if gain is not None:
            found = camera.gain()
            if found is None:
                raise DeviceRefused(
                    "camera", f"{camera.name} has no gain to choose; leave the option empty."
                )
            self._put_back.append(("gain", lambda: camera.set_gain(found)))
            camera.set_gain(gain)
        if self._options.fast_download:
            self._read_fast()

    def _read_fast(self) -> None:
        camera = self._rig.camera
        fast, found = camera.fast_readout_mode, camera.readout_mode()
        if fast is None or found is None:
            modes = ", ".join(camera.readout_modes) or "no choice"
            self._warn(
                f"Fast download: {camera.name} has no read-out mode that is known to be fast "
                f"({modes}). Frames are read as it is set."
            )
            return
        self._put_back.append(("read-out mode", lambda: camera.set_readout_mode(found)))
        camera.set_readout_mode(fast)

    def turn_to(self, name: str, stop: Stop | None) -> None:
        """Turn the wheel to a filter and wait."""
        wheel = self._rig.filter_wheel
        assert wheel is not None
        self._wait_for_wheel(lambda now: now is not None, stop, "did not come to rest")
        if wheel.filter() != name:
            wheel.start_change(name)
            # Not until it rests: some say for a moment after the command that they still do.
            self._wait_for_wheel(lambda now: now == name, stop, f"did not reach {name}")

    def restore(self) -> tuple[str, ...]:
        """Put everything back but the filter; returns what could not be, in words."""
        troubles = []
        while self._put_back:
            what, put_back = self._put_back.pop()
            try:
                put_back()
            except Exception as error:
                logger.info("%s was not put back", what, exc_info=True)
                troubles.append(f"The {what} is not as it was found: {error}")
        return tuple(troubles)

    def _wait_for_wheel(
        self, done: Callable[[str | None], bool], stop: Stop | None, doing: str
    ) -> None:
        wheel = self._rig.filter_wheel
        assert wheel is not None
        wait_until(
            lambda: done(wheel.filter()),
            self._rig.clock,
            stop=stop,
            timeout_s=FILTER_TIMEOUT_S,
            device="filter wheel",
            doing=doing,
        )
