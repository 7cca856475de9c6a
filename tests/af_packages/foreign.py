"""Files as other programs write them, for tests: layouts and texts are theirs, numbers made up."""

import json
import math

import numpy as np

from focusbench.frames import Frame, write_frame

BEST = 24_901.0


def v(position, best=BEST, low=2.6, b=55.0):
    """HFR of a hyperbola."""
    return low * math.hypot(1.0, (position - best) / b)


# ------------------------------------------------------------------------------------- SGPro

FSQ106 = (
    (25013, 7.01, 12), (24988, 5.81, 21), (24963, 4.58, 26), (24938, 3.38, 51), (24913, 2.77, 71),
    (24888, 2.64, 75), (24863, 3.41, 46), (24838, 4.46, 26), (24813, 5.75, 19),
)  # fmt: skip
"""The one real run that was found whole: position, HFR, stars."""


class SgproLog:
    """Writes a log line by line, a second each."""

    def __init__(self, *, comma=False, stamp="{d:%m/%d/%Y} {h}:{d:%M:%S} {d:%p}"):
        from datetime import datetime, timedelta

        self._now = datetime(2017, 11, 10, 23, 48, 0)
        self._second = timedelta(seconds=1)
        self._stamp, self._comma = stamp, comma
        self.lines = ["***********", "S E Q U E N C E   G E N E R A T O R", "***********"]

    def say(self, *texts, seconds=1):
        for text in texts:
            self._now += self._second * seconds
            stamp = self._stamp.format(d=self._now, h=(self._now.hour - 1) % 12 + 1)
            self.lines.append(f"[{stamp}] [DEBUG] [AF Thread] {text}")
        return self

    def number(self, value):
        return f"{value}".replace(".", ",") if self._comma else f"{value}"

    def start(self, centre=24_913, step=25, n=9, filter="L"):
        return self.say(
            "Checking for auto focus...",
            "Auto focus required",
            "SGM_FOCUSER_AUTO_FOCUS message received...",
            f"Auto focus: setting filter {filter}",
            "Auto focus data",
            f"Data Points: {n}",
            f"Step Size: {step}",
            f"Current Position: {centre}",
        )

    def sample(self, position, hfr, stars, words="Auto focus HFR calculated at: ", moves=()):
        self.say(*(f"Focuser moving to {move}" for move in moves))
        return self.say(
            f"Focuser moving to {position}",
            "Taking auto focus frame(s)...",
            "AF Binning 2x2",
            f"AF Exposure length {self.number(8.0)}",
            f"Star list contains {stars}",
            f"{words}{self.number(hfr)}",
            seconds=3,
        )

    def finish(self, position, hfr, temperature=None, validation=None):
        at = "" if temperature is None else f" (@{self.number(temperature)}C)"
        self.say(f"New focus position is at {position}{at}. ", f"Focuser moving to {position}")
        if validation is not None:
            self.say("Taking validation frame at focus position...")
            self.say(
                "Star list contains 70", f"Auto focus HFR calculated at: {self.number(validation)}"
            )
        return self.say(
            f"Auto focus is complete ({position}; HFR {self.number(hfr)})...",
            "SGM_FOCUSER_AUTO_FOCUS message complete...",
        )

    def text(self):
        return "\r\n".join(self.lines) + "\r\n"


def sgpro_frame(position, taken_s, *, header_position=None, best=600.0, exposure_s=3.0, **header):
    """A frame as SGPro writes it: its creator, local time, and FOCPOS where it was told."""
    from datetime import UTC, datetime, timedelta

    sigma = math.hypot(1.6, 0.12 * (position - best))
    y, x = np.mgrid[:96, :128]
    rng = np.random.default_rng(int(position) % 997)
    pixels = 500 + rng.normal(0, 3, y.shape)
    for cx, cy in [(26, 26), (66, 28), (104, 25), (24, 70), (65, 71), (103, 69)]:
        pixels += (
            60_000
            / (2 * np.pi * sigma**2)
            * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 2 / sigma**2)
        )
    local = datetime.fromtimestamp(taken_s - exposure_s / 2, UTC) + timedelta(hours=1)
    told = {
        "CREATOR": "Sequence Generator Pro v4.2.0.1024",
        "INSTRUME": "QHY268M",
        "DATE-LOC": local.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        "FWHEEL": "EFW",
        "FOCUSER": "Moonlite",
    }
    return Frame(
        np.clip(pixels, 0, 65_535).astype(np.uint16),
        exposure_s=exposure_s,
        position=header_position,
        filter="L",
        time_s=taken_s,
        header=told | header,
    )


