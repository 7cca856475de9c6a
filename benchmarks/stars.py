"""Measuring stars: right and fast, side by side with sep, photutils and one read of the memory.

    python benchmarks/stars.py                        everything; about an hour, 3 GB of memory
    python benchmarks/stars.py --megapixels 16 --obstruction 0.35
    python benchmarks/stars.py --only focusbench floor sep --repeats 5

Every field is rendered (`fields.py`) and measured by each method in a process of its own, one
after the other. CPU time is that of the whole process while it measures (all threads), the best
of some repeats after a first call on a small frame; before each the processor's caches are filled
with something else, as they are when a camera has delivered a frame. Memory is how much the
process's high-water mark rises above what it stood at with the frame loaded and that first call
made. Of the objects used, a blend lies in the middle of the light of two stars or more; a fragment
lies in a star's light elsewhere, or is the second on one star.

Needs sep beside the project: pip install sep.
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fields import Field, Optics, render
from scipy.spatial import cKDTree

from focusbench.errors import TooFewStars

SHAPES = {1: (1000, 1000), 16: (3460, 4624), 61: (6388, 9576)}
# name: radius of the donut, stars a megapixel, faintest flux in electrons
DEFOCUS = {
    "focus": (0.0, 50.0, 4e3),
    "mid": (8.0, 30.0, 8e3),
    "donut": (30.0, 11.0, 2.5e4),
    "far": (60.0, 6.0, 5e4),
}
METHODS = ("floor", "focusbench", "focusbench 2 threads", "sep", "sep tuned", "photutils")
REPEATS = {"photutils": 1, "sep": 2, "sep tuned": 2}
FASTEST = 7
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
    good = np.isfinite(kron) & (kron > 0)
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


def judge(field: Field, rows: np.ndarray) -> dict[str, float]:
    """Compare the stars used with the truth."""
    value, rows = rows[-1, 2], rows[:-1]
    reach = max(1.2 * field.optics.radius, 2.0 * field.optics.seeing)
    stars = cKDTree(np.c_[field.x, field.y])
    near, which = stars.query(rows[:, :2]) if len(rows) else (np.zeros(0), np.zeros(0, int))
    is_star = near < 0.25 * reach + 1.0
    wrong = {"hot": field.hot, "cosmic": field.cosmic}
    counts = {}
    left = ~is_star
    for name, places in wrong.items():
        hit = left & (cKDTree(places).query(rows[:, :2])[0] < 2.5) if len(rows) else left
        counts[name] = int(hit.sum())
        left &= ~hit
    blends = left & _between_stars(field, stars, rows, reach)
    left &= ~blends
    counts["blends"] = int(blends.sum())
    fragments = left & (near < reach)
    doubled = is_star.sum() - len(np.unique(which[is_star]))
    counts["fragments"] = int(fragments.sum() + doubled)
    counts["false"] = int((left & ~fragments).sum())
    # of the brightest, unsaturated stars away from the border and from each other
    peak = field.flux * _peak_share(field.optics)
    n_y, n_x = field.pixels.shape
    margin = 2.5 * field.hfr + 10
    inside = (field.x > margin) & (field.x < n_x - margin)
    inside &= (field.y > margin) & (field.y < n_y - margin)
    brightest = np.argsort(-np.where((peak < 60_000) & inside, field.flux, 0))[:300]
    brightest = brightest[((peak < 60_000) & inside)[brightest]]
    gap = stars.query(np.c_[field.x, field.y][brightest], k=2)[0][:, 1]
    alone = brightest[gap > 2.5 * max(field.optics.radius, field.hfr)]
    used = set(which[is_star].tolist())
    complete = np.mean([k in used for k in alone]) if len(alone) else np.nan
    return {
        "error": 100 * (value / field.hfr - 1),
        "n": len(rows),
        "complete": 100 * complete,
        "alone": len(alone),
        **counts,
    }


def _between_stars(field: Field, stars: cKDTree, rows: np.ndarray, reach: float) -> np.ndarray:
    """Which objects lie in the middle of the light of several stars."""
    found = np.zeros(len(rows), bool)
    for k, (x, y) in enumerate(rows[:, :2]):
        near = stars.query_ball_point((x, y), reach)
        if len(near) > 1:
            flux = field.flux[near]
            middle = (flux @ field.x[near] / flux.sum(), flux @ field.y[near] / flux.sum())
            found[k] = np.hypot(x - middle[0], y - middle[1]) < 0.25 * reach + 1.0
    return found


def _peak_share(optics: Optics) -> float:
    from fields import stamps

    return float(stamps(optics)[0, 0].max())


def run_field(args: argparse.Namespace, megapixels: int, defocus: str, obstruction: float) -> dict:
    """All methods on one field; prints its table."""
    radius, density, faintest = DEFOCUS[defocus]
    optics = Optics(radius, obstruction)
    shape = SHAPES[megapixels]
    n_stars = round(density * shape[0] * shape[1] / 1e6)
    field = render(shape, optics, n_stars, faintest, args.seed)
    title = f"{megapixels} Mpx, {defocus}" + (f", obstruction {obstruction:g}" if radius else "")
    print(f"\n### {title} ({n_stars} stars, truth {field.hfr:.2f} px)\n")
    print(
        "| method | CPU ms | wall ms | × floor | sep / it | photutils / it | added MB "
        "| HFR error % | used | blends | fragments | hot | cosmic | false | complete % |"
    )
    print("|" + "---|" * 15)
    done: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.npy"
        np.save(frame, field.pixels)
        for method in args.only:
            done[method] = _in_a_process(args, method, frame, optics)
    for method, d in done.items():
        cpu = d["cpu"]

        def ratio(a: str, b: str, done: dict[str, dict] = done) -> str:
            return f"{done[a]['cpu'] / done[b]['cpu']:.1f}" if a in done and b in done else ""

        line = [method, f"{1e3 * cpu:.0f}", f"{1e3 * d['wall']:.0f}", ratio(method, "floor")]
        line += [ratio("sep", method), ratio("photutils", method), f"{d['added']:.0f}"]
        if "rows" in d:
            d["judged"] = j = judge(field, np.array(d.pop("rows"), dtype=float))
            line += [f"{j['error']:+.1f}"]
            line += [
                str(j[name]) for name in ("n", "blends", "fragments", "hot", "cosmic", "false")
            ]
            line += [f"{j['complete']:.0f} of {j['alone']}"]
        print("| " + " | ".join(line) + " |", flush=True)
    return {"title": title, "megapixels": megapixels, "defocus": defocus, "methods": done}


def _in_a_process(args: argparse.Namespace, method: str, frame: Path, optics: Optics) -> dict:
    command = [sys.executable, __file__, "--measure", method, str(frame)]
    command += [str(v) for v in (optics.radius, optics.obstruction, optics.seeing)]
    command += ["--repeats", str(args.repeats or REPEATS.get(method, FASTEST))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


COLD = """
import resource, time
began = time.perf_counter()
from focusbench.stars import warm
warm()
print(time.perf_counter() - began)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    used = resource.getrusage(who)
    print(used.ru_utime + used.ru_stime)
