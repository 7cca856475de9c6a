"""Just enough of an Alpaca server to hold our client to: plain Python state behind a real socket.

A member of a device is an attribute or method in lower case; PUT sets the one and calls the other.
"""

import ast
import json
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import numpy as np

NOT_IMPLEMENTED, INVALID_VALUE, NOT_CONNECTED, INVALID_OPERATION = 0x400, 0x401, 0x407, 0x40B

TYPE_NUMBERS = {"i2": 1, "i4": 2, "f8": 3, "f4": 4, "u8": 5, "u1": 6, "i8": 7, "u2": 8, "u4": 9}


class AlpacaError(Exception):
    def __init__(self, number, message):
        super().__init__(message)
        self.number = number
        self.message = message


class FakeFocuser:
    name = "Fake focuser"
    connected = False
    absolute = True
    maxstep = 50_000
    maxincrement = 50_000
    temperature = 4.5
    tempcompavailable, tempcomp = True, False
    steps_per_s = 10_000.0

    def __init__(self):
        self._from, self._to, self._since = 10_000, 10_000, 0.0

    @property
    def position(self):
        travelled = int(self.steps_per_s * (time.monotonic() - self._since))
        distance = self._to - self._from
        return self._to if travelled >= abs(distance) else self._from + travelled * sign(distance)

    @property
    def ismoving(self):
        return self.position != self._to

    def move(self, position):
        self._from, self._to, self._since = self.position, position, time.monotonic()

    def halt(self):
        self._from = self._to = self.position


class FakeCamera:
    """Pixel (x, y) of its chip reads 100 x + y, so that a swapped axis shows."""

    name = "Fake camera"
    connected = False
    cameraxsize, cameraysize = 60, 40
    maxbinx = maxbiny = 4
    pixelsizex = pixelsizey = 3.76
    canabortexposure = True
    canfastreadout, fastreadout = False, False
    readoutmodes, readoutmode = ("Photographic", "High Speed"), 0
    binx = biny = 1
    startx, starty, numx, numy = 5, 5, 20, 10

    def __init__(self):
        self.pixel_type, self.colours, self.failed, self.download_s = "u2", 0, False, 0.0
        self.cut_bytes, self.image_error, self.gives_json = 0, None, False
        self.shape_taken, self._ends, self._gain = None, None, 10

    @property
    def gain(self):
        return self._gain

    @gain.setter
    def gain(self, gain):
        if not 0 <= gain <= 100:
            raise AlpacaError(INVALID_VALUE, f"{gain} is no gain.")
        self._gain = gain

    @property
    def camerastate(self):
        if self.failed:
            return 5
        return 2 if self._ends is not None and time.monotonic() < self._ends else 0

    @property
    def imageready(self):
        return not self.failed and self._ends is not None and time.monotonic() >= self._ends

    def startexposure(self, duration, light):
        if self.camerastate == 2:
            raise AlpacaError(INVALID_OPERATION, "An exposure is going on.")
        if duration < 0:
            raise AlpacaError(INVALID_VALUE, f"{duration} is too short.")
        assert light is True
        self._ends = time.monotonic() + duration

    def abortexposure(self):
        if self.camerastate != 2:
            raise AlpacaError(INVALID_OPERATION, "There is no exposure to abort.")
        self._ends = None

    def image_bytes(self):
        time.sleep(self.download_s)
        if self.image_error is not None:
            number, message = self.image_error
            return header(error=number) + message.encode()
        if not self.imageready:
            return header(error=INVALID_OPERATION) + b"There is no image."
        self.shape_taken = (self.binx, self.startx, self.starty, self.numx, self.numy)
        x = (self.startx + np.arange(self.numx)) * self.binx
        y = (self.starty + np.arange(self.numy)) * self.biny
        pixels = (100 * x[:, None] + y[None, :]).astype("<" + self.pixel_type)
        if self.colours:
            pixels = np.stack([pixels + colour for colour in range(self.colours)], axis=2)
        body = header(TYPE_NUMBERS[self.pixel_type], pixels.shape) + pixels.tobytes()
        return body[: len(body) - self.cut_bytes]


class FakeFilterWheel:
    name = "Fake wheel"
    connected = False
    names = ("L", "Ha", "OIII")

    def __init__(self):
        self._slot, self._turns_until = 0, 0.0

    @property
    def position(self):
        return -1 if time.monotonic() < self._turns_until else self._slot

    @position.setter
    def position(self, slot):
        self._slot, self._turns_until = slot, time.monotonic() + 0.05


def sign(number):
    return (number > 0) - (number < 0)


def header(pixel_type=0, shape=(0, 0), *, error=0):
    """The 44 bytes before an ImageBytes image."""
    n_x, n_y, n_colours = (*shape, 0)[:3]
    return struct.pack(
        "<iiIIiiiiiii", 1, error, 0, 0, 44, 2, pixel_type, len(shape), n_x, n_y, n_colours
    )


class AlpacaServer:
    """Serves one focuser, one camera and one filter wheel on a free loopback port."""

    def __init__(self):
        self.focuser, self.camera, self.wheel = FakeFocuser(), FakeCamera(), FakeFilterWheel()
        self.devices = {
            "focuser": self.focuser,
            "camera": self.camera,
            "filterwheel": self.wheel,
        }
        self.refuses = {}  # member → AlpacaError
        self.delays_s = {}  # member → seconds
        self.page = None  # what a server of another kind answers to everything
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.address = f"127.0.0.1:{self._http.server_address[1]}"

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, device_type, number, member, form):
        """The value of a member, or None once it has been set or called."""
        time.sleep(self.delays_s.get(member, 0.0))
        if member in self.refuses:
            raise self.refuses[member]
        device = self.devices[device_type]
        if member != "connected" and not device.connected:
            raise AlpacaError(NOT_CONNECTED, "Connect first.")
        if form is None:
            return getattr(device, member)
        values = [
            ast.literal_eval(text) for key, text in form.items() if not key.startswith("client")
        ]
        if callable(getattr(device, member)):
            getattr(device, member)(*values)
        else:
            setattr(device, member, values[0])
        return None

    def _handler(server):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1

            def do_GET(self):
                self._serve(None)

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._serve({key.lower(): text for key, text in parse_qsl(body)})

            def _serve(self, form):
                if server.page is not None:
                    return self._send(200, "text/html", server.page)
                device_type, number, member = urlsplit(self.path).path.split("/")[3:6]
                if device_type not in server.devices or number != "0":
                    return self._send(400, "text/plain", b"There is no such device.\nSorry.")
                camera = server.camera
                if member == "imagearray" and not camera.gives_json:
                    assert "imagebytes" in self.headers["Accept"]
                    return self._send(200, "application/imagebytes", camera.image_bytes())
                reply = {"Value": None, "ErrorNumber": 0, "ErrorMessage": ""}
                try:
                    if member != "imagearray":
                        reply["Value"] = server.answer(device_type, number, member, form)
                except AlpacaError as error:
                    reply |= {"ErrorNumber": error.number, "ErrorMessage": error.message}
                self._send(200, "application/json", json.dumps(reply).encode())

            def _send(self, status, content_type, body):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
