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
        SimulatedNight,
        Study,
        advise_exposure,
        analyze,
        autofocus,
        compare_triggers,
        export_run,
        find_backlash,
        fit_temperature,
        import_runs,
        measure_backlash,
        measure_frame,
        open_package,
        open_packages,
        remeasure,
        repeatability,
        replay,
        replay_history,
        run_sequence,
        sample_packages,
        simulated_rig,
        tune,
        what_if,
    )
    from focusbench.errors import FocusbenchError
    from focusbench.options import SequenceOptions, TargetEvent, TriggerOptions
    from focusbench.sequence import ImageHistory, Night, Sequence, load_sequence, save_sequence
    from focusbench.widgets import (
        AutofocusPanel,
        CurveView,
        FocusModule,
        OptionsForm,
        PackageBrowser,
        RigPicker,
        SequencePanel,
        TriggerView,
        TuningPanel,
    )

__version__ = "0.1.0"

_ROOM_OF = {
    "AlpacaServer": "alpaca",
    "Analysis": "api",
    "AutofocusOptions": "options",
    "AutofocusPanel": "widgets",
    "CurveView": "widgets",
    "FocusModule": "widgets",
    "FocusSession": "api",
    "FocusbenchError": "errors",
    "ImageHistory": "sequence",
    "Night": "sequence",
    "OptionsForm": "widgets",
    "Package": "api",
    "PackageBrowser": "widgets",
    "RigMemory": "api",
    "RigPicker": "widgets",
    "RunRecord": "api",
    "Sequence": "sequence",
    "SequenceOptions": "options",
    "SequencePanel": "widgets",
    "SimulatedNight": "api",
    "Study": "api",
    "TargetEvent": "options",
    "TriggerOptions": "options",
    "TriggerView": "widgets",
    "TuningPanel": "widgets",
    "advise_exposure": "api",
    "analyze": "api",
    "autofocus": "api",
    "compare_triggers": "api",
    "connect_alpaca": "alpaca",
    "export_run": "api",
    "find_backlash": "api",
    "find_servers": "alpaca",
    "fit_temperature": "api",
    "import_runs": "api",
    "load_sequence": "sequence",
    "measure_backlash": "api",
    "measure_frame": "api",
    "open_package": "api",
    "open_packages": "api",
    "remeasure": "api",
    "repeatability": "api",
    "replay": "api",
    "replay_history": "api",
    "run_sequence": "api",
    "sample_packages": "api",
    "save_sequence": "sequence",
    "simulated_rig": "api",
    "tune": "api",
    "what_if": "api",
}

__all__ = [
    "AlpacaServer",
    "Analysis",
    "AutofocusOptions",
    "AutofocusPanel",
    "CurveView",
    "FocusModule",
    "FocusSession",
    "FocusbenchError",
    "ImageHistory",
    "Night",
    "OptionsForm",
    "Package",
    "PackageBrowser",
    "RigMemory",
    "RigPicker",
    "RunRecord",
    "Sequence",
    "SequenceOptions",
    "SequencePanel",
    "SimulatedNight",
    "Study",
    "TargetEvent",
    "TriggerOptions",
    "TriggerView",
    "TuningPanel",
    "advise_exposure",
    "analyze",
    "autofocus",
    "compare_triggers",
    "connect_alpaca",
    "export_run",
    "find_backlash",
    "find_servers",
    "fit_temperature",
    "import_runs",
    "load_sequence",
    "measure_backlash",
    "measure_frame",
    "open_package",
    "open_packages",
    "remeasure",
    "repeatability",
    "replay",
    "replay_history",
    "run_sequence",
    "sample_packages",
    "save_sequence",
    "simulated_rig",
    "tune",
    "what_if",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"focusbench has no {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"focusbench.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
