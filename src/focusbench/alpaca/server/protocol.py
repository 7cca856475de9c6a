"""The words of the protocol: error numbers, how parameters are read, transaction numbers.

After "ASCOM Alpaca Device API" v1 (ASCOM Initiative) and, where that leaves a choice, what ASCOM's
conformance checker ConformU expects.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from focusbench.errors import DeviceError, DeviceNotConnected, DeviceRefused


class ErrorNumber(IntEnum):
    """ASCOM's reserved error numbers, as far as they are used here."""

    NOT_IMPLEMENTED = 0x400
    INVALID_VALUE = 0x401
    VALUE_NOT_SET = 0x402
    NOT_CONNECTED = 0x407
    INVALID_OPERATION = 0x40B
    DRIVER_ERROR = 0x500


class AlpacaError(Exception):
    """What a device answers, with HTTP status 200, in place of a value.

    Parameters
    ----------
    number : ErrorNumber
    message : str
        One sentence for people.
    """

    def __init__(self, number: ErrorNumber, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


class BadRequest(Exception):
    """A request that cannot be understood: answered with an HTTP status and a plain sentence."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def as_alpaca_error(error: DeviceError) -> AlpacaError:
    """The answer of the protocol to an error of one of our devices."""
    if isinstance(error, DeviceNotConnected):
        return AlpacaError(ErrorNumber.NOT_CONNECTED, str(error))
    if isinstance(error, DeviceRefused):
        return AlpacaError(ErrorNumber.INVALID_OPERATION, str(error))
    return AlpacaError(ErrorNumber.DRIVER_ERROR, str(error))


# ---------------------------------------------------------------------- parameters of a member

Parser = Callable[[str], Any]
"""Reads one parameter; ValueError where it is none of its kind."""

_WHOLE = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_INT32 = 2**31


def text(given: str) -> str:
    """Any text."""
    return given


def boolean(given: str) -> bool:
    """True or False, in any casing."""
    match given.lower():
        case "true":
            return True
        case "false":
            return False
    raise ValueError("not a valid boolean")


def whole(given: str) -> int:
    """A whole number of 32 bits."""
    if not _WHOLE.fullmatch(given) or not -_INT32 <= int(given) < _INT32:
        raise ValueError("not a valid whole number of 32 bits")
    return int(given)


def number(given: str) -> float:
    """A finite number; a decimal point, no comma."""
    # Python would also take 1_000.
    value = math.nan if "_" in given else float(given)
    if not math.isfinite(value):
        raise ValueError("not a valid number")
    return value


def read_parameters(
    given: Mapping[str, str], wanted: Mapping[str, Parser], *, any_case: bool
) -> list[Any]:
    """Values of the wanted parameters, in their order.

    Parameters
    ----------
    given : mapping
        Everything that came, as text.
    wanted : mapping
        Names and how each is read.
    any_case : bool
        Whether the names may come in any casing: they may in the query of a GET.

    Raises
    ------
    BadRequest
        One of them is missing.
    AlpacaError
        One of them cannot be read.
    """
    if any_case:
        given = {name.lower(): value for name, value in given.items()}
    values = []
    for name, parse in wanted.items():
        key = name.lower() if any_case else name
        if key not in given:
            raise BadRequest(f"The parameter {name} is missing; names are spelled exactly so.")
        try:
            values.append(parse(given[key]))
        except ValueError as error:
            reason = str(error) if str(error).startswith("not a valid") else "not a valid number"
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE, f"{name} {given[key][:100]!r} is {reason}."
            ) from error
    return values


# ---------------------------------------------------------------------- who asks, and in which turn

_UINT32 = re.compile(r"\d{1,10}", re.ASCII)


def read_id(given: Mapping[str, str], name: str, *, any_case: bool) -> int:
    """A ClientID or ClientTransactionID; 0 where none was supplied.

    Raises
    ------
    BadRequest
        It was supplied and is no number from 0 to 4294967295.
    """
    if any_case:
        given = {key.lower(): value for key, value in given.items()}
        value = given.get(name.lower())
    else:
        value = given.get(name)
    if value is None:
        return 0
    if not _UINT32.fullmatch(value) or int(value) >= 2**32:
        raise BadRequest(f"{name} is a whole number from 0 to 4294967295; got {value[:100]!r}.")
    return int(value)


class Transactions:
    """Numbers the server's transactions, from 1 on; 0 would mean that there is none."""

    def __init__(self) -> None:
        self._numbers = itertools.cycle(range(1, 2**32))

    def next(self) -> int:
        """The number of the next one."""
        return next(self._numbers)