"""
SECOND = """
import sys, time
import numpy as np
pixels = np.load(sys.argv[1])
began, cpu = time.perf_counter(), time.process_time()
import focusbench as fb
fb.measure_frame(pixels)
print(time.perf_counter() - began)
print(time.process_time() - cpu)
"""


def start(seed: int) -> None:
    """How long a first process compiles, and a second one takes from import to its first frame."""
    field = render(SHAPES[1], Optics(0.0), 50, 4e3, seed)
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.npy"
        np.save(frame, field.pixels)

        def run(code: str) -> list[float]:
            done = subprocess.run(
                [sys.executable, "-c", code, str(frame)],
                env=os.environ | {"NUMBA_CACHE_DIR": folder},
                check=True,
                capture_output=True,
                text=True,
            )
            return [float(line) for line in done.stdout.split()]

        wall, own, helper = run(COLD)
        second = [run(SECOND) for _ in range(3)]
    print("\n### Start\n")
    print("| | wall s | CPU s |\n|---|---|---|")
    print(f"| nothing compiled yet: all kernels | {wall:.1f} | {own:.1f} + {helper:.1f} |")
    wall, cpu = (min(times) for times in zip(*second, strict=True))
    print(f"| later process: import and first frame (1 Mpx) | {wall:.2f} | {cpu:.2f} |")


def verdict(fields: list[dict]) -> None:
    """Print which targets were met, and where they were not."""

    def check(what: str, holds: Callable[[dict], bool | None]) -> None:
        answers = {f["title"]: holds(f) for f in fields}
        answers = {title: ok for title, ok in answers.items() if ok is not None}
        if answers:
            missed = [title for title, ok in answers.items() if not ok]
            print(f"- {what}: {len(answers) - len(missed)} of {len(answers)} fields", end="")
            print(f"; missed: {', '.join(missed)}" if missed else "")

    def cpu_ratio(
        other: str, bound: float, *, below: bool = False
    ) -> Callable[[dict], bool | None]:
        def holds(f: dict) -> bool | None:
            m = f["methods"]
            if f["megapixels"] < 16 or other not in m:
                return None
            r = m[other]["cpu"] / m["focusbench"]["cpu"]
            return 1 / r <= bound if below else r >= bound

        return holds

    ours = "focusbench"
    print("\n### Targets\n")
    check(
        "frame value within 3 % (5 % far)",
        lambda f: abs(f["methods"][ours]["judged"]["error"]) <= (5 if f["defocus"] == "far" else 3),
    )
    check(
        "no fragment, hot pixel, cosmic ray or other false star used",
        lambda f: (
            not sum(
                f["methods"][ours]["judged"][k] for k in ("fragments", "hot", "cosmic", "false")
            )
        ),
    )
    check(
        "of the 300 brightest alone, 95 % used (75 % far)",
        lambda f: f["methods"][ours]["judged"]["complete"] >= (75 if f["defocus"] == "far" else 95),
    )
    check("16 and 61 Mpx: 12 × less CPU than sep", cpu_ratio("sep", 12))
    check("16 and 61 Mpx: 25 × less CPU than sep (aim)", cpu_ratio("sep", 25))
    check("16 and 61 Mpx: 60 × less CPU than photutils", cpu_ratio("photutils", 60))
    check("16 and 61 Mpx: within 20 × of the floor", cpu_ratio("floor", 20, below=True))
    check(
        "16 and 61 Mpx: at most 60 MB added",
        lambda f: f["methods"][ours]["added"] <= 60 if f["megapixels"] >= 16 else None,
    )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", nargs="+", type=int, choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--defocus", nargs="+", choices=DEFOCUS, default=list(DEFOCUS))
    parser.add_argument("--obstruction", nargs="+", type=float, default=[0.0, 0.2, 0.35, 0.5])
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--repeats", type=int, help="fewer for the slow methods by default")
    parser.add_argument("--seed", type=int, default=None, help="drawn anew unless given")
    parser.add_argument("--no-start", action="store_true", help="leave out how long a start takes")
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        method, frame, *optics = args.measure
        answer = measure_here(method, Path(frame), Optics(*map(float, optics)), args.repeats)
        print(json.dumps(answer))
        return
    if args.seed is None:
        args.seed = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"Seed {args.seed}")
    if "focusbench" in args.only and not args.no_start:
        start(args.seed)
    fields = []
    for megapixels in args.megapixels:
        for defocus in args.defocus:
            # in focus the obstruction does not show
            for obstruction in args.obstruction if DEFOCUS[defocus][0] else [0.0]:
                fields.append(run_field(args, megapixels, defocus, obstruction))
    if "focusbench" in args.only:
        verdict(fields)


if __name__ == "__main__":
    main()
