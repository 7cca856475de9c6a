"""A study as a page: the heat map, what such runs look like, the advice, what settings cost."""

from collections.abc import Callable

import ipywidgets as widgets

from focusbench.options import AutofocusOptions
from focusbench.tuning import Choice, example_runs
from focusbench.widgets.copying import CopyRow
from focusbench.widgets.heat_map import SAYS, HeatMap, View, toggles
from focusbench.widgets.pieces import box, reveal, write
from focusbench.widgets.study_job import Cell, StudyState
from focusbench.widgets.study_pictures import cost_html, curves_html, trials_html
from focusbench.widgets.study_words import advice_html, programs_html, setting
from focusbench.widgets.wording import count, escape

EXAMPLES = 6
"""Runs whose V-curves are drawn."""


class StudyView(widgets.Box):
    """Shows a study while it goes on and when it is done.

    Parameters
    ----------
    on_copy : callable, AutofocusOptions → object
        Told the options when advice was copied into them, and when that was taken back.
    changed : callable
        Told that the view wants to be shown again.

    Attributes
    ----------
    heat_map : HeatMap
    views : ToggleButtons
    copy_row : CopyRow
    picked : (int, int) or None
        Step size and data points of the setting that is looked at.
    """

    def __init__(
        self, on_copy: Callable[[AutofocusOptions], object], changed: Callable[[], object]
    ) -> None:
        self.picked: Cell | None = None
        self._changed = changed
        self._view: View = "error"
        self._drawn: tuple[object, ...] = ()
        self.views = toggles(self._look_at)
        self.heat_map = HeatMap(self._pick)
        self.copy_row = CopyRow(on_copy, changed)
        self._heat_words, self._runs = widgets.HTML(), widgets.HTML()
        self._advice, self._programs, self._cost = widgets.HTML(), widgets.HTML(), widgets.HTML()
        title = widgets.HTML('<div class="fb-axes-words">Step size → &emsp; Data points ↓</div>')
        head = box("fb-heat-head", title, self.views)
        super().__init__(
            [
                box("fb-middle", head, self.heat_map, self._heat_words, self._runs),
                box("fb-advice-column", self._advice, self.copy_row, self._programs, self._cost),
            ]
        )
        self.add_class("fb-tuning")

    def forget(self) -> None:
        """Look at no setting, as another study begins."""
        self.picked = None

    def show(self, state: StudyState) -> None:
        """Show a study as it is now; writes only what is different."""
        reveal(self, bool(state.cells))
        if not state.cells:
            return
        if self.picked is None and state.study is not None:
            best = state.study.recommended
            self.picked = (best.step_size, best.data_points)
        yours, choices = self.copy_row.options, state.choices
        self.heat_map.show(
            state.step_sizes,
            state.data_points,
            choices,
            view=self._view,
            picked=self.picked,
            yours=None if yours is None else (yours.step_size, yours.data_points),
        )
        write(
            self._heat_words,
            f'<div class="fb-advice">Each cell: {SAYS[self._view]}. Hatched: 95 % not sure. '
            "Framed: picked. Underlined: yours.</div>",
        )
        choice = choices.get(self.picked) if self.picked else None
        self.copy_row.show(choice if state.study is not None else None)
        write(self._advice, advice_html(state))
        write(self._programs, programs_html(state))
        drawn = (state.study, len(choices), choice)
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw(state, choice)

    def _draw(self, state: StudyState, choice: Choice | None) -> None:
        advice = None if state.study is None else state.study.advice
        zone = None if advice is None else advice.zone
        cost = cost_html(state.choices.values(), advice, zone, choice)
        write(self._cost, _headed("What each setting costs and gives", cost))
        if choice is None or zone is None or state.rig is None:
            write(self._runs, "")
            return
        examples = example_runs(state.rig, choice.options, EXAMPLES)
        title = f"{setting(choice)}: {count(len(choice.trials), 'such run')}"
        pair = f"{trials_html(choice, zone)}{curves_html(examples, zone)}"
        write(self._runs, _headed(title, f'<div class="fb-two-plots">{pair}</div>'))

    def _pick(self, cell: Cell) -> None:
        self.picked = cell
        self._changed()

    def _look_at(self, view: View) -> None:
        self._view = view
        self._changed()


def _headed(title: str, html: str) -> str:
    return f'<div class="fb-section">{escape(title)}</div>{html}' if html else ""
