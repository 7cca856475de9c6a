"""Measuring stars: right and fast, side by side with sep, photutils and one read of the memory.

    python benchmarks/stars.py                        everything; about an hour, 3 GB of memory
    python benchmarks/stars.py --megapixels 16 --obstruction 0.35
    python benchmarks/stars.py --only focusbench floor sep --repeats 5

Every field is rendered (`fields.py`) and measured by each method in a process of its own, one
after the other (`star_methods.py` says how time and memory are taken; `star_judge.py` compares the
stars used with the truth).

Needs sep beside the project: pip install sep.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import star_methods
from fields import Optics, render
from star_judge import judge

SHAPES = {1: (1000, 1000), 16: (3460, 4624), 61: (6388, 9576)}
# name: radius of the donut, stars a megapixel, faintest flux in electrons
DEFOCUS = {
    "focus": (0.0, 50.0, 4e3),
    "mid": (8.0, 30.0, 8e3),
    "donut": (30.0, 11.0, 2.5e4),
    "far": (60.0, 6.0, 5e4),
}
METHODS = tuple(star_methods.RUN)
REPEATS = {"photutils": 1, "sep": 2, "sep tuned": 2}
FASTEST = 7


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
    command = [sys.executable, star_methods.__file__, method, str(frame)]
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
    args = parser.parse_args()
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
