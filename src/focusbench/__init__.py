"""focusbench: a workbench for telescope auto focus in JupyterLab.

>>> import focusbench as fb
>>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
>>> record = fb.autofocus(rig, fb.AutofocusOptions(step_size=60), save_packages_to=None)
>>> record.outcome.value
'FOCUSED'

Names are loaded on first use, so that importing focusbench is quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from focusbench.alpaca import AlpacaServer, connect_alpaca, find_servers
    from focusbench.api import (
        Analysis,
        AutofocusOptions,
        FocusSession,
        Package,
        RigMemory,
        RunRecord,
        Study,
        analyze,
        autofocus,
        import_runs,
        measure_frame,
        open_package,
        open_packages,
        sample_packages,
        simulated_rig,
        tune,
    )
    from focusbench.errors import FocusbenchError
    from focusbench.widgets import AutofocusPanel, CurveView, OptionsForm, RigPicker, TuningPanel

__version__ = "0.1.0"

_ROOM_OF = {
    "AlpacaServer": "alpaca",
    "Analysis": "api",
    "AutofocusOptions": "options",
    "AutofocusPanel": "widgets",
    "CurveView": "widgets",
    "FocusSession": "api",
    "FocusbenchError": "errors",
    "OptionsForm": "widgets",
    "Package": "api",
    "RigMemory": "api",
    "RigPicker": "widgets",
    "RunRecord": "api",
    "Study": "api",
    "TuningPanel": "widgets",
    "analyze": "api",
    "autofocus": "api",
    "connect_alpaca": "alpaca",
    "find_servers": "alpaca",
    "import_runs": "api",
    "measure_frame": "api",
    "open_package": "api",
    "open_packages": "api",
    "sample_packages": "api",
    "simulated_rig": "api",
    "tune": "api",
}

__all__ = [
    "AlpacaServer",
    "Analysis",
    "AutofocusOptions",
    "AutofocusPanel",
    "CurveView",
    "FocusSession",
    "FocusbenchError",
    "OptionsForm",
    "Package",
    "RigMemory",
    "RigPicker",
    "RunRecord",
    "Study",
    "TuningPanel",
    "analyze",
    "autofocus",
    "connect_alpaca",
    "find_servers",
    "import_runs",
    "measure_frame",
    "open_package",
    "open_packages",
    "sample_packages",
    "simulated_rig",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"focusbench has no {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"focusbench.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
