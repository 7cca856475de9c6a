"""One saved or foreign run, opened: its V-curve, verdict, facts and what the doctor finds."""

from typing import Any

import ipywidgets as widgets

from focusbench.api import Package, RunSummary, metric_label, summarize
from focusbench.engine import RunProgress
from focusbench.widgets.curve_view import CurveView
from focusbench.widgets.pieces import box, button, section, write
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.wording import escape


class OpenedRun(widgets.Box):
    """The run that is open, beside its facts, and the way back to all runs.

    Parameters
    ----------
    on_back : callable
        Called when the button is pressed.

    Attributes
    ----------
    curve : CurveView
    facts, points : HTML
    back_button : Button
    """

    def __init__(self, on_back: Any) -> None:
        self.curve = CurveView(themed=False)
        self.facts, self.points = widgets.HTML(), widgets.HTML()
        self.back_button = button("‹ All runs", on_back)
        left = box("fb-middle", self.curve, self.points)
        columns = box("fb-run-columns", left, self.facts)
        super().__init__([box("fb-buttons", self.back_button), columns])
        self.add_class("fb-opened")

    def show(self, package: Package) -> SayLine:
        """Show another run; returns its verdict."""
        said = summarize(package, local=True)
        self.curve.show(progress_of(package), metric=metric_label(package.metric))
        write(self.facts, opened_html(said))
        write(self.points, opened_points_html(said))
        return SayLine(said.sign, f"{said.word}: {said.title}.", said.verdict)


def progress_of(package: Package) -> RunProgress:
    """The state that a watcher of the run would have seen at its end; any run has one."""
    record, swept = package.record, package.sweep()
    sweep = package.focus_points[swept[0]].sweep if swept else 0
    return RunProgress(
        phase="finished",
        options=package.options,
        start_position=record.start_position if record else None,
        return_position=record.return_position if record else None,
        started_s=package.started_s,
        sweep=sweep,
        positions=tuple(round(package.focus_points[i].position) for i in swept),
        points=package.focus_points,
        best=package.decided,
        decided=True,
        validation=record.validation if record else None,
        warnings=record.warnings if record else (),
        record=record,
    )


def opened_html(said: RunSummary) -> str:
    """The right column: facts, where each curve puts focus, findings, notes."""
    parts = [section("Result"), _table(said.facts)]
    if said.curves:
        parts += [section("Where each curve puts it"), _table(said.curves)]
    if said.findings:
        tone = "ok" if said.findings[0].code == "good" else "warn"
        sign = "✓" if tone == "ok" else "!"
        items = "".join(
            f'<li class="fb-{tone}"><i>{sign}</i>{escape(one.sentence)} '
            f'<span class="fb-muted">{escape(one.remedy)}</span></li>'
            for one in said.findings
        )
        parts.append(f"{section('What the doctor finds')}<ul>{items}</ul>")
    if said.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in said.notes)
        parts.append(f"{section('Notes')}<ul>{items}</ul>")
    return f'<div class="fb-result">{"".join(parts)}</div>'


def opened_points_html(said: RunSummary) -> str:
    """The points as a table: the same facts as the chart, in text."""
    heads = ("Point", "Position", "Metric, px", "Error", "Stars", "Use")
    head = "".join(f"<th>{name}</th>" for name in heads)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(cell)}</td>"
            for cell in (p.number, p.position, p.metric, p.error, p.n_stars, p.use)
        )
        + "</tr>"
        for p in said.points
    )
    return f'<div class="fb-points"><table><tr>{head}</tr>{rows}</table></div>'


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    body = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows
    )
    return f"<table>{body}</table>"
