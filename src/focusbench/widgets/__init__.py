"""Panels for JupyterLab: forms, live V-curve, buttons.

Never: measures, fits or decides; it shows what the rooms below say.
Imported by: the front door; imports api and below. The only room that knows ipywidgets and bqplot.
"""

from focusbench.widgets.curve_view import CurveView
from focusbench.widgets.focus_module import FocusModule
from focusbench.widgets.options_form import OptionsForm
from focusbench.widgets.package_browser import PackageBrowser
from focusbench.widgets.panel import AutofocusPanel
from focusbench.widgets.rig_picker import RigPicker
from focusbench.widgets.routes import mend_routes
from focusbench.widgets.sequence_panel import SequencePanel
from focusbench.widgets.trigger_view import TriggerView
from focusbench.widgets.tuning_panel import TuningPanel
from focusbench.widgets.workbench import Workbench

__all__ = [
    "AutofocusPanel",
    "CurveView",
    "FocusModule",
    "OptionsForm",
    "PackageBrowser",
    "RigPicker",
    "SequencePanel",
    "TriggerView",
    "TuningPanel",
    "Workbench",
]

mend_routes()
