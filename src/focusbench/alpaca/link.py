"""How a device is asked over the network: bounded in time, repeated where that does no harm.

alpyca knows every property; how it asks is replaced here. It holds one lock over all devices while
it waits for an answer, so that a camera that hangs would keep the focuser from being halted, and a
single lost answer would end a run.
"""

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

import requests
from alpaca import camera, filterwheel, focuser, observingconditions
from alpaca.camera import raise_alpaca_if
from alpaca.exceptions import AlpacaRequestException, NotConnectedException

from focusbench.devices import RealClock

CONNECT_TIMEOUT_S = 2.0
"""How long a server may take to open the line."""

ANSWER_TIMEOUT_S = 4.0
"""How long it may be silent before and within an answer."""

WAKES_WITHIN_S = 20.0
"""How long the answer to "connect" may take: some drivers wake their device first."""

PAUSES_S = (0.2, 1.0, 3.0)
"""Pauses before a question that got no answer is asked again."""

LOST_AFTER_S = 12.0
"""Nothing is asked again later than this: a server that fell silent is known to be lost within 16
seconds, one that is gone within 5. From then on every question is asked once, until one is
answered."""

_NOT_REPEATED = frozenset({"move", "startexposure"})

_CLIENT_ID = random.randint(1, 65_535)
_transactions = itertools.count(1)
_clock = RealClock()


def client_parameters() -> dict[str, int]:
    """Who asks, and the number of this question."""
    return {"ClientID": _CLIENT_ID, "ClientTransactionID": next(_transactions)}


def headers(address: str) -> dict[str, str]:
    """What goes before every question: servers refuse a host with the zone of an IPv6 address."""
    return {"Host": re.sub(r"%[^\]]*", "", address)} if "%" in address else {}


class NoAnswer(Exception):
    """A command went out and no answer came: whether it was carried out is not known.

    Parameters
    ----------
    error : Exception
        What came instead.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Link:
    """Mixed into alpyca's devices: how they ask.

    Reading, and settings that do no harm when they come twice, are asked again after a lost or
    garbled answer. Moves and exposures are not; `sure` looks before it gives them again.
    """

    base_url: str
    address: str
    _connected_at = 0
    _restarts: ClassVar[Counter[str]] = Counter()
    """How often each server was found to have forgotten that we are connected."""
    _answering: ClassVar[set[str]] = set()
    """Servers whose last word was an answer: only with these it is worth asking again."""

    def sure(self, command: Callable[[], object], took_effect: Callable[[], bool]) -> None:
        """Give a command that must not be given blindly twice.

        Parameters
        ----------
        command : callable
            Gives it.
        took_effect : callable returning bool
            Looks whether it was carried out; asked when no answer came.
        """
        for is_last in (False, True):
            try:
                command()
                return
            except NoAnswer as lost:
                if took_effect():
                    return
                if is_last:
                    raise lost.error from lost

    # The names and arguments are alpyca's; its own time-outs are not heeded.

    def _get(self, attribute: str, tmo: float = 0.0, **data: Any) -> Any:
        return self._ask("GET", attribute, data)["Value"]

    def _put(self, attribute: str, tmo: float = 0.0, **data: Any) -> Any:
        return self._ask("PUT", attribute, data)

    def _ask(self, verb: str, attribute: str, data: dict[str, Any]) -> Any:
        if attribute == "connected":
            self._connected_at = self._restarts[self.address]
        elif self._connected_at != self._restarts[self.address]:
            self._ask("PUT", "connected", {"Connected": True})
        pauses_s = iter(PAUSES_S if self.address in self._answering else ())
        give_up_s = _clock.now() + LOST_AFTER_S
        while True:
            try:
                reply = self._ask_once(verb, attribute, data)
            except NotConnectedException:
                # The server was started anew and knows nothing of what it was told before; whoever
                # asked must hear of it. With the next question each of its devices connects again.
                self._restarts[self.address] += 1
                raise
            except _LOST as error:
                if verb == "PUT" and attribute in _NOT_REPEATED and _was_sent(error):
                    raise NoAnswer(error) from error
                pause_s = next(pauses_s, None)
                if pause_s is None or _clock.now() + pause_s > give_up_s:
                    self._answering.discard(self.address)
                    raise
                _clock.sleep(pause_s)
            else:
                self._answering.add(self.address)
                return reply

    def _ask_once(self, verb: str, attribute: str, data: dict[str, Any]) -> Any:
        parameters = client_parameters() | data
        wakes = verb == "PUT" and attribute == "connected"
        answer = requests.request(
            verb,
            f"{self.base_url}/{attribute}",
            params=parameters if verb == "GET" else None,
            data=parameters if verb == "PUT" else None,
            headers=headers(self.address),
            timeout=(CONNECT_TIMEOUT_S, WAKES_WITHIN_S if wakes else ANSWER_TIMEOUT_S),
        )
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ServerError(answer.status_code, answer.text)
        if answer.status_code != HTTPStatus.OK:
            raise AlpacaRequestException(answer.status_code, answer.text)
        reply = answer.json()
        raise_alpaca_if(reply["ErrorNumber"], reply["ErrorMessage"])
        if verb == "GET":
            reply["Value"]  # raises where there is none
        return reply


class ServerError(AlpacaRequestException):  # type: ignore[misc]
    """The server failed inside (HTTP 500 and above)."""


# An answer that is no JSON, or not what the standard says, counts as a lost one.
_LOST = (requests.RequestException, ServerError, KeyError, TypeError)


def _was_sent(error: Exception) -> bool:
    """Whether the server may have received the question: it did, unless nobody listened."""
    refused = isinstance(error, requests.ConnectionError) and "NewConnectionError" in repr(error)
    return not refused and not isinstance(error, requests.ConnectTimeout)


class Camera(Link, camera.Camera):  # type: ignore[misc]
    """alpyca's camera."""


class Focuser(Link, focuser.Focuser):  # type: ignore[misc]
    """alpyca's focuser."""


class FilterWheel(Link, filterwheel.FilterWheel):  # type: ignore[misc]
    """alpyca's filter wheel."""


class ObservingConditions(Link, observingconditions.ObservingConditions):  # type: ignore[misc]
    """alpyca's weather station."""