def sgpro_pack(folder, positions, started_s=1.7e9, every_s=20.0, name="AF_{i:02d}.fit", **frame):
    """A pack: one frame for each position."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, position in enumerate(positions):
        told = {"header_position": position, **frame}
        write_frame(
            sgpro_frame(position, started_s + every_s * i, **told),
            folder / name.format(i=i, position=position),
        )
    return folder


# -------------------------------------------------------------------------------- Hocus Focus


def hocus_report(positions, **more):
    return {
        "Version": 2,
        "Filter": "Lum",
        "AutoFocuserName": "Hocus Focus",
        "StarDetectorName": "Hocus Focus",
        "Timestamp": "2026-03-01T21:30:00.1234567+01:00",
        "Temperature": 4.25,
        "Method": "STARHFR",
        "Fitting": "HYPERBOLIC",
        "InitialFocusPoint": {"Position": 24_913.0, "Value": "NaN", "Error": 0.0},
        "CalculatedFocusPoint": {"Position": 24_901.0, "Value": 2.6, "Error": 0.0},
        "PreviousFocusPoint": {"Position": 24_901.0, "Value": 2.6, "Error": 0.0},
        "MeasurePoints": [
            {"Position": float(p), "Value": v(p), "Error": 0.3} for p in sorted(positions)
        ],
        "Intersections": {"HyperbolicMinimum": {"Position": 24_901.0, "Value": 2.6, "Error": 0.0}},
        "BacklashCompensation": {
            "BacklashCompensationModel": "OVERSHOOT",
            "BacklashIN": 0,
            "BacklashOUT": 60,
        },
        "Duration": "00:04:00.0000000",
        "FinalHFR": 2.65,
        "HyperbolicMinimumStdError": 1.5,
        "Region": None,
        "HocusFocusStarDetectionOptions": {},
        "FocuserOptions": {
            "AutoFocusStepSize": 25,
            "AutoFocusExposureTime": 8.0,
            "AutoFocusNumberOfFramesPerPoint": 1,
            "BacklashIn": 0,
            "BacklashOut": 60,
            "FocuserSettleTime": 2,
        },
        **more,
    }


def hocus_result(position, n_stars=40, hfr=None):
    """What Hocus Focus detected in one frame."""
    value = v(position) if hfr is None else hfr
    rng = np.random.default_rng(int(position))
    stars = [
        {
            "HFR": value + 0.2 * rng.normal(),
            "Position": {"X": float(10 * i), "Y": float(7 * i)},
            "AverageBrightness": 900.0,
            "MaxBrightness": 4000.0,
            "Background": 500.0,
            "PSF": None,
        }
        for i in range(n_stars)
    ]
    return {
        "StarList": stars,
        "AverageHFR": value if n_stars else "NaN",
        "HFRStdDev": 0.2,
        "DetectedStars": n_stars,
        "Metrics": {"TotalDetected": n_stars},
        "FocuserPosition": position,
        "PixelSize": 3.76,
    }


def hocus_attempt(folder, positions, *, results=True, report=True, final=None, frames=False):
    """`AutoFocus_…` with one attempt, taken in the order of `positions`."""
    attempt = folder / "attempt01"
    attempt.mkdir(parents=True)
    for i, position in enumerate(positions):
        name = f"{i:02d}_Frame00_BitDepth16_Bayered0_Focuser{position}"
        if frames:
            frame = sgpro_frame(600 + (position - BEST) / 3, 1.7e9 + i)
            write_frame(frame, attempt / f"{name}.fits")
        else:
            (attempt / f"{name}.tif").write_bytes(b"II*\0")
        if results:
            result = attempt / f"{i:02d}_Frame00_Region00_star_detection_result.json"
            result.write_text(json.dumps(hocus_result(position)))
    if report:
        text = json.dumps(hocus_report(positions))
        (attempt / "autofocus_report_Region0.json").write_text(text)
    if final is not None:
        (folder / "final").mkdir()
        name = f"00_Frame00_BitDepth16_Bayered0_Focuser{final}.tif"
        (folder / "final" / name).write_bytes(b"II*\0")
        (folder / "final" / "00_Frame00_Region00_star_detection_result.json").write_text(
            json.dumps(hocus_result(final))
        )
    return attempt


# --------------------------------------------------------------------------------------- Ekos


def ekos_samples(positions, *, weights=True, outliers=()):
    """Samples as Ekos writes them into .analyze."""
    words = []
    for position in positions:
        words += [f"{position}", f"{v(position):.3f}"]
        if weights:
            words += [f"{1 / 0.25**2:.5f}", "1" if position in outliers else "0"]
    return "|".join(words)


def ekos_curve(minimum=BEST):
    """A serialized curve; only its coefficients matter."""
    return f"1|2;1;2|2;3;4|2;1;1|T||4;50.0;2.5;{minimum};0.1|3|4;1;1;1;1"
