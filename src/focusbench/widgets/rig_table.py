"""What the devices of a rig are, what they can do, and how they are now."""

from collections.abc import Iterable
from dataclasses import dataclass

from focusbench.devices import Camera, FilterWheel, Focuser, Rig
from focusbench.widgets.wording import escape


@dataclass(frozen=True)
class DeviceNow:
    """A device as people see it: what it is for, its name, what it can do, how it is now."""

    role: str
    name: str
    can: str
    now: str


def look_at(rig: Rig) -> tuple[DeviceNow, ...]:
    """Ask every device of a rig.

    Raises
    ------
    DeviceError
        One of them does not answer.
    """
    focuser, camera, wheel, thermometer = (
        rig.focuser,
        rig.camera,
        rig.filter_wheel,
        rig.thermometer,
    )
    seen = [
        DeviceNow("Focuser", focuser.name, _focuser_can(focuser), str(focuser.position())),
        DeviceNow("Camera", camera.name, _camera_can(camera), _camera_is(camera)),
    ]
    if wheel is not None:
        now = wheel.filter() or "turning"
        seen.append(DeviceNow("Filter wheel", wheel.name, _wheel_can(wheel), now))
    if thermometer is not None:
        degrees = thermometer.temperature_c()
        now = "no value" if degrees is None else f"{degrees:.1f} °C".replace("-", "−")
        source = "the focuser's sensor" if isinstance(thermometer, Focuser) else ""
        name = getattr(thermometer, "name", "thermometer")
        seen.append(DeviceNow("Temperature", name, source, now))
    return tuple(seen)


def now_text(devices: Iterable[DeviceNow]) -> str:
    """How the devices are now, in one line."""
    return " · ".join(f"{device.role} {device.now}" for device in devices)


def rig_table_html(devices: Iterable[DeviceNow]) -> str:
    """One row for each device."""
    cells = "".join(
        f"<tr><th>{one.role}</th><td><b>{escape(one.name)}</b><br>"
        f'<span class="fb-muted">{escape(one.can)}</span></td><td>{escape(one.now)}</td></tr>'
        for one in devices
    )
    return (
        '<table class="fb-devices"><thead><tr><th></th><th>Device</th><th>Now</th></tr></thead>'
        f"<tbody>{cells}</tbody></table>"
    )


def _focuser_can(focuser: Focuser) -> str:
    low, high = focuser.limits
    follows = focuser.temperature_compensation()
    parts = [f"{low} to {high} steps"]
    if follows is not None:
        parts.append(f"temperature compensation {'on' if follows else 'off'}")
    return ", ".join(parts)


def _camera_can(camera: Camera) -> str:
    n_y, n_x = camera.shape
    parts = [f"{n_x}×{n_y}"]
    if camera.pixel_um:
        parts.append(f"pixels of {camera.pixel_um:g} µm")
    parts.append(f"bins up to {camera.max_binning}×{camera.max_binning}")
    if camera.readout_modes:
        parts.append(f"read-out {', '.join(camera.readout_modes)}")
    return ", ".join(parts)


def _camera_is(camera: Camera) -> str:
    gain, mode = camera.gain(), camera.readout_mode()
    parts = [] if gain is None else [f"gain {gain}"]
    return ", ".join([*parts, *([mode] if mode else [])]) or "ready"


def _wheel_can(wheel: FilterWheel) -> str:
    offsets = wheel.focus_offsets
    if not offsets:
        return ", ".join(wheel.filters)
    pairs = zip(wheel.filters, offsets, strict=True)
    return ", ".join(f"{name} {offset:+d}".replace("-", "−") for name, offset in pairs)
