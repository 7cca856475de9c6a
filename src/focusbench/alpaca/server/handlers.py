"""From a request to an answer: addresses, HTTP status, transaction numbers, JSON."""

import asyncio
import json
import logging
from collections.abc import Mapping
from html import escape
from importlib.metadata import version
from typing import Any

from tornado import web

from focusbench.alpaca.server.device import ServedDevice
from focusbench.alpaca.server.images import error_bytes, image_bytes, image_json
from focusbench.alpaca.server.protocol import AlpacaError, BadRequest, Transactions, read_id

log = logging.getLogger(__name__)

ASCOM_DEVICE_TYPES = frozenset(
    [
        "camera",
        "covercalibrator",
        "dome",
        "filterwheel",
        "focuser",
        "observingconditions",
        "rotator",
        "safetymonitor",
        "switch",
        "telescope",
    ]
)

IMAGE_BYTES = "application/imagebytes"

_IMAGES = ("imagearray", "imagearrayvariant")


class Offer:
    """What a server has to offer.

    Attributes
    ----------
    name : str
        Of the rig.
    devices : mapping
        From type and number to the device.
    unique_ids : mapping
        From type and number to the name that no other device in the world has.
    transactions : Transactions
    """

    def __init__(
        self,
        name: str,
        devices: Mapping[tuple[str, int], ServedDevice],
        unique_ids: Mapping[tuple[str, int], str],
    ) -> None:
        self.name = name
        self.devices = devices
        self.unique_ids = unique_ids
        self.transactions = Transactions()


