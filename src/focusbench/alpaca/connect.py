"""From an address to a rig."""

import re

from focusbench.alpaca.camera import AlpacaCamera
from focusbench.alpaca.filter_wheel import AlpacaFilterWheel
from focusbench.alpaca.focuser import AlpacaFocuser
from focusbench.devices import RealClock, Rig
from focusbench.errors import OptionsError

_ADDRESS = re.compile(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.%\w]+\]):(?P<port>\d{1,5})", re.ASCII)


def connect_alpaca(
    address: str,
    *,
    camera: int = 0,
    focuser: int = 0,
    filter_wheel: int | None = None,
    focal_ratio: float | None = None,
    obstruction: float | None = None,
) -> Rig:
    """Connect the devices of one Alpaca server as a rig.

    Parameters
    ----------
    address : str
        HOST:PORT of the server, such as "192.168.1.20:11111".
    camera, focuser : int
        Their numbers on the server.
    filter_wheel : int, optional
        Its number on the server; None for a rig without one.
    focal_ratio : float, optional
        f-number of the telescope.
    obstruction : float, optional
        Diameter of the central obstruction over that of the aperture, 0 to 1.

    Returns
    -------
    Rig
        On real time; its thermometer is the focuser's, where that has one.

    Raises
    ------
    OptionsError
        The address is not HOST:PORT.
    DeviceError
        A device cannot be reached, or is not fit for auto focus; says which and why.
    """
    address = address.strip()
    parts = _ADDRESS.fullmatch(address)
    if parts is None or not 1 <= int(parts["port"]) <= 65535:
        raise OptionsError(
            f"The address of an Alpaca server is HOST:PORT with a port from 1 to 65535, such as "
            f"192.168.1.20:11111; got {address!r}.",
            "address",
        )
    clock = RealClock()
    the_focuser = AlpacaFocuser(address, focuser)
    return Rig(
        name=f"Alpaca rig at {address}",
        focuser=the_focuser,
        camera=AlpacaCamera(address, camera, clock=clock),
        clock=clock,
        filter_wheel=None if filter_wheel is None else AlpacaFilterWheel(address, filter_wheel),
        thermometer=the_focuser if the_focuser.temperature_c() is not None else None,
        focal_ratio=focal_ratio,
        obstruction=obstruction,
    )
