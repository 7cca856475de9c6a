"""Light frames of a rig: taken, measured, and saved so that a crash loses none."""

import contextlib
import dataclasses
import logging
import re
from collections.abc import Callable
from pathlib import Path

from focusbench.devices import Rig, Stop, wait_until
from focusbench.engine import Activity, measure_sample
from focusbench.errors import DeviceError
from focusbench.frames import Frame, write_frame
from focusbench.options import AutofocusOptions
from focusbench.sequence.lasting import LIGHTS, finish_file, lasting
from focusbench.sequence.plan import Row, Sequence
from focusbench.triggers import LightFrame

logger = logging.getLogger(__name__)

READOUT_TIMEOUT_S = 120.0
"""How long a camera may take to deliver a frame after its exposure."""


class RigLights:
    """Takes the light frames of a night.

    Parameters
    ----------
    rig : Rig
        The frame is taken as camera and focuser stand; nothing is moved.
    folder : path or None
        Where frames are saved; None saves none.
    tell : callable
        Told what the rig is doing.
    """

    def __init__(self, rig: Rig, folder: Path | None, tell: Callable[[Activity], None]) -> None:
        self._rig = rig
        self._folder = folder
        self._tell = tell

    def take(self, sequence: Sequence, row: Row, number: int, stop: Stop) -> LightFrame:
        """Take a frame, measure it, and save it as a file that is not finished yet."""
        began_s = self._rig.clock.now()
        taken = self._expose(row, stop)
        middle_s = began_s + row.frames.exposure_s / 2
        taken = dataclasses.replace(taken, time_s=middle_s)
        airmass, west = sequence.sky_place(row.target, middle_s)
        light = LightFrame(
            kind=row.kind_with(taken.filter),
            time_s=middle_s,
            number=number,
            temperature_c=taken.temperature_c,
            position=None if taken.position is None else int(taken.position),
            airmass=airmass,
            west=west,
        )
        light = self._measured(light, taken, sequence.autofocus_for(row.target))
        if self._folder is None:
            return light
        light = dataclasses.replace(light, file=f"{LIGHTS}/{file_name(light)}")
        header = {**taken.header, "OBJECT": row.target.name, "IMAGETYP": "LIGHT"}
        if airmass is not None:
            header["AIRMASS"] = round(airmass, 4)
        with lasting(self._folder / light.file) as unfinished:
            write_frame(dataclasses.replace(taken, header=header), unfinished)
        return light

    def keep(self, light: LightFrame) -> None:
        """Give the file its name: the journal has it now."""
        if self._folder is not None and light.file:
            finish_file(self._folder / light.file)

    def _expose(self, row: Row, stop: Stop) -> Frame:
        rig, asked, now = self._rig, row.frames, self._rig.clock.now
        rig.camera.start_exposure(asked.exposure_s, binning=asked.binning)
        self._tell(Activity("exposing", None, now(), asked.exposure_s))
        try:
            wait_until(
                rig.camera.image_ready,
                rig.clock,
                stop=stop,
                timeout_s=asked.exposure_s + READOUT_TIMEOUT_S,
                device="camera",
                doing="did not deliver its frame",
            )
            self._tell(Activity("reading", None, now()))
            frame = rig.camera.read_image()
        except BaseException:
            with contextlib.suppress(Exception):
                rig.camera.abort()
            raise
        finally:
            self._tell(Activity(since_s=now()))
        return dataclasses.replace(
            frame,
            exposure_s=asked.exposure_s,
            binning=asked.binning,
            position=rig.focuser.position(),
            filter=rig.filter(),
            temperature_c=quiet_temperature_c(rig),
        )

    def _measured(self, light: LightFrame, taken: Frame, options: AutofocusOptions) -> LightFrame:
        """Measure the stars of a frame; one that cannot be measured is a frame all the same."""
        self._tell(Activity("measuring", None, self._rig.clock.now()))
        try:
            whole = options.replace(metric="hfr", crop_percent=0.0)
            point = measure_sample(taken, taken.position or 0.0, whole).point
        except Exception:
            logger.warning("A light frame could not be measured", exc_info=True)
            return light
        finally:
            self._tell(Activity(since_s=self._rig.clock.now()))
        if point.rejected:
            return dataclasses.replace(light, n_stars=point.n_stars)
        binning = light.kind.binning
        return dataclasses.replace(
            light,
            hfr=point.metric * binning,
            hfr_error=None if point.error is None else point.error * binning,
            n_stars=point.n_stars,
        )


def quiet_temperature_c(rig: Rig) -> float | None:
    """Temperature now; a sensor that fails costs the temperature, not the night."""
    try:
        return rig.temperature_c()
    except DeviceError:
        logger.info("The temperature is not known", exc_info=True)
        return None


def file_name(light: LightFrame) -> str:
    """Name of a frame's file: M-31_Ha_300s_0012.fits."""
    kind = light.kind
    parts = [kind.target, kind.filter or "", f"{kind.exposure_s:g}s", f"{light.number:04d}"]
    # Targets and filters are named by people: only what every file system takes is kept.
    clean = [re.sub(r"[^A-Za-z0-9.+-]+", "-", part).strip("-.") for part in parts]
    return "_".join(part for part in clean if part) + ".fits"