class _Handler(web.RequestHandler):
    offer: Offer

    def initialize(self, offer: Offer) -> None:
        self.offer = offer

    def compute_etag(self) -> str | None:
        return None  # nothing here may come from a cache

    def set_default_headers(self) -> None:
        self.set_header("Server", "focusbench")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A plain sentence, as the standard wants it."""
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        if isinstance(error, web.HTTPError):
            said = error.log_message or self._reason
        else:
            said = f"The server failed unexpectedly: {type(error).__name__}: {error}"
        self.say(status_code, said)

    def say(self, status: int, sentence: str) -> None:
        """Answer with an HTTP status and a plain sentence."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(sentence)

    def answer_json(self, **answer: Any) -> None:
        """Send a JSON object."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, separators=(",", ":"), ensure_ascii=False))

    def said(self, verb: str) -> dict[str, str]:
        """The parameters of the request; of a repeated one, the first."""
        request = self.request
        given = request.query_arguments if verb == "get" else request.body_arguments
        try:
            return {name: values[0].decode() for name, values in given.items()}
        except UnicodeDecodeError as error:
            raise BadRequest("The parameters are no UTF-8.") from error


class DeviceHandler(_Handler):
    """One member of one device."""

    async def get(self, *address: str) -> None:
        """Read a member."""
        await self._answer_or_refuse("get", *address)

    async def put(self, *address: str) -> None:
        """Set a member or call a method."""
        await self._answer_or_refuse("put", *address)

    async def _answer_or_refuse(self, verb: str, *address: str) -> None:
        try:
            await self._answer(verb, *address)
        except BadRequest as error:
            self.say(error.status, str(error))

    async def _answer(self, verb: str, device_type: str, number: str, name: str) -> None:
        device = self._device(device_type, number)
        member = device.member(verb, name)
        said, any_case = self.said(verb), verb == "get"
        client = read_id(said, "ClientID", any_case=any_case)
        transaction = {
            "ClientTransactionID": read_id(said, "ClientTransactionID", any_case=any_case),
            "ServerTransactionID": self.offer.transactions.next(),
        }
        threads = None if name in device.slow else device.one_at_a_time
        try:
            value = await asyncio.get_running_loop().run_in_executor(
                threads,
                lambda: device.answer(member, name, said, client=client, any_case=any_case),
            )
        except AlpacaError as error:
            self._refuse(name, error, transaction)
            return
        if name == "imagearray":
            await self._send_image(value, transaction)
        elif verb == "get" or value is not None:
            self.answer_json(Value=value, **transaction, ErrorNumber=0, ErrorMessage="")
        else:
            self.answer_json(**transaction, ErrorNumber=0, ErrorMessage="")

    def _device(self, device_type: str, number: str) -> ServedDevice:
        if device_type not in ASCOM_DEVICE_TYPES:
            raise BadRequest(f"The standard knows no device type {device_type}.", 404)
        device = self.offer.devices.get((device_type, int(number[:12])))
        if device is None:
            raise BadRequest(f"There is no {device_type} {number[:12]} here.")
        return device

    def _refuse(self, name: str, error: AlpacaError, transaction: dict[str, int]) -> None:
        if name == "imagearray" and self._wants_image_bytes():
            self.set_header("Content-Type", IMAGE_BYTES)
            self.finish(
                error_bytes(
                    error.number,
                    error.message,
                    client_transaction=transaction["ClientTransactionID"],
                    server_transaction=transaction["ServerTransactionID"],
                )
            )
            return
        # By the standard's schema an answer without an image is none unless it tells its rank.
        image = {"Type": 2, "Rank": 2} if name in _IMAGES else {}
        self.answer_json(
            **image, **transaction, ErrorNumber=int(error.number), ErrorMessage=error.message
        )

    def _wants_image_bytes(self) -> bool:
        return IMAGE_BYTES in self.request.headers.get("Accept", "").lower()

    async def _send_image(self, pixels: Any, transaction: dict[str, int]) -> None:
        loop = asyncio.get_running_loop()
        if not self._wants_image_bytes():
            body = await loop.run_in_executor(
                None, lambda: image_json(pixels, **transaction, ErrorNumber=0, ErrorMessage="")
            )
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.finish(body)
            return
        header, body_view = await loop.run_in_executor(
            None,
            lambda: image_bytes(
                pixels,
                client_transaction=transaction["ClientTransactionID"],
                server_transaction=transaction["ServerTransactionID"],
            ),
        )
        self.set_header("Content-Type", IMAGE_BYTES)
        self.set_header("Content-Length", str(len(header) + len(body_view)))
        self.write(header)
        await self.flush()
        connection = self.request.connection
        assert connection is not None
        # Past the handler's own buffer, which would copy tens of megabytes twice.
        await connection.write(body_view)  # type: ignore[arg-type]
        self.finish()


class ManagementHandler(_Handler):
    """What this server is and which devices it has."""

    def get(self, page: str) -> None:
        """Answer one of the three pages; numbers that are none count as not supplied."""
        pages = {
            "apiversions": lambda: [1],
            "v1/description": self._description,
            "v1/configureddevices": self._devices,
        }
        try:
            client_transaction = read_id(self.said("get"), "ClientTransactionID", any_case=True)
        except BadRequest:
            client_transaction = 0
        self.answer_json(
            Value=pages[page](),
            ClientTransactionID=client_transaction,
            ServerTransactionID=self.offer.transactions.next(),
        )

    def _description(self) -> dict[str, str]:
        return {
            "ServerName": self.offer.name,
            "Manufacturer": "focusbench",
            "ManufacturerVersion": version("focusbench"),
            "Location": "",
        }

    def _devices(self) -> list[dict[str, Any]]:
        return [
            {
                "DeviceName": device.name,
                "DeviceType": _CASED.get(device_type, device_type.capitalize()),
                "DeviceNumber": number,
                "UniqueID": self.offer.unique_ids[device_type, number],
            }
            for (device_type, number), device in self.offer.devices.items()
        ]


_CASED = {"filterwheel": "FilterWheel", "observingconditions": "ObservingConditions"}


class SetupHandler(_Handler):
    """Pages for a browser: there is nothing to set, and they say so."""

    def get(self, device_type: str | None = None, number: str | None = None) -> None:
        """Tell about the server or one device."""
        if device_type is None:
            self._page(200, f"{self.offer.name}, offered by focusbench {version('focusbench')}")
            return
        device = self.offer.devices.get((device_type, int((number or "")[:12])))
        if device is None:
            self._page(403, f"There is no {device_type} {number} here")
        else:
            self._page(200, device.name)

    def _page(self, status: int, title: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            f"<!DOCTYPE html><title>{escape(title)}</title><h1>{escape(title)}</h1>"
            "<p>Nothing can be set here: address and devices are given when it is started.</p>"
        )


class NotFoundHandler(_Handler):
    """Everything else."""

    def prepare(self) -> None:
        """Say so."""
        self.say(404, "There is nothing here; members are at /api/v1/focuser/0/position.")


def application(offer: Offer) -> web.Application:
    """All addresses of a server."""
    offered = {"offer": offer}
    return web.Application(
        [
            (r"/api/v1/([a-z]+)/(\d+)/([a-z]+)", DeviceHandler, offered),
            (
                r"/management/(apiversions|v1/description|v1/configureddevices)",
                ManagementHandler,
                offered,
            ),
            (r"/setup", SetupHandler, offered),
            (r"/setup/v1/([a-z]+)/(\d+)/setup", SetupHandler, offered),
        ],
        default_handler_class=NotFoundHandler,
        default_handler_args=offered,
        log_function=lambda handler: log.debug(
            "%s %s: %d", handler.request.method, handler.request.uri, handler.get_status()
        ),
    )
