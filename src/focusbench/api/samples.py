"""The sample packages: small, rendered by our own simulator, each to teach one thing.

Every finding of the doctor has one. The scenarios stand in `sample_scenarios`.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from focusbench.af_packages import PackageRecorder, zip_package
from focusbench.api.lesser_program import run_measured_by
from focusbench.api.sample_scenarios import SCENARIOS, SampleScenario
from focusbench.api.symptoms import symptom_of
from focusbench.doctor import diagnose
from focusbench.engine import FocusSession, RunRecord
from focusbench.errors import PackageError
from focusbench.options import AutofocusOptions
from focusbench.simulator import SimulatedRig, simulated_rig

INDEX = "index.json"


def sample_packages() -> tuple[Path, ...]:
    """Paths of the sample packages, in the order of their index.

    They are looked for in ``$FOCUSBENCH_SAMPLES``, in the installed package, and in the
    repository's ``data/sample_packages``. ``index.json`` beside them says what each teaches,
    where its true focus lies, and what the doctor finds first.

    Raises
    ------
    PackageError
        None of these places has them.

    Examples
    --------
    >>> import focusbench as fb
    >>> [path.stem for path in fb.sample_packages()[:3]]
    ['good', 'off_centre_start', 'step_too_small']
    """
    here = Path(__file__).resolve()
    places = [here.parents[1] / "_sample_packages", here.parents[3] / "data" / "sample_packages"]
    if "FOCUSBENCH_SAMPLES" in os.environ:
        places.insert(0, Path(os.environ["FOCUSBENCH_SAMPLES"]))
    for place in places:
        if (place / INDEX).is_file():
            index = json.loads((place / INDEX).read_text(encoding="utf-8"))
            return tuple(place / entry["file"] for entry in index["packages"])
    raise PackageError(
        f"No sample packages found in {', '.join(map(str, places))}. "
        "Write them with: focusbench samples FOLDER"
    )


def write_sample_packages(folder: str | Path) -> tuple[Path, ...]:
    """Render the sample packages and their index into a folder.

    The same seeds give the same pixels, points and findings; only what tells of the computer
    differs: versions of what wrote them.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    for scenario in SCENARIOS:
        rig = simulated_rig(**scenario.rig)
        with tempfile.TemporaryDirectory() as work:
            record = _run(scenario, rig, PackageRecorder(work))
            assert record.package_path is not None
            path = zip_package(record.package_path, folder / f"{scenario.name}.zip")
        symptom = symptom_of(scenario.name)
        entries.append(
            {
                "file": path.name,
                "teaches": scenario.teaches,
                "symptom": symptom.see if symptom else None,
                "true_best_focus": round(_truth(rig, record), 1),
                "outcome": record.outcome,
                "best_position": record.best_position,
                "best_position_error": record.best_position_error,
                "finding": scenario.finding,
                "findings": [finding.code for finding in diagnose(record)],
                "rig": scenario.rig,
                "options": scenario.options,
            }
        )
    index = {"schema": "focusbench/sample-packages", "schema_version": 1, "packages": entries}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return tuple(folder / entry["file"] for entry in entries)


def _run(scenario: SampleScenario, rig: SimulatedRig, recorder: PackageRecorder) -> RunRecord:
    options = AutofocusOptions(**scenario.options)
    if scenario.lesser is not None:
        return run_measured_by(scenario.lesser, rig, options, recorder)
    return FocusSession.of(rig).run(options, recorder=recorder, require_package=True)


def _truth(rig: SimulatedRig, record: RunRecord) -> float:
    """Where best focus was when the run came nearest to it, steps."""
    truths = [
        (abs(point.position - truth), truth)
        for point in record.points
        if point.role != "validation" and point.time_s is not None
        for truth in [rig.telescope.true_best_focus(point.time_s)]
    ]
    return min(truths)[1]
