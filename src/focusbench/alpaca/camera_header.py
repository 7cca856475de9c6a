"""What an Alpaca camera tells of itself, for the header of its frames."""

from collections.abc import Mapping
from functools import partial

from focusbench.alpaca.door import asking, offered
from focusbench.alpaca.link import Camera as AlpycaCamera
from focusbench.errors import DeviceError

KEYWORDS = {
    "GAIN": "Gain",
    "OFFSET": "Offset",
    "EGAIN": "ElectronsPerADU",
    "CCD-TEMP": "CCDTemperature",
    "SET-TEMP": "SetCCDTemperature",
    "COOLER": "CoolerOn",
}
"""FITS keywords as MaxIm DL and N.I.N.A. write them, and the properties that fill them."""


class CameraHeader:
    """Reads those properties that the driver offers; which they are is found out once.

    Parameters
    ----------
    alpyca : focusbench.alpaca.link.Camera
        Connected.
    name : str
        Of the camera.
    device, address : str
        For messages.
    """

    def __init__(self, alpyca: AlpycaCamera, name: str, device: str, address: str) -> None:
        self._alpyca = alpyca
        self._name = name
        self._asked = device, address
        self._offered = {
            keyword: member
            for keyword, member in KEYWORDS.items()
            if offered(partial(getattr, alpyca, member), None, *self._asked) is not None
        }

    def read(self) -> Mapping[str, object]:
        """Cards of the header now; without what the driver does not tell any more."""
        cards: dict[str, object] = {"INSTRUME": self._name}
        try:
            for keyword, member in self._offered.items():
                with asking(*self._asked):
                    cards[keyword] = getattr(self._alpyca, member)
        except DeviceError:
            # A frame is worth more than its header; what is wrong shows with the next command.
            pass
        return cards
