"""The sample packages: small, rendered by our own simulator, each to teach one thing."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from focusbench.af_packages import zip_package
from focusbench.api.runs import autofocus
from focusbench.errors import PackageError
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig

INDEX = "index.json"


@dataclass(frozen=True)
class SampleScenario:
    """How one sample is made, and what it is for.

    Attributes
    ----------
    name : str
        File name of the package, without suffix.
    teaches : str
        One sentence for the index.
    rig, options : mapping
        Arguments of `simulated_rig` and `AutofocusOptions`.
    """

    name: str
    teaches: str
    rig: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


# A small sensor keeps a package below half a megabyte; it is dense with stars to make up for it.
_RIG = {"best_focus": 10_250, "shape": (240, 320), "n_stars": 90}

SCENARIOS = (
    SampleScenario(
        "good",
        "A clean V-curve: four points on each side, ends at three times the minimum.",
        {**_RIG, "seed": 11, "start": 10_240},
        {"step_size": 60, "data_points": 9},
    ),
    SampleScenario(
        "off_centre_start",
        "The run began three steps away from focus; smart focus went on until both sides "
        "had points.",
        {**_RIG, "seed": 12, "start": 10_430},
        {"step_size": 60, "data_points": 9},
    ),
    SampleScenario(
        "step_too_small",
        "A quarter of the right step size: a shallow bowl whose minimum drowns in seeing.",
        {**_RIG, "seed": 13, "start": 10_250},
        {"step_size": 15, "data_points": 9, "smart_focus": False},
    ),
)


def sample_packages() -> tuple[Path, ...]:
    """Paths of the sample packages, in the order of their index.

    They are looked for in ``$FOCUSBENCH_SAMPLES``, in the installed package, and in the
    repository's ``data/sample_packages``. ``index.json`` beside them says what each teaches and
    where its true focus lies.

    Raises
    ------
    PackageError
        None of these places has them.

    Examples
    --------
    >>> import focusbench as fb
    >>> [path.stem for path in fb.sample_packages()]
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
    """Render the sample packages and their index into a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for scenario in SCENARIOS:
        rig = simulated_rig(**scenario.rig)
        with tempfile.TemporaryDirectory() as work:
            record = autofocus(
                rig,
                AutofocusOptions(**scenario.options),
                save_packages_to=work,
                require_package=True,
            )
            assert record.package_path is not None
            path = zip_package(record.package_path, folder / f"{scenario.name}.zip")
        entries.append(
            {
                "file": path.name,
                "teaches": scenario.teaches,
                "true_best_focus": scenario.rig["best_focus"],
                "outcome": record.outcome,
                "best_position": record.best_position,
                "best_position_error": record.best_position_error,
                "rig": scenario.rig,
                "options": scenario.options,
            }
        )
    index = {"schema": "focusbench/sample-packages", "schema_version": 1, "packages": entries}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return tuple(folder / entry["file"] for entry in entries)
