"""Render the golden packages: `python -m tests.golden.render` from the root of the project.

Only when a new schema_version is made, and then under new names: the old ones are what packages of
people look like, and must open for ever.
"""

import dataclasses
import json
import math
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from focusbench.af_packages import (
    Keep,
    Package,
    PackageRecorder,
    import_runs,
    open_package,
    zip_package,
)
from focusbench.engine import Event, PointMeasured, Validated
from focusbench.frames import Frame
from focusbench.stars import STAR_FIELDS
from tests.af_packages.conftest import a_run
from tests.af_packages.foreign import hocus_report

HERE = Path(__file__).parent
VERSION = 1


def record(folder: Path, events: Sequence[Event], keep: Keep = "frames") -> Path:
    """Save a run."""
    recorder = PackageRecorder(folder / "runs", keep=keep)
    for event in events:
        recorder.record(event)
    assert recorder.path is not None
    return recorder.path


def with_sky(events: Sequence[Event]) -> list[Event]:
    """The same run on frames that are mostly sky, each with the two stars of a table."""
    stars = np.zeros(2, STAR_FIELDS)
    stars["x"], stars["y"], stars["hfr"], stars["used"] = (80, 240), (60, 150), 2.0, True
    made: list[Event] = []
    for event in events:
        if isinstance(event, PointMeasured | Validated):
            rng = np.random.default_rng(int(event.point.position))
            pixels = rng.normal(500, 2, (200, 320))
            for star in stars:
                pixels[int(star["y"]) - 2 : int(star["y"]) + 3, int(star["x"])] += 3000
            frame = Frame(pixels.astype(np.uint16), exposure_s=3.0, header={"SITELAT": "47"})
            event = dataclasses.replace(event, frames=(frame,), stars=(stars,))
        made.append(event)
    return made


def killed(package: Path, target: Path) -> None:
    """What is left of a run that was killed after its fourth point."""
    lines = (package / "events.jsonl").read_bytes().splitlines(keepends=True)
    points = [i for i, line in enumerate(lines) if b'"PointMeasured"' in line]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # The next line is torn.
        torn = lines[points[3] + 1][:20]
        archive.writestr("events.jsonl", b"".join(lines[: points[3] + 1]) + torn)
        for path in sorted((package / "frames").iterdir())[:4]:
            archive.write(path, f"frames/{path.name}")


def expected(package: Package) -> dict[str, object]:
    """What must come out of a package for ever."""
    return {
        "format": package.format,
        "metric": package.metric,
        "time_ordered": package.time_ordered,
        "step_size": package.step_size,
        "outcome": str(package.record.outcome) if package.record else None,
        "points": [
            [p.position, None if math.isnan(p.metric) else p.metric, p.role, int(p.rejected)]
            for p in package.focus_points
        ],
        "n_frames": len(package.frames),
        "pixel_sums": [int(frame.pixels.sum()) for frame in package.frames],
        "n_stars": len(package.stars),
        "n_events": len(package.events),
    }


def main() -> None:
    """Render all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events = a_run().events
        package = record(folder, events)
        zip_package(package, HERE / f"run_v{VERSION}.zip")
        stamps = record(folder, with_sky(events), "stamps")
        zip_package(stamps, HERE / f"stamps_v{VERSION}.zip", keep="stamps")
        killed(package, HERE / f"killed_v{VERSION}.zip")
        report = folder / "report.json"
        report.write_text(json.dumps(hocus_report(range(24_813, 25_014, 25))))
        (run,) = import_runs(report, folder / "out").runs
        zip_package(run.package, HERE / f"imported_v{VERSION}.zip")
    told = {path.name: expected(open_package(path)) for path in sorted(HERE.glob("*.zip"))}
    (HERE / "expected.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
