"""Profiles as files, from the form: load, save, compare; one sentence says what came of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, changed, load_options, option_specs, save_options
from focusbench.widgets.option_field import say_value
from focusbench.widgets.pieces import box, button, reveal, write
from focusbench.widgets.wording import escape

MOST_NAMED = 4
"""More differences than these are counted, not named: a sentence is read, a list is not."""


class ProfileFiles(widgets.Box):
    """File name, Load, Save and Compare; overwriting a file that differs asks once, in place.

    Parameters
    ----------
    options : callable
        Gives the options in force.
    on_profile : callable
        Told the options of a profile, and whether they are to be used (after Load, not Save).
    """

    def __init__(
        self,
        options: Callable[[], AutofocusOptions],
        on_profile: Callable[[AutofocusOptions, bool], Any],
    ) -> None:
        self._options = options
        self._on_profile = on_profile
        self.file = widgets.Text(
            description="File",
            placeholder="newton.json",
            continuous_update=False,
            tooltip="A profile: the options as a JSON file.",
        )
        self.file.observe(lambda _: self._say(""), "value")
        self.load_button = button("Load", self._load_file)
        self.save_button = button("Save", self._save_file)
        self.compare_button = button("Compare", self._compare_file)
        self.overwrite_button = button("Overwrite", self._overwrite)
        self.keep_button = button("Keep it", lambda _: self._say(""))
        for one, tooltip in (
            (self.load_button, "Use the options of this file, and compare with them from then on."),
            (self.save_button, "Write the options of the form to this file."),
            (self.compare_button, "Say where this file differs from the form; changes nothing."),
        ):
            one.tooltip = tooltip
        self._words = widgets.HTML()
        self._question = box("fb-buttons", self.overwrite_button, self.keep_button)
        field = box("fb-field", self.file)
        field.add_class("fb-wide")
        buttons = box("fb-buttons", self.load_button, self.save_button, self.compare_button)
        super().__init__([field, buttons, self._words, self._question])
        self.add_class("fb-profile")
        self._say("")

    @property
    def sentence(self) -> str:
        """What was said last; empty where nothing was."""
        return self._sentence

    def _load_file(self, _: object = None) -> None:
        if path := self._path():
            before = self._options()
            if (profile := self._read(path)) is not None:
                self._on_profile(profile, True)
                self._say(f"Loaded {path.name}. {_differences(before, profile, '→')}".strip())

    def _save_file(self, _: object = None) -> None:
        if (path := self._path()) is None:
            return
        if not path.exists():
            self._write(path)
            return
        try:
            differs = _differences(load_options(path), self._options(), "→")
        except OptionsError:
            differs = "It is no profile."
        if differs:
            self._say(f"{path.name} is there already. {differs}", ask=True)
        else:
            self._write(path)

    def _overwrite(self, _: object = None) -> None:
        if path := self._path():
            self._write(path)

    def _compare_file(self, _: object = None) -> None:
        if (path := self._path()) and (profile := self._read(path)) is not None:
            differs = _differences(profile, self._options(), "there,", last=" here")
            self._say(f"{path.name} differs. {differs}" if differs else f"{path.name}: the same.")

    def _path(self) -> Path | None:
        name = self.file.value.strip()
        if not name:
            self._say("Give the name of a file, such as newton.json.")
            return None
        path = Path(name).expanduser()
        return path if path.suffix else path.with_suffix(".json")

    def _read(self, path: Path) -> AutofocusOptions | None:
        try:
            return load_options(path)
        except OptionsError as error:
            self._say(str(error), bad=True)
            return None

    def _write(self, path: Path) -> None:
        options = self._options()
        try:
            save_options(options, path)
        except OSError as error:
            self._say(f"Cannot save {path}: {error.strerror or error}.", bad=True)
            return
        self._on_profile(options, False)
        self._say(f"Saved as {path.name}.")

    def _say(self, sentence: str, *, ask: bool = False, bad: bool = False) -> None:
        self._sentence = sentence
        name = "fb-error" if bad else "fb-said"
        role = "alert" if bad or ask else "status"
        write(self._words, f'<div class="{name}" role="{role}">{escape(sentence)}</div>')
        reveal(self._question, ask)


def _differences(
    old: AutofocusOptions, new: AutofocusOptions, between: str, *, last: str = ""
) -> str:
    """Say where options differ: "Step size 60 → 80, smart focus on → off."; empty: nowhere."""
    specs = {spec.name: spec for spec in option_specs(old)}
    named = [
        f"{specs[name].label} {say_value(specs[name], getattr(old, name))} {between} "
        f"{say_value(specs[name], value)}{last}"
        for name, value in changed(new, old).items()
    ]
    if not named:
        return ""
    more = len(named) - MOST_NAMED
    return "; ".join(named[:MOST_NAMED]) + (f"; and {more} more." if more > 0 else ".")
