"""The workbench: every panel of one rig on one page, joined to each other."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from focusbench.devices import Rig
from focusbench.options import AutofocusOptions
from focusbench.widgets.focus_module import FocusModule
from focusbench.widgets.package_browser import PackageBrowser
from focusbench.widgets.panel import AutofocusPanel
from focusbench.widgets.pieces import box, button, reveal, write
from focusbench.widgets.rig_picker import RigPicker
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.tuning_panel import TuningPanel
from focusbench.widgets.wording import escape

PAGES = ("Rig", "Focus", "Auto focus", "Packages", "Tuning")


class Workbench(widgets.Box):
    """Rig, focus module, auto focus, packages and tuning; displays itself as a cell's last line.

    Packages of the runs appear in the browser, runs picked there are tuned from, and advice that
    is copied stands in the form of the next run.

    Parameters
    ----------
    rig : Rig, optional
        From `focusbench.simulated_rig` or `focusbench.connect_alpaca`. Without one the page
        begins with the rig picker.
    options : AutofocusOptions, optional
        What the forms begin with.
    runs : path
        Folder that packages are saved to and read from; it is made where there is none.
    address : str, optional
        HOST:PORT of an Alpaca server, for the rig picker.

    Attributes
    ----------
    picker : RigPicker
    module : FocusModule or None
    panel : AutofocusPanel or None
        None while there is no rig, as the module.
    browser : PackageBrowser
    tuning : TuningPanel
    page : str
        The one that is shown.

    Examples
    --------
    >>> import focusbench as fb
    >>> bench = fb.Workbench(fb.simulated_rig(best_focus=10_250, seed=1))
    >>> bench.page
    'Auto focus'
    >>> bench.close()
    """

    def __init__(
        self,
        rig: Rig | None = None,
        options: AutofocusOptions | None = None,
        *,
        runs: str | Path = "af_packages",
        address: str | None = None,
    ) -> None:
        self.options = options or AutofocusOptions()
        self.module: FocusModule | None = None
        self.panel: AutofocusPanel | None = None
        self._runs = Path(runs)
        self._runs.mkdir(parents=True, exist_ok=True)
        self._is_open = True
        self.picker = RigPicker(address, open_panel=self._connected)
        self.browser = PackageBrowser(runs, on_tune=self._tune)
        self.tuning = TuningPanel((), self.options, on_copy=self._copy)
        self._places = {name: box("fb-place") for name in PAGES}
        self._in_use = widgets.HTML()
        self._in_use.add_class("fb-in-use")
        self._places["Rig"].children = (self._in_use, self.picker)
        self._places["Packages"].children = (self.browser,)
        self._places["Tuning"].children = (self.tuning,)
        self.tabs = {name: button(name, self._turner(name), "fb-tab") for name in PAGES}
        night = NightSwitch()
        bar = box("fb-tabs", *self.tabs.values(), night)
        super().__init__([style_widget(), bar, *self._places.values()])
        self.add_class("fb-root")
        self.add_class("fb-workbench")
        night.turn(self)
        self.page = "Rig"
        if rig is not None:
            self._use(rig)
            write(
                self._in_use,
                f"<b>{escape(rig.name)}</b> is in use, as it was given. A rig that is connected "
                "here takes its place.",
            )
        self.turn_to("Rig" if rig is None else "Auto focus")

    def turn_to(self, page: str) -> None:
        """Show one of the pages."""
        self.page = page
        for name, place in self._places.items():
            reveal(place, name == page)
            tab = self.tabs[name]
            (tab.add_class if name == page else tab.remove_class)("mod-active")
        if page == "Packages" and not self.browser.picked:
            self.browser.read()
        if page == "Tuning" and not self.tuning.form.ticks:
            self.tuning.form.folder.value = ""
            self.tuning.form.folder.value = str(self._runs)

    def close(self) -> None:
        """Close all panels; a run goes on."""
        if self._is_open:
            self._is_open = False
            self._let_go()
            for one in (self.picker, self.browser, self.tuning):
                one.close()
            close_all(self)

    # ------------------------------------------------------------------ how they are joined

    def _turner(self, name: str) -> Callable[[Any], None]:
        return lambda _: self.turn_to(name)

    def _connected(self, rig: Rig) -> widgets.Widget:
        """Open the panels of a rig; returns what the picker shows while it is connected."""
        write(self._in_use, "")
        self._use(rig)
        return _Connected(self._let_go)

    def _use(self, rig: Rig) -> None:
        self._let_go()
        self.module = FocusModule(rig, self.options)
        self.panel = AutofocusPanel(rig, self.options, save_packages_to=self._runs)
        self._places["Focus"].children = (self.module,)
        self._places["Auto focus"].children = (self.panel,)

    def _let_go(self) -> None:
        for name, one in (("Focus", self.module), ("Auto focus", self.panel)):
            self._places[name].children = ()
            if one is not None:
                one.close()
        self.module = self.panel = None

    def _tune(self, sources: Iterable[Path]) -> None:
        self.turn_to("Tuning")
        self.tuning.learn_from(sources)

    def _copy(self, options: AutofocusOptions) -> None:
        """Only what the advice changes: the form may hold what was typed since."""
        before, self.options = self.options, options
        new = {one.name: getattr(options, one.name) for one in dataclasses.fields(options)}
        new = {name: value for name, value in new.items() if value != getattr(before, name)}
        if self.panel is not None:
            self.panel.form.value = self.panel.form.value.replace(**new)


class _Connected(widgets.HTML):
    """What stands below the rig picker; closed with the rig's panels."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        super().__init__("The pages <b>Focus</b> and <b>Auto focus</b> are this rig's now.")
        self._on_close = on_close

    def close(self) -> None:
        self._on_close()
        super().close()
