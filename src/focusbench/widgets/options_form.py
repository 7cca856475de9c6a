"""The form of the options, made from their metadata."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets
import traitlets

from focusbench.options import SGPRO_RUN, AutofocusOptions, changed, option_specs
from focusbench.widgets.option_field import OptionField
from focusbench.widgets.profile_files import ProfileFiles
from focusbench.widgets.theme import close_all
from focusbench.widgets.wording import escape

OPEN_GROUPS = ("Sampling", "Stars")
"""Groups shown at once; the others are folded."""


class OptionsForm(widgets.Box):
    """Every option in its group, judged on Enter or when left, never on a keystroke.

    Parameters
    ----------
    options : AutofocusOptions, optional
        Values to begin with, and the profile that fields are compared with until another one
        is loaded or saved.

    Attributes
    ----------
    value : AutofocusOptions
        The options in force: a field with an error keeps its last valid value. May be set.
    errors : mapping of str to str
        The sentence about each field whose text is not in force, by the option's name.
    profile : AutofocusOptions
        What the fields are compared with: a field that differs is marked, with a button that
        takes the profile's value; folded groups count them.
    files : ProfileFiles
        Load, save and compare profiles.

    Examples
    --------
    >>> from focusbench.widgets import OptionsForm
    >>> form = OptionsForm()
    >>> form.value.step_size
    60
    """

    value = traitlets.Instance(AutofocusOptions)

    def __init__(self, options: AutofocusOptions | None = None) -> None:
        self.profile = options or AutofocusOptions()
        self._setting = False
        specs = option_specs(self.profile)
        self._fields = {
            spec.name: OptionField(
                spec, getattr(self.profile, spec.name), self._take, self._tell_error
            )
            for spec in specs
        }
        self._folds: dict[str, widgets.ToggleButton] = {}
        self._groups_of = {spec.name: spec.group for spec in specs}
        self._error_callbacks: list[Callable[[], None]] = []
        self._advice = widgets.HTML()
        self.sgpro_button = widgets.Button(
            description="As SGPro",
            tooltip="Run to the letter of SGPro's help page: two lines decide. Step size, exposure "
            "and all that belongs to the rig stay.",
        )
        self.sgpro_button.on_click(self._as_sgpro)
        groups = [
            self._group(group, [self._fields[spec.name] for spec in members])
            for group, members in itertools.groupby(specs, lambda spec: spec.group)
        ]
        self.files = ProfileFiles(lambda: self.value, self._take_profile)
        presets = widgets.Box([self.sgpro_button])
        presets.add_class("fb-buttons")
        super().__init__(
            [*groups, self._group("Profile", [self.files]), presets], value=self.profile
        )
        self.add_class("fb-form")

    @property
    def errors(self) -> Mapping[str, str]:
        """What is wrong with the text of each field that is not in force."""
        return {name: field.error for name, field in self._fields.items() if field.error}

    @property
    def still_using(self) -> list[str]:
        """What a run would use where the text of a field is not in force, one sentence each."""
        wrong = (field for field in self._fields.values() if field.error)
        return [f"{field.spec.label} is still {field.in_force}." for field in wrong]

    def on_change(self, callback: Callable[[AutofocusOptions], None]) -> None:
        """Tell `callback` the options whenever a valid change was made."""
        self.observe(lambda change: callback(change["new"]), "value")

    def on_error(self, callback: Callable[[], None]) -> None:
        """Tell `callback` whenever a field's error comes, goes or changes."""
        self._error_callbacks.append(callback)

    def field(self, name: str) -> OptionField:
        """The field of one option."""
        return self._fields[name]

    def advise(self, text: str) -> None:
        """Show a sentence under Sampling."""
        html = f'<div class="fb-advice">{escape(text)}</div>'
        if self._advice.value != html:
            self._advice.value = html

    def _as_sgpro(self, _: object = None) -> None:
        self.value = self.value.replace(**SGPRO_RUN)

    def close(self) -> None:
        """Close the form with all its fields."""
        close_all(self)

    def _take(self, name: str, value: Any) -> None:
        self._setting = True
        self.value = self.value.replace(**{name: value})
        self._setting = False

    @traitlets.observe("value")
    def _show(self, change: Mapping[str, Any]) -> None:
        if not self._setting:
            for name, field in self._fields.items():
                field.put(getattr(change["new"], name))
        self._count()

    def _count(self) -> None:
        """Say in each folded title how many of its fields differ from the profile."""
        differing = [self._groups_of[name] for name in changed(self.value, self.profile)]
        for group, fold in self._folds.items():
            n_changed = len(differing) if group == "Profile" else differing.count(group)
            fold.description = _fold_title(group, fold.value, n_changed)

    def _take_profile(self, profile: AutofocusOptions, use: bool) -> None:
        """Compare with another profile from now on, and use it where it was loaded."""
        self.profile = profile
        for name, field in self._fields.items():
            field.compare_with(getattr(profile, name))
        if use:
            self.value = profile
        self._count()

    def _tell_error(self) -> None:
        for callback in self._error_callbacks:
            callback()

    def _group(self, group: str, fields: Iterable[widgets.Widget]) -> widgets.Box:
        content = widgets.Box([*fields])
        content.add_class("fb-group")
        if group in OPEN_GROUPS:
            head = widgets.HTML(f'<div class="fb-section">{escape(group)}</div>')
            content.children = (head, *content.children)
            if group == OPEN_GROUPS[0]:
                content.children = (*content.children, self._advice)
            return content
        content.layout.display = "none"
        fold = widgets.ToggleButton(description=_fold_title(group, False, 0))
        fold.add_class("fb-fold")
        fold.observe(lambda change: self._fold(group, content, change["new"]), "value")
        self._folds[group] = fold
        box = widgets.Box([fold, content])
        box.add_class("fb-group")
        return box

    def _fold(self, group: str, content: widgets.Box, is_open: bool) -> None:
        content.layout.display = None if is_open else "none"
        fold = self._folds[group]
        fold.description = ("▾" if is_open else "▸") + fold.description[1:]


def _fold_title(group: str, is_open: bool, n_changed: int) -> str:
    count = f" · {n_changed} changed" if n_changed else ""
    return f"{'▾' if is_open else '▸'} {group}{count}"
