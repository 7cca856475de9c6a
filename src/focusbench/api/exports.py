"""Writes one run into a file that other programs read: the file's ending says which."""

import contextlib
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from focusbench.af_packages import Package, open_package
from focusbench.api.report import report_html
from focusbench.api.run_figure import png
from focusbench.api.run_summary import rejections
from focusbench.errors import PackageError


def export_run(package: Package | str | Path, path: str | Path) -> Path:
    """Export a run as a table, a dataset, a picture or a page.

    Parameters
    ----------
    package : Package or path
        What `open_package` opened, or opens.
    path : path
        Its ending says what is written: `.csv` (one line a point; opens again with
        `open_package`), `.nc` (netCDF, the dataset `package.points`), `.png` (the V-curve), or
        `.html` (a report that needs no network and runs no scripts).

    Returns
    -------
    Path
        The file; one that was there is replaced.

    Raises
    ------
    PackageError
        Another ending, or the file cannot be written.

    Examples
    --------
    >>> import focusbench as fb
    >>> fb.export_run(fb.sample_packages()[0], "exports/good.html").name
    'good.html'
    """
    target = Path(path)
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise PackageError(
            f"{target.name} does not say what to export: its ending is one of "
            f"{', '.join(_WRITERS)}."
        )
    run = package if isinstance(package, Package) else open_package(package)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(run, part)
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise PackageError(f"Cannot write {target}: {error.strerror or error}.") from error
    return target


def points_csv(package: Package) -> str:
    """The points as a table with the columns that `open_package` knows, and some for people."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    metric = package.metric.replace(":", "_")
    others = sorted({name for p in package.focus_points for name in p.others} - {package.metric})
    writer.writerow(
        ["position", metric, "error", "stars", "time", "temperature_c", "sweep", "role", "not_used"]
        + [name.replace(":", "_") for name in others]
    )
    rejected, reasons = rejections(package)
    for i, p in enumerate(package.focus_points):
        began = p.time_s
        stamp = None if began is None else datetime.fromtimestamp(began, tz=UTC).isoformat()
        left_out = (reasons[i] or "not used") if rejected[i] else ""
        row = [p.position, _number(p.metric), p.error, p.n_stars, stamp, p.temperature_c]
        row += [p.sweep, p.role, left_out, *(_number(p.others.get(name)) for name in others)]
        writer.writerow(["" if cell is None else cell for cell in row])
    return text.getvalue()


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _write_csv(package: Package, path: Path) -> None:
    path.write_text(points_csv(package), encoding="utf-8", newline="")


def _write_netcdf(package: Package, path: Path) -> None:
    package.points.to_netcdf(path, engine="h5netcdf")


def _write_png(package: Package, path: Path) -> None:
    path.write_bytes(png(package))


def _write_html(package: Package, path: Path) -> None:
    path.write_text(report_html(package), encoding="utf-8", newline="\n")


_WRITERS: dict[str, Callable[[Package, Path], None]] = {
    ".csv": _write_csv,
    ".nc": _write_netcdf,
    ".png": _write_png,
    ".html": _write_html,
}
