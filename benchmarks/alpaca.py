"""Where the time of a frame over Alpaca goes, from the shutter to its metric.

    python -m benchmarks.alpaca --side 4096 --repeats 7

A server in another process offers one rendered frame. Side by side, in every repeat: the plain
transfer of the same bytes through a socket, the measurement of the same frame from memory, and
both as a run does them. What is left between them is ours: requests, and putting the pixels in
rows as they come. And that decoding alone beside a copy of the same memory. Medians; the ratios
count.
"""

import argparse
import http.client
import io
import multiprocessing
import statistics
import time

import numpy as np

import focusbench as fb
from focusbench.alpaca import AlpacaCamera, AlpacaServer
from focusbench.alpaca.image_bytes import HEADER, read_image_bytes
from focusbench.devices import RealClock, Rig
from focusbench.frames import Frame


class OneFrame:
    """A camera that always takes the same frame, at once, and as drivers hold it: by columns."""

    name, pixel_um, max_binning = "One frame", 3.76, 1

    def __init__(self, pixels: np.ndarray) -> None:
        self.shape = pixels.shape
        self._frame = Frame(pixels=np.asfortranarray(pixels))

    def start_exposure(self, exposure_s: float, *, binning: int = 1) -> None:
        """Take it."""

    def image_ready(self) -> bool:
        """Whether it is there: always."""
        return True

    def abort(self) -> None:
        """Nothing to end."""

    def read_image(self) -> Frame:
        """The frame."""
        return self._frame


def render(side: int) -> np.ndarray:
    """A square frame in focus."""
    rig = fb.simulated_rig(seed=1, shape=(side, side), n_stars=side * side // 30_000)
    rig.camera.start_exposure(3.0)
    rig.clock.sleep(60)
    return rig.camera.read_image().pixels


def serve(side: int, ready) -> None:
    """Offer the frame until told to stop; sends the port first."""
    simulated = fb.simulated_rig(seed=1, live=True)
    rig = Rig("One frame", simulated.focuser, OneFrame(render(side)), RealClock())
    with AlpacaServer(rig, port=0, discovery=False) as server:
        ready.send(server.port)
        ready.recv()


def plain_transfer(port: int) -> bytearray:
    """The same answer, read into memory that is already there."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(
        "GET", "/api/v1/camera/0/imagearray", headers={"Accept": "application/imagebytes"}
    )
    answer = connection.getresponse()
    body = bytearray(int(answer.headers["Content-Length"]))
    view, got = memoryview(body), 0
    while n := answer.readinto(view[got:]):
        got += n
    connection.close()
    return body


def timed(call, *arguments) -> tuple[float, object]:
    """Seconds that a call takes, and its result."""
    began_s = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - began_s, result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(arguments.side, theirs))
    process.start()
    port = ours.recv()
    camera = AlpacaCamera(f"127.0.0.1:{port}", clock=RealClock())

    def as_a_run_does() -> object:
        while not camera.image_ready():
            pass
        frame = camera.read_image()
        return fb.measure_frame(frame)

    camera.start_exposure(0.001)
    known = camera.read_image()
    fb.measure_frame(known)
    rows = []
    for _ in range(arguments.repeats):
        transfer_s, body = timed(plain_transfer, port)
        measure_s, _ = timed(fb.measure_frame, known)
        camera.start_exposure(0.001)
        whole_s, _ = timed(as_a_run_does)
        decode_s, _ = timed(read_image_bytes, io.BytesIO(body).readinto)
        copy_s, _ = timed(np.frombuffer(body, np.uint8).copy)
        rows.append((transfer_s, measure_s, whole_s, decode_s, copy_s))
    ours.send(None)
    process.join()
    transfer_s, measure_s, whole_s, decode_s, copy_s = map(
        statistics.median, zip(*rows, strict=True)
    )
    n_mpx = arguments.side**2 / 1e6
    print(f"{n_mpx:.1f} Mpx of 16 bits, {len(body) - HEADER.size} bytes; medians of {len(rows)}")
    print(f"{'plain transfer':32}{1e3 * transfer_s:8.1f} ms")
    print(f"{'measurement':32}{1e3 * measure_s:8.1f} ms")
    print(f"{'both, as a run does them':32}{1e3 * whole_s:8.1f} ms")
    rest = whole_s - transfer_s - measure_s
    print(f"{'outside transfer and measurement':32}{1e3 * rest:8.1f} ms = {rest / whole_s:.1%}")
    print(
        f"{'decoding, into rows':32}{1e3 * decode_s:8.1f} ms = "
        f"{copy_s / decode_s:.0%} of the speed of a copy"
    )


if __name__ == "__main__":
    main()
