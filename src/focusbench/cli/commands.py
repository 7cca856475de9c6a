"""What each command does: calls the verb, prints its result for people or as JSON."""

import argparse
import json
import logging
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from focusbench import api
from focusbench.cli.importing import import_
from focusbench.cli.rigs import rig_of
from focusbench.curve import Outcome
from focusbench.engine import Event, PointMeasured, PointStarted, Validated, Warned, request_cancel
from focusbench.errors import FocusbenchError, OptionsError
from focusbench.options import SGPRO_RUN, AutofocusOptions, load_options
from focusbench.stars import is_compiled

__all__ = ["analyze", "cancel", "import_", "lab", "measure", "run", "samples"]

Arguments = argparse.Namespace

RUN_OPTIONS = ("step_size", "data_points", "exposure_s", "focus_filter", "curve", "smart_focus")
"""Options of a run that have a flag of their own."""


def _print_json(**values: Any) -> None:
    """Print one object a line; what is not a number is null, as JSON knows no NaN."""
    clean = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
    print(json.dumps(clean, ensure_ascii=False), flush=True)


def lab(arguments: Arguments) -> int:
    """Open JupyterLab on the notebooks."""
    folder = Path(arguments.folder) if arguments.folder else _notebooks()
    if not folder.is_dir():
        raise OptionsError(f"There is no folder {folder}; give one that JupyterLab shall show.")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        command.append("--allow-root")  # in a container there is often nobody else
    first = sorted(folder.glob("*.ipynb"))
    if first:
        command.append(f"--LabApp.default_url=/lab/tree/{first[0].name}")
    return subprocess.run([*command, *arguments.jupyter], check=False).returncode


def _say_preparing() -> None:
    """Tell why the first frame on this computer takes so long."""
    if not is_compiled():
        print(
            "Preparing the star measurement (once per computer, up to half a minute) ...",
            file=sys.stderr,
            flush=True,
        )


def _notebooks() -> Path:
    here = Path(__file__).resolve()
    for place in (here.parents[3] / "notebooks", here.parents[1] / "_notebooks"):
        if place.is_dir():
            return place
    return Path.cwd()


def run(arguments: Arguments) -> int:
    """Run auto focus once."""
    options = load_options(arguments.profile) if arguments.profile else AutofocusOptions()
    if arguments.as_sgpro:
        options = options.replace(**SGPRO_RUN)
    given = {
        name: getattr(arguments, name)
        for name in RUN_OPTIONS
        if getattr(arguments, name) is not None
    }
    options = options.replace(**given)
    if not arguments.json:
        _say_preparing()
    rig = rig_of(arguments)
    # A seed is given to repeat a run exactly, so nothing that was learned may change it.
    learns = arguments.profile and arguments.seed is None
    memory = api.RigMemory.beside(arguments.profile) if learns else None
    # Warnings are printed here; the log need not say them once more.
    logging.getLogger("focusbench.engine.hooks").addHandler(logging.NullHandler())
    record = api.autofocus(
        rig,
        options,
        save_packages_to=arguments.save_to,
        keep=arguments.keep,
        watcher=None if arguments.json else _Narrator(),
        memory=memory,
    )
    if arguments.json:
        _print_json(
            outcome=record.outcome,
            best_position=record.best_position,
            best_position_error=record.best_position_error,
            final_position=record.final_position,
            expected_metric=record.expected_metric,
            validation_metric=record.validation.metric if record.validation else None,
            n_points=sum(p.role != "validation" for p in record.points),
            package=str(record.package_path) if record.package_path else None,
            start_position=record.start_position,
            warnings=list(record.warnings),
        )
    else:
        print(f"{record.outcome}: {record.diagnosis}")
        if record.package_path:
            print(f"Saved in {record.package_path}")
    return 0 if record.focused else 1


class _Narrator:
    """Tells a run line by line, with a bar."""

    def __init__(self) -> None:
        self._started: PointStarted | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, PointStarted):
            self._started = event
        elif isinstance(event, PointMeasured) and self._started:
            done, planned = self._started.number, max(self._started.number, self._started.planned)
            bar = "#" * round(20 * done / planned)
            print(f"[{bar:<20}] {done:2d} of {planned}  {_point_text(event)}", flush=True)
        elif isinstance(event, Validated):
            print(f"{'validation frame':<22}          {_point_text(event)}", flush=True)
        elif isinstance(event, Warned):
            print(f"Warning: {event.message}", flush=True)


