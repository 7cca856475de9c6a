"""Ways to measure a frame's stars, to be timed side by side.

Each is run in a process of its own:

    python benchmarks/star_methods.py sep frame.npy 30 0.35 3.5 --repeats 2

CPU time is that of the whole process while it measures (all threads), the best of some repeats
after a first call on a small frame; before each the processor's caches are filled with something
else, as they are when a camera has delivered a frame. Memory is how much the process's high-water
mark rises above what it stood at with the frame loaded and that first call made.
"""

import argparse
import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fields import Optics

from focusbench.errors import TooFewStars

OTHER_BYTES = 128_000_000
"""More than the processor keeps at hand."""


def floor(pixels: np.ndarray, _: Optics) -> None:
    """One compiled pass over the memory: the sum of all pixels."""
    _sum_of(pixels)


def focusbench(pixels: np.ndarray, _: Optics, n_threads: int = 1) -> np.ndarray:
    """The stars used, as (x, y, hfr), and the frame's value in the last row."""
    from focusbench.stars import measure

    result = measure(pixels, n_threads=n_threads)
    used = result.stars[result.stars["used"]]
    rows = np.c_[used["x"], used["y"], used["hfr"]]
    return np.r_[rows, [[np.nan, np.nan, result.value]]]


def sep_default(pixels: np.ndarray, _: Optics) -> np.ndarray:
    """Sep as its tutorial has it: mesh of 64 px, 3 σ, Kron aperture, flux_radius."""
    import sep

    data = pixels.astype(np.float32)
    background = sep.Background(data)
    background.subfrom(data)
    sep.set_extract_pixstack(3_000_000)
    found = sep.extract(data, 3.0, err=background.globalrms)
    x, y, a, b, theta = (found[name] for name in ("x", "y", "a", "b", "theta"))
    kron, _ = sep.kron_radius(data, x, y, a, b, theta, 6.0)
    # sep refuses all ellipses where one has no width, or is turned further than a quarter
    good = np.isfinite(kron) & (kron > 0) & (b > 0) & (np.abs(theta) < np.pi / 2)
    flux, _, _ = sep.sum_ellipse(
        data, x[good], y[good], a[good], b[good], theta[good], 2.5 * kron[good], subpix=1
    )
    radius, flag = sep.flux_radius(data, x[good], y[good], 6.0 * a[good], 0.5, normflux=flux)
    return _with_median(np.c_[x[good], y[good], radius][(flag == 0) & (radius > 0)])


def sep_tuned(pixels: np.ndarray, optics: Optics) -> np.ndarray:
    """Sep told how large the stars are.

    Binned until a star's half-flux radius is about 3 px, mesh eight stars wide, no deblending;
    what is sharper than the optics is dropped.
    """
    import sep

    expected = max(np.sqrt((1 + optics.obstruction**2) / 2) * optics.radius, 0.6 * optics.seeing)
    n = max(1, int(2 ** np.round(np.log2(expected / 3.0))))
    n_y, n_x = (side // n * n for side in pixels.shape)
    if n > 1:
        data = pixels[:n_y, :n_x].reshape(n_y // n, n, n_x // n, n).mean((1, 3), dtype=np.float32)
    else:
        data = pixels.astype(np.float32)
    mesh = int(np.clip(8 * 2 * expected / n, 32, min(data.shape)))
    background = sep.Background(data, bw=mesh, bh=mesh)
    background.subfrom(data)
    sep.set_extract_pixstack(3_000_000)
    found = sep.extract(data, 3.0, err=background.globalrms, minarea=9, deblend_cont=1.0)
    x, y, flux = found["x"], found["y"], found["flux"]
    brightest = np.argsort(-flux)[:1000]
    x, y = x[brightest], y[brightest]
    reach = np.full(len(x), 2.2 * expected / n + 3.0)
    radius, flag = sep.flux_radius(data, x, y, reach, 0.5, subpix=5)
    good = (flag == 0) & (radius * n > 0.6 * expected)
    rows = np.c_[(x + 0.5) * n - 0.5, (y + 0.5) * n - 0.5, radius * n][good]
    return _with_median(rows)


def photutils(pixels: np.ndarray, _: Optics) -> np.ndarray:
    """Photutils as its guide to segmentation has it."""
    from astropy.convolution import convolve_fft  # noqa: F401  loaded before memory is taken
    from photutils.background import Background2D
    from photutils.segmentation import SourceCatalog, detect_sources, make_2dgaussian_kernel
    from scipy.signal import oaconvolve

    background = Background2D(pixels, 64)
    data = pixels - background.background
    kernel = make_2dgaussian_kernel(3.0, size=5).array
    smooth = oaconvolve(data, kernel, mode="same")
    segments = detect_sources(smooth, 3.0 * background.background_rms, 5)
    catalog = SourceCatalog(data, segments)
    radius = np.asarray(catalog.fluxfrac_radius(0.5).value)
    rows = np.c_[catalog.xcentroid, catalog.ycentroid, radius]
    return _with_median(rows[np.isfinite(radius)])


def _with_median(rows: np.ndarray) -> np.ndarray:
    value = float(np.median(rows[:, 2])) if len(rows) else np.nan
    return np.r_[rows.reshape(-1, 3), [[np.nan, np.nan, value]]]


def _sum_of(pixels: np.ndarray) -> int:
    import numba as nb

    global _compiled_sum
    if _compiled_sum is None:

        @nb.njit(nb.u8(nb.u2[:, ::1]), nogil=True)
        def add(px):
            total = nb.u8(0)
            for row in range(px.shape[0]):
                part = nb.u4(0)
                for x in range(px.shape[1]):
                    part += px[row, x]
                total += part
            return total

        _compiled_sum = add
    return int(_compiled_sum(pixels))


_compiled_sum = None

RUN: dict[str, Callable[[np.ndarray, Optics], np.ndarray | None]] = {
    "floor": floor,
    "focusbench": focusbench,
    "focusbench 2 threads": lambda pixels, optics: focusbench(pixels, optics, 2),
    "sep": sep_default,
    "sep tuned": sep_tuned,
    "photutils": photutils,
}


def high_water_mb() -> float:
    """Largest memory the process ever had, megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # What `getrusage` tells is, at first, the largest that the parent process had.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1.024e-3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def measure_here(method: str, frame: Path, optics: Optics, repeats: int) -> dict[str, object]:
    """Time one method on one frame in this process."""
    run = RUN[method]
    pixels = np.load(frame)
    with contextlib.suppress(TooFewStars):  # a corner may be empty; it warms up all the same
        run(np.ascontiguousarray(pixels[:700, :700]), optics)
    other = np.ones(OTHER_BYTES, np.uint8)
    before = high_water_mb()
    cpu, wall = [], []
    for _ in range(repeats):
        other += 1
        c, w = time.process_time(), time.perf_counter()
        rows = run(pixels, optics)
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - w)
    answer = {"cpu": min(cpu), "wall": min(wall), "added": high_water_mb() - before}
    if rows is not None:
        answer["rows"] = rows.tolist()
    return answer


def main() -> None:
    """Time one method; prints a line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", choices=RUN)
    parser.add_argument("frame", type=Path)
    parser.add_argument("optics", type=float, nargs=3, help="radius, obstruction, seeing")
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    answer = measure_here(args.method, args.frame, Optics(*args.optics), args.repeats)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
