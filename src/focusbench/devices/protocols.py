"""The protocols: each starts something and returns at once, as ASCOM's devices do.

Every method may raise `~focusbench.errors.DeviceError`. Waiting is done once, in
`focusbench.devices.waiting`.
"""

from typing import Protocol, runtime_checkable

from focusbench.frames import Frame


@runtime_checkable
class Focuser(Protocol):
    """A focuser that knows its absolute position, in steps; larger is further out."""

    @property
    def name(self) -> str:
        """Name for people."""
        ...

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest position that may be commanded, steps."""
        ...

    def position(self) -> int:
        """Position now, steps; also while moving."""
        ...

    def start_move(self, position: int) -> None:
        """Begin to move; raises `DeviceRefused` beyond the limits."""
        ...

    def is_moving(self) -> bool:
        """Whether a move is going on."""
        ...

    def halt(self) -> None:
        """Stop a move where it is; harmless when nothing moves."""
        ...

    def temperature_compensation(self) -> bool | None:
        """Whether it follows the temperature by itself now; None where it never does.

        While it does, it may refuse to be moved.
        """
        ...

    def set_temperature_compensation(self, on: bool) -> None:
        """Switch it on or off; raises `DeviceRefused` where there is none."""
        ...


@runtime_checkable
class Camera(Protocol):
    """A camera that takes one frame at a time."""

    @property
    def name(self) -> str:
        """Name for people."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a whole frame at 1×1."""
        ...

    @property
    def pixel_um(self) -> float | None:
        """Size of a pixel at 1×1, µm; None where the driver does not tell."""
        ...

    @property
    def max_binning(self) -> int:
        """Largest symmetric binning."""
        ...

    @property
    def readout_modes(self) -> tuple[str, ...]:
        """Names of its read-out modes; empty where there is no choice."""
        ...

    @property
    def fast_readout_mode(self) -> str | None:
        """The mode for quick, perhaps noisier, frames; None where none is known to be."""
        ...

    def readout_mode(self) -> str | None:
        """The mode that the next frame is read in; None where there is no choice."""
        ...

    def set_readout_mode(self, name: str) -> None:
        """Choose a read-out mode; raises `DeviceRefused` where there is none of that name."""
        ...

    def gain(self) -> int | None:
        """Gain of the next frame, in the driver's own numbers; None where it has no choice."""
        ...

    def set_gain(self, gain: int) -> None:
        """Choose a gain; raises `DeviceRefused` where the camera has none such."""
        ...

    def start_exposure(self, exposure_s: float, *, binning: int = 1) -> None:
        """Begin an exposure of the whole frame; binning and sub-frame are as found afterwards."""
        ...

    def image_ready(self) -> bool:
        """Whether the frame has been read out and can be fetched."""
        ...

    def abort(self) -> None:
        """End an exposure without a frame; harmless when none is going on."""
        ...

    def read_image(self) -> Frame:
        """Fetch the frame. Its position, filter and temperature are filled in by the rig."""
        ...


@runtime_checkable
class FilterWheel(Protocol):
    """A filter wheel whose slots have names."""

    @property
    def name(self) -> str:
        """Name for people."""
        ...

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the filters, by slot."""
        ...

    @property
    def focus_offsets(self) -> tuple[int, ...]:
        """Where each focuses compared with the others, steps, by slot; empty where not known."""
        ...

    def filter(self) -> str | None:
        """Name of the filter in the beam; None while the wheel turns."""
        ...

    def start_change(self, name: str) -> None:
        """Begin to turn to a filter."""
        ...


@runtime_checkable
class Thermometer(Protocol):
    """Something that knows the temperature at the telescope."""

    def temperature_c(self) -> float | None:
        """Temperature now, °C; None where it cannot be told."""
        ...
