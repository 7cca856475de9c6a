"""What a rig's earlier runs tell of its asymmetry, kept in a plain file beside its profile."""

import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from focusbench.curve import Outcome, RigShape
from focusbench.devices import Rig
from focusbench.engine import Event, RunFinished
from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions

logger = logging.getLogger(__name__)

SCHEMA = "focusbench/rig-memory"
SCHEMA_VERSION = 1

SET_UP = ("name", "camera", "focuser", "pixel_um", "focal_ratio", "obstruction")
"""What of a rig's description makes it another rig: one of these changes, and it begins anew."""


class RigMemory:
    """Learns a rig's asymmetry from its FOCUSED runs; a watcher of runs.

    The file holds one list of estimates for each set-up, filter and metric (JSON, readable). A
    simulated rig has its seed in its description and is remembered by it.

    Parameters
    ----------
    path : path
        The file; it is made with the first run that is learned from.

    Raises
    ------
    OptionsError
        The file is there and is no rig memory.

    Examples
    --------
    >>> import focusbench as fb
    >>> fb.RigMemory.beside("newton.json").path.name
    'newton.rig.json'
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._read()

    @classmethod
    def beside(cls, profile: str | Path) -> "RigMemory":
        """Return the memory that lies beside a profile: newton.json has newton.rig.json."""
        return cls(Path(profile).with_suffix(".rig.json"))

    def shape_of(self, rig: Rig, options: AutofocusOptions) -> RigShape:
        """What is known of a rig with these options; empty where nothing is."""
        filter = options.focus_filter or rig.filter()
        return self._read().get(_key(rig.describe(), filter, options.metric), RigShape())

    def __call__(self, event: Event) -> None:
        """Learn from a run that has ended, where it FOCUSED."""
        if not isinstance(event, RunFinished) or event.record.outcome != Outcome.FOCUSED:
            return
        record = event.record
        with self._lock:
            shapes = self._read()
            key = _key(record.rig, record.filter, record.options.metric)
            before = shapes.get(key, RigShape())
            after = before.after(record.fits["auto"])
            if after != before:
                self._write({**shapes, key: after})

    def _read(self) -> dict[str, RigShape]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise OptionsError(f"{self.path} is no memory of a rig: {error}.") from error
        try:
            if document["schema"] != SCHEMA or document["schema_version"] != SCHEMA_VERSION:
                raise ValueError(f"its schema is {document['schema']!r}")
            return {
                _key(entry["rig"], entry["filter"], entry["metric"]): RigShape.from_dict(entry)
                for entry in document["shapes"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise OptionsError(f"{self.path} is no memory of a rig: {error}.") from error

    def _write(self, shapes: Mapping[str, RigShape]) -> None:
        entries = [{**json.loads(key), **shape.to_dict()} for key, shape in shapes.items()]
        document = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "shapes": entries}
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)


def _key(rig: Mapping[str, Any], filter: str | None, metric: str) -> str:
    """Set-up, filter and metric, as a text that can be compared and read back."""
    known = {name: rig.get(name) for name in (*SET_UP, "seed") if rig.get(name) is not None}
    return json.dumps({"rig": known, "filter": filter, "metric": metric}, sort_keys=True)
