"""The half-flux diameter as ASTAP itself measures it, where that program is installed."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError, MeasurementError, TooFewStars
from focusbench.frames import Frame, luminance, write_frame
from focusbench.stars.ensemble import ensemble
from focusbench.stars.measurement import STAR_FIELDS, Measurement

ASTAP_CLI_METRIC = "hfd_astap:astap_cli"
ASTAP_CLI_DEFINITION = (
    "Half-flux diameter by the program astap_cli: twice the flux-weighted mean distance from the "
    "star's centre, median over the stars that it lists, in pixels of the frame."
)

_PROGRAMS = ("astap_cli", "astap")
_USUAL_PLACES = (
    "/opt/astap",
    "/usr/local/opt/astap",
    "/Applications/ASTAP.app/Contents/MacOS",
    r"C:\Program Files\astap",
    r"C:\Program Files (x86)\astap",
)
_LOWEST_SNR = 30  # the program's own default
_TIMEOUT_S = 120.0
_COLUMNS = ("x", "y", "hfd_astap", "snr", "flux")


def measure_with_astap(
    frame: Frame | NDArray[np.generic],
    *,
    min_stars: int = 1,
    executable: str | Path | None = None,
) -> Measurement:
    """Measure the half-flux diameter of a frame's stars with ASTAP.

    Runs ``astap_cli -f frame.fits -analyse 30 -extract 30`` (https://www.hnsky.org/astap.htm,
    "command line") on a temporary file. The number it prints is rounded to 0.1 pixel; the same
    median is taken here, unrounded, from its list of stars.

    ASTAP looks at 29 × 29 pixels around a star, and lists none wider than a diameter of 30. It
    refuses, and so lists no star, where the sky is darker than 8 ADU.

    Parameters
    ----------
    frame : Frame, or array of shape (n_y, n_x), ADU
        Of a mosaic the luminance is measured.
    min_stars : int
        Fewest stars that make a measurement.
    executable : str or path, optional
        The program; where left out, `astap_cli` or `astap` on the PATH or in its usual places.

    Returns
    -------
    Measurement
        `metric` is "hfd_astap:astap_cli"; what ASTAP does not list is NaN in the table of stars.

    Raises
    ------
    TooFewStars
        Fewer stars than `min_stars`.
    MeasurementError
        Not a frame that can be measured, or the program is not installed, fails, takes too long
        or answers what is no list of stars.
    """
    program = _program(executable)
    given = frame if isinstance(frame, Frame) else Frame(np.asarray(frame))
    if given.pixels.ndim != 2 or given.pixels.size == 0:
        raise MeasurementError(
            f"A frame has two dimensions and some pixels, this one is {given.pixels.shape}; "
            "give one plane of it."
        )
    with tempfile.TemporaryDirectory(prefix="focusbench-astap-") as folder:
        path = Path(folder) / "frame.fits"
        try:
            # Pixels alone: what a header says is none of the program's business here.
            write_frame(Frame(luminance(given).pixels), path)
        except FrameError as error:
            raise MeasurementError(f"ASTAP cannot be given this frame: {error}") from error
        listed = _run(program, path)
    n = len(listed)
    if n < max(1, min_stars):
        raise TooFewStars(n, max(1, min_stars))
    value, scatter, error_px = ensemble(listed[:, _COLUMNS.index("hfd_astap")])
    return Measurement(
        ASTAP_CLI_METRIC,
        ASTAP_CLI_DEFINITION,
        value,
        error_px,
        scatter,
        n,
        stars=_table(listed),
    )


def _program(executable: str | Path | None) -> str:
    """Full name of the program."""
    # Absolute, since the program is started in another folder.
    if executable is not None:
        found = shutil.which(executable)
        if found is None:
            raise MeasurementError(f"There is no program {executable}; give the path of astap_cli.")
        return str(Path(found).absolute())
    places = [place for place in _USUAL_PLACES if Path(place).is_absolute()]
    for name in _PROGRAMS:
        for place in (None, *places):
            if found := shutil.which(name, path=place):
                return str(Path(found).absolute())
    raise MeasurementError(
        "ASTAP is not installed: no astap_cli on the PATH. Install its command-line version from "
        "https://www.hnsky.org/astap.htm, or choose another metric."
    )


def _run(program: str, path: Path) -> NDArray[np.float64]:
    """Stars that ASTAP lists in a FITS file; columns as in `_COLUMNS`, x and y from 0."""
    snr = str(_LOWEST_SNR)
    try:
        done = subprocess.run(
            [program, "-f", str(path), "-analyse", snr, "-extract", snr],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=path.parent,
            timeout=_TIMEOUT_S,
            check=False,
            # No console window flashes up on Windows.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise MeasurementError(
            f"{program} did not finish within {_TIMEOUT_S:g} s and was ended."
        ) from None
    except OSError as error:
        raise MeasurementError(
            f"{program} cannot be started: {error.strerror or error}."
        ) from error
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    table = path.with_suffix(".csv")
    # On Windows the exit code carries the result and says nothing about success.
    if not table.is_file() or (os.name != "nt" and done.returncode != 0):
        raise MeasurementError(
            f"{program} failed (exit code {done.returncode}): {_complaint(path, said)}"
        )
    try:
        stars = _listed(table.read_text("utf-8", "replace"))
        counted = re.search(r"^STARS=(.*)$", said, re.MULTILINE)
        if counted and int(counted[1]) != len(stars):
            raise ValueError(f"it counts {counted[1].strip()} stars and lists {len(stars)}")
    except ValueError as error:
        raise MeasurementError(
            f"{program} answered what is no list of stars ({error}); is it ASTAP?"
        ) from error
    return stars


def _complaint(path: Path, said: str) -> str:
    """What ASTAP says went wrong: in its .ini file, else in the last line that it printed."""
    ini = path.with_suffix(".ini")
    text = ini.read_text("utf-8", "replace") if ini.is_file() else ""
    if wrong := re.search(r"^ERROR=(.+)$", text, re.MULTILINE):
        return wrong[1].strip()
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _listed(text: str) -> NDArray[np.float64]:
    """Rows of the CSV file: x, y, hfd, snr, flux, then perhaps ra, dec.

    The newest versions write decimal points everywhere; older ones follow the language of the
    computer, so that "12,5000,8,2500,3,1000,90,7000" is a row as well. snr and flux are integers.

    Raises
    ------
    ValueError
        Says what is no list of stars about it.
    """
    header, *rows = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if not header.startswith("x,y,hfd,snr,flux"):
        raise ValueError(f"it begins with {header[:40]!r}")
    stars = np.empty((len(rows), len(_COLUMNS)))
    for star, row in zip(stars, rows, strict=True):
        fields = row.split(",")
        if "." not in row and len(fields) >= 8:
            fields = [".".join(fields[k : k + 2]) for k in (0, 2, 4)] + fields[6:]
        if len(fields) < len(_COLUMNS):
            raise ValueError(f"a row is {row[:40]!r}")
        star[:] = [float(each) for each in fields[: len(_COLUMNS)]]
    if not np.isfinite(stars).all() or (stars[:, _COLUMNS.index("hfd_astap")] <= 0.0).any():
        raise ValueError("a star has no diameter")
    stars[:, :2] -= 1.0  # FITS counts pixels from 1
    return stars


def _table(listed: NDArray[np.float64]) -> NDArray[np.void]:
    """The table of stars, all of them used."""
    table = np.zeros(len(listed), STAR_FIELDS)
    for name in STAR_FIELDS.names or ():
        if name in _COLUMNS:
            table[name] = listed[:, _COLUMNS.index(name)]
        elif STAR_FIELDS[name].kind == "f":
            table[name] = np.nan
    table["used"] = True
    return table
