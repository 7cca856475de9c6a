"""An image on its way, in a thread of its own."""

import json
import threading
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from urllib.parse import urlencode, urlsplit

import numpy as np
import requests
from alpaca.camera import raise_alpaca_if
from alpaca.exceptions import AlpacaRequestException
from numpy.typing import NDArray

from focusbench.alpaca.image_bytes import BrokenImage, read_image_bytes
from focusbench.alpaca.image_json import decode_image_json
from focusbench.alpaca.link import CONNECT_TIMEOUT_S, ServerError, client_parameters, headers

TRIES = 3
"""How often an image that was lost on its way is fetched, in all."""

_PIECE_BYTES = 1 << 20


class ImageDownload:
    """Fetches the image that a camera holds; begins at once.

    Parameters
    ----------
    url : str
        Of the camera's image.
    camera : str
        Its name, for messages.
    timeout_s : float, seconds
        How long the server may stay silent before and between its bytes.
    """

    def __init__(self, url: str, camera: str, *, timeout_s: float) -> None:
        self._url = url
        self._camera = camera
        self._timeout_s = timeout_s
        self._abandoned = threading.Event()
        self._over = threading.Event()
        self._pixels: NDArray[np.generic] | None = None
        self._error: Exception | None = None
        threading.Thread(target=self._run, name="Alpaca image", daemon=True).start()

    def is_over(self, wait_s: float = 0.0) -> bool:
        """Whether the image has come, or never will; looks for `wait_s` seconds."""
        return self._over.wait(wait_s)

    def pixels(self) -> NDArray[np.generic]:
        """The image, shape (n_y, n_x), ADU; waits for it.

        Raises
        ------
        alpaca.exceptions.*, requests.RequestException, BrokenImage
            Why there is none.
        """
        self._over.wait()
        if self._error is not None:
            raise self._error
        assert self._pixels is not None
        return self._pixels

    def abandon(self) -> None:
        """Let it go; the thread ends with the next bytes, or with its time-out."""
        self._abandoned.set()

    def _run(self) -> None:
        try:
            self._pixels = self._fetch()
        except Exception as error:
            self._error = error
        self._over.set()

    def _fetch(self) -> NDArray[np.generic]:
        for tries_left in reversed(range(TRIES)):
            try:
                return self._fetch_once()
            except requests.ReadTimeout:
                raise
            except (requests.RequestException, ServerError, BrokenImage):
                # Asking for an image again changes nothing at the camera.
                if not tries_left or self._abandoned.is_set():
                    raise
        raise AssertionError("the last turn of the loop returns or raises")

    def _fetch_once(self) -> NDArray[np.generic]:
        place = urlsplit(self._url)
        # Not requests: it would copy every byte several times on its way to us.
        line = HTTPConnection(place.netloc, timeout=CONNECT_TIMEOUT_S)
        try:
            line.connect()
            line.sock.settimeout(self._timeout_s)
            line.request(
                "GET",
                f"{place.path}?{urlencode(client_parameters())}",
                headers={"Accept": "application/imagebytes"} | headers(place.netloc),
            )
            return self._read(line.getresponse())
        except TimeoutError as error:
            raise requests.ReadTimeout(error) from error
        except ConnectionRefusedError as error:
            raise requests.ConnectionError(error) from error
        except (OSError, HTTPException) as error:
            raise requests.exceptions.ChunkedEncodingError(error) from error
        finally:
            line.close()

    def _read(self, answer: HTTPResponse) -> NDArray[np.generic]:
        is_bytes = "application/imagebytes" in answer.headers.get("Content-Type", "")
        if is_bytes and answer.status == HTTPStatus.OK:
            return read_image_bytes(lambda room: self._read_into(answer, room), answer.length)
        body = answer.read()
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ServerError(answer.status, body.decode("utf-8", "replace"))
        if answer.status != HTTPStatus.OK:
            raise AlpacaRequestException(answer.status, body.decode("utf-8", "replace"))
        reply = json.loads(body)
        raise_alpaca_if(reply["ErrorNumber"], reply["ErrorMessage"])
        return decode_image_json(reply)

    def _read_into(self, answer: HTTPResponse, room: memoryview) -> int:
        n_read = answer.readinto(room[:_PIECE_BYTES])
        if self._abandoned.is_set():
            raise HTTPException("The download was abandoned.")
        if not n_read and answer.length:
            raise IncompleteRead(b"", answer.length)
        return n_read
