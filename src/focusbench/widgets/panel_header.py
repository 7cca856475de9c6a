"""The title line of the auto focus panel: which rig, and how it stands now."""

from focusbench.devices import Rig
from focusbench.errors import DeviceError
from focusbench.widgets.say_line import PanelState
from focusbench.widgets.wording import escape


def header_html(rig: Rig, state: PanelState, lost_contact: str) -> str:
    """Name, filter, binning, position and temperature, and whether the rig answers."""
    parts = [escape(rig.name)]
    try:
        light, degrees = rig.filter(), rig.temperature_c()
    except DeviceError:
        light = degrees = None
    if light:
        parts.append(escape(light))
    binning = state.options.binning
    parts.append(f"{binning}×{binning}")
    if state.position is not None:
        parts.append(f'<b class="fb-position">{state.position}</b>')
    if degrees is not None:
        parts.append(f"{degrees:.1f} °C".replace("-", "−"))
    contact = "● connected"
    if lost_contact:
        contact = f'<span title="{escape(lost_contact)}">✕ not connected</span>'
    return (
        f'<span class="fb-contact fb-muted">{contact}</span>'
        f'<b class="fb-name">Auto focus</b><span class="fb-muted">{" · ".join(parts)}</span>'
    )
