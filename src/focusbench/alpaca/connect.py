"""From an address to a rig."""

from focusbench.alpaca.address import checked_address
from focusbench.alpaca.camera import AlpacaCamera
from focusbench.alpaca.conditions import AlpacaConditions
from focusbench.alpaca.filter_wheel import AlpacaFilterWheel
from focusbench.alpaca.focuser import AlpacaFocuser
from focusbench.devices import RealClock, Rig, Thermometer


def connect_alpaca(
    address: str,
    *,
    camera: int = 0,
    focuser: int = 0,
    filter_wheel: int | None = None,
    conditions: int | None = None,
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
    conditions : int, optional
        Number of the weather station that tells the temperature; None for the focuser's sensor.
    focal_ratio : float, optional
        f-number of the telescope.
    obstruction : float, optional
        Diameter of the central obstruction over that of the aperture, 0 to 1.

    Returns
    -------
    Rig
        On real time.

    Raises
    ------
    OptionsError
        The address is not HOST:PORT.
    DeviceError
        A device cannot be reached, or is not fit for auto focus; says which and why.

    Examples
    --------
    >>> import focusbench as fb
    >>> simulated = fb.simulated_rig(best_focus=10_250, seed=1, live=True)
    >>> with fb.AlpacaServer(simulated, port=0, discovery=False) as server:
    ...     rig = fb.connect_alpaca(server.address, focal_ratio=5)
    ...     rig.focuser.position()
    10220
    """
    address = checked_address(address)
    clock = RealClock()
    the_focuser = AlpacaFocuser(address, focuser)
    thermometer: Thermometer | None = None
    if conditions is not None:
        thermometer = AlpacaConditions(address, conditions)
    elif the_focuser.temperature_c() is not None:
        thermometer = the_focuser
    return Rig(
        name=f"Alpaca rig at {address}",
        focuser=the_focuser,
        camera=AlpacaCamera(address, camera, clock=clock),
        clock=clock,
        filter_wheel=None if filter_wheel is None else AlpacaFilterWheel(address, filter_wheel),
        thermometer=thermometer,
        focal_ratio=focal_ratio,
        obstruction=obstruction,
    )


def disconnect(rig: Rig) -> None:
    """Tell the Alpaca devices of a rig that nobody here needs them any more.

    A server with other clients keeps them connected. What cannot be reached is passed over.
    """
    for device in {rig.camera, rig.focuser, rig.filter_wheel, rig.thermometer}:
        if isinstance(device, AlpacaCamera | AlpacaFocuser | AlpacaFilterWheel | AlpacaConditions):
            device.disconnect()