def _point_text(event: PointMeasured | Validated) -> str:
    point = event.point
    if point.rejected:
        return f"{point.position:6.0f}  not used: {point.reason}"
    error = "" if point.error is None else f" ± {point.error:.3f}"
    return f"{point.position:6.0f}  {point.metric:7.3f}{error} px  {point.n_stars} stars"


def cancel(arguments: Arguments) -> int:
    """Cancel the runs of other processes."""
    cancelled = request_cancel()
    if arguments.json:
        _print_json(cancelled=cancelled)
    else:
        runs = f"Cancelled {cancelled} run{'' if cancelled == 1 else 's'}."
        print(runs if cancelled else "No run is going on.")
    return 0 if cancelled else 1


def measure(arguments: Arguments) -> int:
    """Measure frames; a frame that cannot be measured does not stop the others."""
    failed = 0
    if not arguments.json:
        _say_preparing()
    for name in arguments.frames:
        try:
            frame = api.read_frame(name, in_place=True)
            measured = api.measure_frame(frame, metric=arguments.metric)
        except OptionsError:
            raise  # the words of the command are wrong, not this frame
        except FocusbenchError as error:
            failed += 1
            place = "" if Path(name).name in str(error) else f"{name}: "
            print(f"focusbench: {place}{error}", file=sys.stderr)
            continue
        if arguments.json:
            _print_json(
                file=name,
                metric=measured.metric,
                value=measured.value,
                error=measured.error,
                scatter=measured.scatter,
                n_stars=measured.n_stars,
                position=frame.position,
                confidence=measured.confidence,
            )
        else:
            error_text = "" if measured.error is None else f" ± {measured.error:.3f}"
            stars = "1 star" if measured.n_stars == 1 else f"{measured.n_stars} stars"
            print(f"{name}: {measured.value:.3f}{error_text} px, {stars}")
    return 1 if failed else 0


def analyze(arguments: Arguments) -> int:
    """Fit runs; all are printed, and any that is not FOCUSED makes the exit code 1."""
    all_focused = True
    for name in arguments.packages:
        try:
            analyses = [
                api.analyze(
                    package,
                    curve=arguments.curve,
                    metric=arguments.metric,
                    common_stars=arguments.common_stars,
                )
                for package in api.read_runs(name)
            ]
        except OptionsError:
            raise
        except FocusbenchError as error:
            all_focused = False
            print(f"focusbench: {error}", file=sys.stderr)
            continue
        for analysis in analyses:
            all_focused &= analysis.outcome == Outcome.FOCUSED
            if arguments.json:
                _print_analysis(analysis)
            else:
                _tell_analysis(name, analysis)
    return 0 if all_focused else 1


def _tell_analysis(name: str, analysis: api.Analysis) -> None:
    run = analysis.package.run
    which = name if run is None else f"{name}, run {run}"
    print(f"{which}: {analysis.outcome}. {analysis.diagnosis}")
    for note in analysis.package.notes:
        print(f"  {note}")
    for finding in analysis.findings:
        print(f"  {finding.code}: {finding.sentence} {finding.remedy}".rstrip())


def _print_analysis(analysis: api.Analysis) -> None:
    best, package = analysis.best, analysis.package
    fit = best.fits.get(best.curve)
    _print_json(
        package=str(package.path) if package.path else None,
        source=analysis.source,
        **({} if package.run is None else {"run": package.run}),
        outcome=best.outcome,
        best_position=best.best_position,
        best_position_error=best.best_position_error,
        curve=best.curve,
        r_squared=fit.r_squared if fit else None,
        n_points=len(package.sweep()),
        n_used=sum(not rejected for rejected in best.rejected),
        diagnosis=analysis.diagnosis,
        findings=[
            {"code": f.code, "sentence": f.sentence, "remedy": f.remedy} for f in analysis.findings
        ],
    )


def samples(arguments: Arguments) -> int:
    """Render the sample packages."""
    for path in api.write_sample_packages(arguments.folder):
        if arguments.json:
            _print_json(package=str(path))
        else:
            print(path)
    return 0
