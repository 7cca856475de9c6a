"""The rig picker: find an Alpaca server, choose its devices, connect, and see them live."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from focusbench.alpaca import FoundDevice, connect_alpaca, disconnect, find_servers, list_devices
from focusbench.api import FocusSession
from focusbench.devices import Rig
from focusbench.errors import DeviceError, FocusbenchError
from focusbench.options import Optics, option_specs
from focusbench.widgets.option_field import OptionField
from focusbench.widgets.pieces import box, button, enable, say_html, write
from focusbench.widgets.rig_table import look_at, now_text, rig_table_html
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.theme import NightSwitch, close_all, style_widget

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often position and temperature are read."""

ROLES = {
    "camera": "Camera",
    "focuser": "Focuser",
    "filterwheel": "Filter wheel",
    "observingconditions": "Weather station",
}
NEEDED = ("camera", "focuser")


class RigPicker(widgets.Box):
    """Connects the devices of an Alpaca server as a rig.

    One thread does what may take long, so that the notebook is never blocked: it looks for
    servers, asks for devices, connects, and reads position and temperature once a second.

    Parameters
    ----------
    address : str, optional
        HOST:PORT of a server; its devices are listed at once.
    open_panel : callable, Rig → Widget, optional
        Makes the panel that is shown below the picker while a rig is connected.

    Attributes
    ----------
    rig : Rig or None
        The connected one.
    address : Combobox
    camera, focuser, filter_wheel, conditions : Dropdown
    search_button, connect_button, disconnect_button : Button

    Examples
    --------
    >>> import focusbench as fb
    >>> picker = fb.RigPicker(open_panel=fb.AutofocusPanel)
    >>> picker.rig is None
    True
    >>> picker.close()
    """

    def __init__(
        self, address: str | None = None, *, open_panel: Callable[[Rig], Any] | None = None
    ) -> None:
        self.rig: Rig | None = None
        self._open_panel = open_panel
        self._panel: Any = None
        self._line = SayLine(
            "", "No rig yet.", "Type the address of an Alpaca server, or look for one with Search."
        )
        self._busy = ""
        self._optics = Optics()
        self._found: tuple[FoundDevice, ...] = ()
        self._jobs: list[tuple[str, Callable[[], None]]] = []
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._writing = threading.Lock()
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self._night.turn(self)
        if address:
            self.address.value = address
        self.refresh()
        threading.Thread(target=self._pump, name="focusbench rig picker", daemon=True).start()

    # ------------------------------------------------------------------ what a person does

    def _search(self, _: object = None) -> None:
        self._do("Looking for Alpaca servers on this computer and its networks.", self._find)

    def _address_given(self, change: Any) -> None:
        if change["new"].strip():
            self._do(f"Asking {change['new'].strip()} for its devices.", self._list)

    def _connect(self, _: object = None) -> None:
        self._do(f"Connecting the devices of {self.address.value.strip()}.", self._join)

    def _disconnect(self, _: object = None) -> None:
        self._do("Disconnecting.", self._leave)

    def close(self) -> None:
        """Close the picker and the panel it opened; the rig stays connected."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._wake.set()
        if self._panel is not None:
            self._panel.close()
        with self._writing:
            close_all(self)

    # ------------------------------------------------------------------ what the thread does

    def _do(self, saying: str, job: Callable[[], None]) -> None:
        self._busy = saying
        self._jobs.append((saying, job))
        self._wake.set()

    def _pump(self) -> None:
        while not self._closed.is_set():
            while self._jobs and not self._closed.is_set():
                self._busy, job = self._jobs.pop(0)
                self.refresh()
                try:
                    job()
                except FocusbenchError as error:
                    self._line = SayLine("✕", "That did not work.", str(error))
                except Exception as error:
                    logger.exception("The rig picker stumbled")
                    self._line = SayLine("✕", "That did not work.", repr(error))
                self._busy = ""
            try:
                self.refresh()
            except Exception:
                logger.exception("The rig picker could not be drawn")
            self._wake.wait(LOOK_S)
            self._wake.clear()

    def _find(self) -> None:
        servers = find_servers()
        self.address.options = servers
        if not servers:
            self._line = SayLine(
                "!",
                "No Alpaca server answered.",
                "Is it running, and on this network? It can also be reached by its address: "
                "type HOST:PORT.",
            )
        elif self.address.value.strip() in servers:
            self._list()
        elif len(servers) == 1:
            self.address.value = servers[0]  # which lists its devices
        else:
            self._line = SayLine(
                "", f"{len(servers)} Alpaca servers answered.", "Choose one under Address."
            )

    def _list(self) -> None:
        address = self.address.value.strip()
        self._found = ()
        try:
            self._found = list_devices(address)
        finally:
            for kind, dropdown in self._dropdowns.items():
                dropdown.options = self._choices(kind)
                dropdown.index = 0 if dropdown.options else None
        missing = [ROLES[kind].lower() for kind in NEEDED if not self._of(kind)]
        if missing:
            self._line = SayLine(
                "✕",
                f"This server has no {' and no '.join(missing)}.",
                "Auto focus needs a camera and a focuser on one server.",
            )
        else:
            self._line = SayLine(
                "", f"{len(self._found)} devices at {address}.", "Choose, then press Connect."
            )

    def _join(self) -> None:
        if self.rig is not None:
            self._leave()
        wheel, station = self.filter_wheel.value, self.conditions.value
        self.rig = connect_alpaca(
            self.address.value,
            camera=self.camera.value,
            focuser=self.focuser.value,
            filter_wheel=wheel,
            conditions=station,
            focal_ratio=self._optics.focal_ratio,
            obstruction=self._optics.obstruction,
        )
        self._line = SayLine(
            "✓", f"Connected to {self.rig.camera.name} and {self.rig.focuser.name}.", ""
        )
        if self._open_panel is not None:
            self._panel = self._open_panel(self.rig)
            self._below.children = (self._panel,)
            self._fold.value = False

    def _leave(self) -> None:
        rig, self.rig = self.rig, None
        self._below.children = ()
        if self._panel is not None:
            self._panel.close()
            self._panel = None
        self._fold.value = True
        if rig is not None:
            disconnect(rig)
        self._line = SayLine("–", "Disconnected.", "")

    # ------------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Bring the page up to date now; writes only what is different."""
        with self._writing:
            if not self._closed.is_set():
                self._refresh()

    def _refresh(self) -> None:
        line = self._line
        if self._busy:
            line = SayLine("", self._busy, "The notebook goes on meanwhile.", busy=True)
        elif self.rig is not None:
            try:
                devices = look_at(self.rig)
                write(self._table, rig_table_html(devices))
                line = SayLine(line.sign, line.first, now_text(devices))
            except DeviceError as error:
                line = SayLine("✕", "The rig does not answer.", str(error))
        else:
            write(self._table, "")
        write(self._words, say_html(line))
        self._set_buttons()

    def _set_buttons(self) -> None:
        running = self.rig is not None and FocusSession.of(self.rig).running
        wait = self._busy or "Auto focus is running on this rig."
        free = not self._busy and not running
        complete = all(self._of(kind) for kind in NEEDED)
        enable(self.search_button, free, "Look for Alpaca servers on the network.", wait)
        enable(
            self.connect_button,
            free and complete,
            "Connect the devices chosen below.",
            wait if not free else "First give the address of a server with camera and focuser.",
        )
        enable(
            self.disconnect_button,
            free and self.rig is not None,
            "Let the devices go.",
            wait if not free else "Nothing is connected.",
        )

    def _of(self, kind: str) -> list[FoundDevice]:
        return [one for one in self._found if one.type == kind]

    def _choices(self, kind: str) -> Sequence[tuple[str, int | None]]:
        """What a drop-down offers; devices that a rig can do without may be left out."""
        devices: list[tuple[str, int | None]] = [
            (f"{one.name} (no. {one.number})", one.number) for one in self._of(kind)
        ]
        if kind in NEEDED:
            return devices
        if kind == "observingconditions":
            return [("none: the focuser's sensor", None), *devices]
        return [*devices, ("none", None)]

    def _lay_out(self) -> list[widgets.Widget]:
        title = widgets.HTML(
            '<b class="fb-name">Rig</b><span class="fb-muted">ASCOM Alpaca devices</span>'
        )
        title.add_class("fb-title")
        self._night = NightSwitch()
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self.search_button = button("Search", self._search)
        self.connect_button = button("Connect", self._connect, "fb-main")
        self.disconnect_button = button("Disconnect", self._disconnect)
        buttons = box("fb-buttons", self.search_button, self.connect_button, self.disconnect_button)
        self._table = widgets.HTML()
        self._table.add_class("fb-rig")
        self._devices = box("fb-two", self._lay_out_form(), self._table)
        self._fold = widgets.ToggleButton(value=True, description="▾ Devices")
        self._fold.add_class("fb-fold")
        self._fold.observe(self._fold_devices, "value")
        self._below = box("fb-below")
        return [
            style_widget(),
            box("fb-header", title, self._night),
            box("fb-say", self._words, buttons),
            self._fold,
            self._devices,
            self._below,
        ]

    def _lay_out_form(self) -> widgets.Box:
        self.address = widgets.Combobox(
            description="Address",
            placeholder="192.168.1.20:11111",
            tooltip="HOST:PORT of the Alpaca server.",
            continuous_update=False,
        )
        self.address.observe(self._address_given, "value")
        self._dropdowns = {
            kind: widgets.Dropdown(description=label, options=self._choices(kind))
            for kind, label in ROLES.items()
        }
        self.camera, self.focuser, self.filter_wheel, self.conditions = self._dropdowns.values()
        fields = [box("fb-field", one) for one in (self.address, *self._dropdowns.values())]
        for one in fields:
            one.add_class("fb-wide")
        optics = [
            OptionField(spec, None, self._take_optics, self._wake.set, empty="unknown")
            for spec in option_specs(Optics)
        ]
        form = box("fb-group", *fields, *optics)
        form.add_class("fb-form")
        return form

    def _take_optics(self, name: str, value: Any) -> None:
        self._optics = self._optics.replace(**{name: value})
        if self.rig is not None:
            setattr(self.rig, name, value)
        self._wake.set()

    def _fold_devices(self, change: Any) -> None:
        (self._devices.remove_class if change["new"] else self._devices.add_class)("fb-hidden")
        self._fold.description = "▾ Devices" if change["new"] else "▸ Devices"
