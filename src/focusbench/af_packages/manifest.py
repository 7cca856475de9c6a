"""manifest.json: everything about a finished run but pixels and stars, in one file.

Schema "focusbench/af-package", version 1, whole in af-package.schema.json::

    schema, schema_version      what this is; a reader refuses a newer schema_version
    software                    versions of what wrote it
    metric                      name and definition of the deciding metric
    options, rig                as the run was given them
    ambient                     temperature_c: that of the first and of the last point
    start_position return_position final_position started_s duration_s
    filter focus_shift          of the points; how much further out it focuses than the one found
    rig_shape                   asymmetry learned from earlier runs, as taken into account; or null
    reasons                     why it was made: every trigger of a sequence that was due
    points                      in the order taken, with the frames of each
    fits                        the decision and all curves; null where the run ended before any
    validation outcome diagnosis warnings findings
    imported                    only of a run of another program; see `imported`
    files                       every other file of the package with its sha256

Of our own runs it holds nothing that is not in events.jsonl, so that one that was killed is
rebuilt from there.
"""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from focusbench.af_packages.codec import decode, encode, parse
from focusbench.af_packages.definitions import definition
from focusbench.doctor import diagnose
from focusbench.engine import RunRecord
from focusbench.errors import PackageDamaged, PackageError, PackageVersionError

SCHEMA = "focusbench/af-package"
SCHEMA_VERSION = 1

MANIFEST = "manifest.json"
EVENTS = "events.jsonl"
STARS = "stars.ecsv"


def build(
    record: RunRecord, frames: Sequence[Sequence[str]], files: Mapping[str, str]
) -> dict[str, Any]:
    """Make the manifest of a finished run.

    Parameters
    ----------
    record : RunRecord
    frames : sequence of sequence of str
        Names of the frames of each point of the record.
    files : mapping of str to str
        sha256 of every other file, by name.
    """
    run = encode(record)
    points = [
        {**point, "frames": list(frames[i]) if i < len(frames) else []}
        for i, point in enumerate(run["points"])
    ]
    temperatures = [p.temperature_c for p in record.points if p.temperature_c is not None]
    metric = record.options.metric
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "software": {
            "focusbench": metadata.version("focusbench"),
            "python": platform.python_version(),
            "numpy": metadata.version("numpy"),
        },
        "metric": {"name": metric, "definition": definition(metric)},
        "outcome": run.pop("outcome"),
        "diagnosis": run.pop("diagnosis"),
        "options": run.pop("options"),
        "rig": run.pop("rig"),
        "ambient": {"temperature_c": [temperatures[0], temperatures[-1]] if temperatures else None},
        "fits": run.pop("best"),
        **run,
        "points": points,
        "findings": encode(diagnose(record)),
        "files": dict(files),
    }


def dump(manifest: Mapping[str, Any]) -> str:
    """Text of the file."""
    return json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def load(content: bytes, source: Path) -> dict[str, Any]:
    """Read a manifest and see that this version can understand it.

    Raises
    ------
    PackageVersionError
        Written by a newer focusbench.
    PackageDamaged
        No manifest.
    """
    try:
        manifest = parse(content.decode("utf-8"))
    except (PackageDamaged, UnicodeDecodeError) as error:
        raise damaged(source, error) from error
    if not isinstance(manifest, dict):
        raise damaged(source, "no JSON object")
    if manifest.get("schema") != SCHEMA:
        raise PackageError(
            f"{source / MANIFEST} is no manifest of an AF package: its schema is "
            f"{str(manifest.get('schema'))[:60]!r}, not {SCHEMA!r}."
        )
    version = manifest.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise damaged(source, f"schema_version is {str(version)[:40]!r}")
    if version > SCHEMA_VERSION:
        software = manifest.get("software")
        writer = software.get("focusbench") if isinstance(software, dict) else None
        raise PackageVersionError(
            f"{source} was written by a newer focusbench ({str(writer or 'unknown')[:20]}, schema "
            f"version {version}; this one reads up to {SCHEMA_VERSION}): update focusbench with "
            "pip install --upgrade focusbench."
        )
    return manifest


def record_of(manifest: Mapping[str, Any], source: Path) -> RunRecord:
    """Read the record of the run from its manifest."""
    try:
        return decode(RunRecord, {**manifest, "best": manifest.get("fits")})
    except PackageDamaged as error:
        raise damaged(source, error) from error


def frame_names(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the frames that a point, or a line of events, lists."""
    names = document.get("frames", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise PackageDamaged(f"frames cannot be {str(names)[:40]!r}")
    return tuple(names)


def damaged(source: Path, why: object) -> PackageDamaged:
    """Make the error for a manifest that cannot be understood."""
    return PackageDamaged(
        f"{source / MANIFEST} is damaged ({why}); rename it, and the run is rebuilt from {EVENTS}."
    )


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
