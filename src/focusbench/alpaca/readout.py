"""The read-out modes of an Alpaca camera, whichever of the standard's two ways it offers them."""

from focusbench.alpaca.door import asking, offered
from focusbench.alpaca.link import Camera as AlpycaCamera

NORMAL, FAST = "Normal", "Fast"
"""Our names where the driver knows only FastReadout."""


class ReadoutModes:
    """ASCOM's FastReadout (a switch) or ReadoutModes (a list of names); a camera has one of them.

    Parameters
    ----------
    alpyca : focusbench.alpaca.link.Camera
        Connected.
    device, address : str
        For messages.
    """

    def __init__(self, alpyca: AlpycaCamera, device: str, address: str) -> None:
        self._alpyca = alpyca
        self._asked = device, address
        self._is_switch = bool(offered(lambda: alpyca.CanFastReadout, False, *self._asked))
        if self._is_switch:
            self.names: tuple[str, ...] = (NORMAL, FAST)
        else:
            listed = offered(lambda: alpyca.ReadoutModes, (), *self._asked)
            self.names = tuple(str(name) for name in listed) if len(listed) > 1 else ()

    @property
    def fast(self) -> str | None:
        """The mode whose name says that it is fast ("Fast", "High speed"); None without one."""
        for name in self.names:
            if "fast" in name.lower() or "high speed" in name.lower():
                return name
        return None

    def now(self) -> str | None:
        """The mode in force; None where there is no choice."""
        if not self.names:
            return None
        with asking(*self._asked):
            if self._is_switch:
                return FAST if self._alpyca.FastReadout else NORMAL
            return self.names[int(self._alpyca.ReadoutMode)]

    def choose(self, name: str) -> None:
        """Choose one of `names`."""
        with asking(*self._asked):
            if self._is_switch:
                self._alpyca.FastReadout = name == FAST
            else:
                self._alpyca.ReadoutMode = self.names.index(name)
