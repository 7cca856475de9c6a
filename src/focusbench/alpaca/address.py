"""The address of an Alpaca server."""

import re

from focusbench.errors import OptionsError

_FORM = re.compile(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.%\w]+\]):(?P<port>\d{1,5})", re.ASCII)


def checked_address(address: str) -> str:
    """Return an address without blanks around it.

    Raises
    ------
    OptionsError
        It is not HOST:PORT.
    """
    address = address.strip()
    parts = _FORM.fullmatch(address)
    if parts is None or not 1 <= int(parts["port"]) <= 65535:
        raise OptionsError(
            f"The address of an Alpaca server is HOST:PORT with a port from 1 to 65535, such as "
            f"192.168.1.20:11111; got {address!r}.",
            "address",
        )
    return address
