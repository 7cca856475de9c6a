"""The options a saved run was made with, and what of other options it can answer for."""

from dataclasses import dataclass

from focusbench.af_packages import Package
from focusbench.errors import NotInPackage, OptionsError
from focusbench.options import AutofocusOptions
from focusbench.stars import METRICS

_MEASURED = ("metric", "min_star_diameter_px", "crop_percent", "dark_folder", "min_stars")
_UNLIKE = {"gain": "gain", "fast_download": "read-out mode"}
_AS_TAKEN = {"backlash": "Backlash", "final_move": "The direction of the final move"}


@dataclass(frozen=True)
class Retake:
    """How the frames of a package are to be measured, where not as they were.

    Attributes
    ----------
    options : AutofocusOptions
        What is measured, and the fewest stars.
    binning : int
        By how much the pixels are binned on top of what the camera did.
    exposure_share : float
        Of the photons that are kept, 0 to 1.
    n_frames : int
        How many of the frames at a position are averaged.
    star_share : float
        Of the stars that are kept, 0 to 1.
    seed : int
        Of the draws of photons and stars.
    changed : tuple of str
        Options that change what a frame reads.
    """

    options: AutofocusOptions
    binning: int = 1
    exposure_share: float = 1.0
    n_frames: int = 1
    star_share: float = 1.0
    seed: int = 0
    changed: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Alike for two that measure a frame alike."""
        options = self.options
        drawn = self.exposure_share < 1 or self.star_share < 1
        return (
            *(getattr(options, name) for name in _MEASURED),
            self.binning,
            self.exposure_share,
            self.n_frames,
            self.star_share,
            self.seed if drawn else 0,
        )


def options_of(package: Package) -> AutofocusOptions:
    """The options of a saved run; of a foreign one, what is known of them, else the defaults."""
    if package.options is not None:
        return package.options
    sweep = [package.focus_points[i] for i in package.sweep()]
    changes: dict[str, object] = {
        "data_points": min(max(len({round(p.position) for p in sweep}), 3), 99),
        # Whoever made the run has used these points.
        "min_stars": 1,
        # Its points are all there are.
        "smart_focus": False,
        "validation_frame": any(p.role == "validation" for p in package.focus_points),
    }
    if package.metric in METRICS:
        changes["metric"] = package.metric
    if package.step_size is not None and round(package.step_size) >= 1:
        changes["step_size"] = round(package.step_size)
    exposure_s = package.settings.get("exposure_s")
    if isinstance(exposure_s, int | float) and 0 < exposure_s <= 3600:
        changes["exposure_s"] = float(exposure_s)
    return AutofocusOptions().replace(**changes)


def centre_of(package: Package) -> int:
    """Position around which the first sweep of a run was laid, steps."""
    positions, own = positions_of(package), package.options
    if not positions:
        raise NotInPackage(f"{package.name} holds no points to replay.")
    if own is not None:
        first = round(package.focus_points[0].position)
        return first - (own.data_points // 2) * own.step_size
    return positions[len(positions) // 2]


def positions_of(package: Package) -> tuple[int, ...]:
    """Positions that a run sampled, whole steps, outermost first; without its validation."""
    points = [p for p in package.focus_points if p.role != "validation"]
    return tuple(sorted({round(p.position) for p in points}, reverse=True))


def retake(
    package: Package,
    options: AutofocusOptions,
    *,
    star_share: float = 1.0,
    seed: int = 0,
) -> tuple[Retake, tuple[str, ...]]:
    """What options ask of the frames of a package, compared with its own.

    Returns
    -------
    Retake
    tuple of str
        What a person should know: options that a replay cannot follow.

    Raises
    ------
    NotInPackage
        A longer exposure, finer pixels, more frames a point, another gain or filter than the run
        was taken with; the message says which.
    OptionsError
        A share of the stars out of bounds.
    """
    own = options_of(package)
    unlike = [
        word
        for name, word in _UNLIKE.items()
        if package.options is not None and getattr(options, name) != getattr(own, name)
    ]
    if unlike:
        raise NotInPackage(
            f"{package.name} was taken with another {unlike[0]}; only a new run shows what that "
            "changes."
        )
    if options.focus_filter not in (None, own.focus_filter, package.filter):
        raise NotInPackage(
            f"{package.name} was taken through {package.filter or 'no filter'}, not "
            f"{options.focus_filter}."
        )
    if not 0 < star_share <= 1:
        raise OptionsError(f"star_share is above 0 and up to 1; got {star_share!r}.", "star_share")
    share = _exposure_share(package, own, options)
    if options.binning % own.binning:
        raise NotInPackage(
            f"{package.name} was taken at {own.binning}×{own.binning}; pixels of "
            f"{options.binning}×{options.binning} cannot be made of it."
        )
    if options.frames_per_point > own.frames_per_point:
        raise NotInPackage(
            f"{package.name} has {own.frames_per_point} frame(s) a point, not "
            f"{options.frames_per_point}."
        )
    changed = [name for name in _MEASURED if getattr(options, name) != getattr(own, name)]
    changed += ["exposure_s"] if share < 1 else []
    changed += [
        n for n in ("binning", "frames_per_point") if getattr(options, n) != getattr(own, n)
    ]
    changed += ["star_share"] if star_share < 1 else []
    notes = tuple(
        f"{words} is as it was when the frames were taken."
        for name, words in _AS_TAKEN.items()
        if package.options is not None and getattr(options, name) != getattr(own, name)
    )
    asked = Retake(
        options=options,
        binning=options.binning // own.binning,
        exposure_share=share,
        n_frames=options.frames_per_point,
        star_share=star_share,
        seed=seed,
        changed=tuple(changed),
    )
    return asked, notes


def _exposure_share(package: Package, own: AutofocusOptions, options: AutofocusOptions) -> float:
    """Exposure asked for, as a share of that of the frames."""
    taken_s, asked_s = own.exposure_for(package.filter), options.exposure_for(package.filter)
    known = package.options is not None or "exposure_s" in package.settings
    if not known:
        if asked_s != taken_s:
            raise NotInPackage(f"{package.name} does not tell its exposure.")
        return 1.0
    if asked_s > taken_s * (1 + 1e-9):
        raise NotInPackage(
            f"{package.name} was exposed {taken_s:g} s; frames of {asked_s:g} s cannot be made of "
            "it."
        )
    return min(asked_s / taken_s, 1.0)
