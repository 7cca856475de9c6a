"""Copy advice into options: what changes is named in place first, and can be taken back."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from focusbench.options import AutofocusOptions
from focusbench.tuning import Choice
from focusbench.widgets.pieces import box, button, enable, reveal, write
from focusbench.widgets.study_words import change_sentence, changes, setting
from focusbench.widgets.wording import escape


class CopyRow(widgets.Box):
    """Copy, then Copy or Keep mine, then Undo.

    Parameters
    ----------
    on_copy : callable, AutofocusOptions → object
        Told the options that are in force from now on.
    changed : callable
        Told that the row wants to be shown again.

    Attributes
    ----------
    options : AutofocusOptions or None
        Those in force.
    copy_button, confirm_button, keep_button, undo_button : Button
    """

    def __init__(
        self, on_copy: Callable[[AutofocusOptions], object], changed: Callable[[], object]
    ) -> None:
        self.options: AutofocusOptions | None = None
        self._on_copy, self._changed = on_copy, changed
        self._choice: Choice | None = None
        self._asked: AutofocusOptions | None = None
        self._before: AutofocusOptions | None = None
        self._trouble = ""
        self.copy_button = button("Copy into options", self._ask)
        self.confirm_button = button("Copy", self._copy)
        self.keep_button = button("Keep mine", self._keep)
        self.undo_button = button("Undo", self._undo)
        self._words = widgets.HTML()
        super().__init__(
            [
                box("fb-buttons", self.copy_button, self.confirm_button, self.keep_button,
                    self.undo_button),
                self._words,
            ]
        )  # fmt: skip
        self.add_class("fb-copy")

    def show(self, choice: Choice | None) -> None:
        """Offer to copy these settings."""
        if choice is not self._choice:
            self._choice, self._asked, self._before, self._trouble = choice, None, None, ""
        new = self._new()
        text = "Copy into options" if choice is None else f"Copy {setting(choice)} into options"
        if self.copy_button.description != text:
            self.copy_button.description = text
        different = new is not None and new != self.options
        enable(
            self.copy_button,
            different and self._asked is None,
            "Says what would change first.",
            "First run a study." if choice is None
            else "Say Copy or Keep mine." if self._asked is not None
            else "These are your settings already.",
        )  # fmt: skip
        asking, undoing = self._asked is not None, self._before is not None
        reveal(self.confirm_button, asking)
        reveal(self.keep_button, asking)
        reveal(self.undo_button, undoing and not asking)
        write(self._words, f'<div class="fb-copy-words" role="status">{self._text()}</div>')

    def _text(self) -> str:
        if self._trouble:
            return f'<span class="fb-error">✕ {escape(self._trouble)}</span>'
        if self._asked is not None and self.options is not None:
            return escape(change_sentence(self.options, self._asked))
        if self._before is not None and self.options is not None:
            return f"✓ Copied. {escape(change_sentence(self._before, self.options))}"
        return ""

    def _new(self) -> AutofocusOptions | None:
        if self._choice is None or self.options is None:
            return None
        wanted = changes(self.options, self._choice.options)
        return self.options.replace(**{name: value for name, (_, value) in wanted.items()})

    def _ask(self, _: Any = None) -> None:
        self._asked, self._before = self._new(), None
        self._changed()

    def _keep(self, _: Any = None) -> None:
        self._asked = None
        self._changed()

    def _copy(self, _: Any = None) -> None:
        before = self.options
        if self._asked is not None and self._put(self._asked):
            self._before = before
        self._asked = None
        self._changed()

    def _undo(self, _: Any = None) -> None:
        if self._before is not None and self._put(self._before):
            self._before = None
        self._changed()

    def _put(self, options: AutofocusOptions) -> bool:
        self._trouble = ""
        try:
            self._on_copy(options)
        except Exception as error:  # what others do with the options is theirs
            self._trouble = f"Not copied: {error}"
            return False
        self.options = options
        return True
