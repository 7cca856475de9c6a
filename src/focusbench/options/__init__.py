"""What a run is asked to do: frozen options with label, unit, bounds and help on every field.

Never: talks to a device, looks at a frame or draws a form.
Imported by: every room above; imports only errors.
"""

from focusbench.options.autofocus import SGPRO_RUN, AutofocusOptions
from focusbench.options.files import load_options, options_from_dict, options_to_dict, save_options
from focusbench.options.filters import FilterSettings, FilterTable
from focusbench.options.night import SequenceOptions, TargetEvent, TriggerOptions
from focusbench.options.optics import Optics
from focusbench.options.spec import OptionSpec, changed, option_specs

__all__ = [
    "SGPRO_RUN",
    "AutofocusOptions",
    "FilterSettings",
    "FilterTable",
    "Optics",
    "OptionSpec",
    "SequenceOptions",
    "TargetEvent",
    "TriggerOptions",
    "changed",
    "load_options",
    "option_specs",
    "options_from_dict",
    "options_to_dict",
    "save_options",
]
