"""A rig: the devices that focus together, the optics they sit on, and who may move them now."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from focusbench.devices.clock import Clock
from focusbench.devices.protocols import Camera, FilterWheel, Focuser, Thermometer
from focusbench.errors import RunInProgress
from focusbench.options import FilterSettings, FilterTable


@dataclass(eq=False, repr=False)
class Rig:
    """The devices of one telescope.

    Attributes
    ----------
    name : str
    focuser : Focuser
    camera : Camera
    clock : Clock
    filter_wheel : FilterWheel or None
    thermometer : Thermometer or None
    focal_ratio : float or None
        f-number; with the camera's pixel size it gives the classic critical focus zone.
    obstruction : float or None
        Diameter of the central obstruction over that of the aperture, 0 to 1.
    """

    name: str
    focuser: Focuser
    camera: Camera
    clock: Clock
    filter_wheel: FilterWheel | None = None
    thermometer: Thermometer | None = None
    focal_ratio: float | None = None
    obstruction: float | None = None
    _lease: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Hold the rig alone.

        Raises
        ------
        RunInProgress
            Somebody else holds it; nothing is waited for.
        """
        if not self._lease.acquire(blocking=False):
            raise RunInProgress(f"{self.name} is busy with another run.")
        try:
            yield
        finally:
            self._lease.release()

    def temperature_c(self) -> float | None:
        """Temperature now, °C; None without a sensor."""
        return self.thermometer.temperature_c() if self.thermometer else None

    def filter(self) -> str | None:
        """Name of the filter in the beam; None without a wheel."""
        return self.filter_wheel.filter() if self.filter_wheel else None

    def filter_table(self) -> FilterTable:
        """The filters of its wheel, with the focus offsets that the wheel's driver was told.

        Examples
        --------
        >>> from focusbench.simulator import simulated_rig
        >>> list(simulated_rig().filter_table())[:3]
        ['L', 'R', 'G']
        """
        wheel = self.filter_wheel
        if wheel is None:
            return FilterTable()
        if not wheel.focus_offsets:
            return FilterTable(dict.fromkeys(wheel.filters, FilterSettings()))
        pairs = zip(wheel.filters, wheel.focus_offsets, strict=True)
        return FilterTable({name: FilterSettings(focus_point=offset) for name, offset in pairs})

    def describe(self) -> dict[str, object]:
        """What a package remembers of the rig."""
        low, high = self.focuser.limits
        return {
            "name": self.name,
            "focuser": self.focuser.name,
            "focuser_limits": [low, high],
            "camera": self.camera.name,
            "camera_shape": list(self.camera.shape),
            "pixel_um": self.camera.pixel_um,
            "focal_ratio": self.focal_ratio,
            "obstruction": self.obstruction,
            "filter": self.filter(),
        }
