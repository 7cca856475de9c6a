"""A package: any run that was opened, ours or foreign, with the same attributes."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import manifest, own, stars_table
from focusbench.af_packages.tree import Tree
from focusbench.curve import BestFocus, FocusPoint, Rejected, find_best_focus
from focusbench.engine import Event, RunRecord
from focusbench.errors import OptionsError, PackageDamaged
from focusbench.frames import Frame, read_frame
from focusbench.options import AutofocusOptions, options_from_dict

if TYPE_CHECKING:
    import xarray

Format = Literal[
    "focusbench", "N.I.N.A.", "Hocus Focus", "Ekos", "SGPro", "SGPro log viewer", "CSV", "frames"
]


@dataclass(frozen=True)
class Origin:
    """Where an imported run came from.

    Attributes
    ----------
    file : str
        Name of the file or folder, without the folders around it.
    sha256 : str
        Of its contents; of a folder or zip of frames, of the frames' contents by their names.
    run : int or None
        Which run of it.
    imported_by : str
        The program and its version.
    """

    file: str
    sha256: str
    run: int | None = None
    imported_by: str = ""


class FrameSequence(Sequence[Frame]):
    """The frames of a package in the order taken, each read when it is asked for."""

    def __init__(self, tree: Tree | None, names: tuple[str, ...]) -> None:
        self._tree = tree
        self.names = names

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> "FrameSequence": ...
    def __getitem__(self, index: int | slice) -> "Frame | FrameSequence":
        if isinstance(index, slice):
            return FrameSequence(self._tree, self.names[index])
        return read_member(self._tree, self.names[index])

    def __iter__(self) -> Iterator[Frame]:
        return (read_member(self._tree, name) for name in self.names)


@dataclass(frozen=True, eq=False)
class Package:
    """A run that was opened. Nothing here ever changes the file.

    Attributes
    ----------
    source : Path
        What was opened.
    format : {"focusbench", "N.I.N.A.", "Hocus Focus", "Ekos", "SGPro", "SGPro log viewer", "CSV", \
"frames"}
        Who wrote it; an imported run keeps that of its source.
    focus_points : tuple of FocusPoint
        In the order taken, or in that of the file where `time_ordered` is False.
    metric, definition : str
        The deciding metric, and what its name means here.
    time_ordered : bool
        Whether the points stand in the order taken.
    step_size : float or None, steps
        As the options say; the median gap of a foreign run's positions.
    filter : str or None
    started_s : float or None, seconds
        Unix time of the start.
    record : RunRecord or None
        The whole run; None for a foreign one.
    notes : tuple of str
        What a person should know of how it was read.
    run : int or None
        Which run of a file that holds several, from 0.
    origin : Origin or None
        Where an imported run came from; None where it was opened there, or made by us.
    unknown : tuple of str
        What the source does not tell, in words ("the order in which the points were taken").
    settings : mapping
        What the source tells of how the run was asked for (`exposure_s`, `backlash_in` …).
    found : mapping of str to float, steps
        Best focus as the program that made the run found it, by the name of its method.
    rig : str or None
        What tells one rig of a folder from another: a camera, or a profile's name.

    Examples
    --------
    >>> import focusbench as fb
    >>> package = fb.open_package(fb.sample_packages()[0])
    >>> isinstance(package, fb.Package), package.format, package.points.hfr.dims
    (True, 'focusbench', ('point',))
    """

    source: Path
    format: Format
    focus_points: tuple[FocusPoint, ...]
    metric: str
    definition: str
    time_ordered: bool
    step_size: float | None = None
    filter: str | None = None
    started_s: float | None = None
    record: RunRecord | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    run: int | None = None
    origin: "Origin | None" = None
    unknown: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)
    found: Mapping[str, float] = field(default_factory=dict, repr=False)
    rig: str | None = None
    _tree: Tree | None = field(default=None, repr=False)
    _frame_names: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    _measured_stars: NDArray[np.void] | None = field(default=None, repr=False)
    _decided: BestFocus | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        outcome = f", {self.record.outcome}" if self.record else ""
        return (
            f"<Package {self.name} ({self.format}): {len(self.focus_points)} points of "
            f"{self.metric}{outcome}>"
        )

    @property
    def name(self) -> str:
        """Name of the file or folder; with the number of the run where it holds several."""
        return self.source.name if self.run is None else f"{self.source.name}#{self.run}"

    @property
    def path(self) -> Path | None:
        """The AF package; None where the run is a foreign one that was not imported."""
        return self.source if self.format == "focusbench" or self.origin else None

    @property
    def options(self) -> AutofocusOptions | None:
        """What the run was asked to do; None where it is a foreign one."""
        return self.record.options if self.record else None

    @property
    def frames(self) -> FrameSequence:
        """The frames, each read when it is asked for; empty where none were kept."""
        names = (name for names in self._frame_names for name in names)
        return FrameSequence(self._tree, tuple(names))

    def frames_of(self, index: int) -> FrameSequence:
        """The frames averaged at one of `focus_points`; empty where none were kept."""
        return FrameSequence(
            self._tree, self._frame_names[index] if index < len(self._frame_names) else ()
        )

    def stars_of(self, index: int, frame: int = 0) -> NDArray[np.void]:
        """Stars of one frame of one of `focus_points`, columns as `stars`; may be empty."""
        point = self.focus_points[index]
        number = stars_table.VALIDATION
        if point.role != "validation":
            number = sum(
                before.sweep == point.sweep and before.role != "validation"
                for before in self.focus_points[:index]
            )
        table = self.stars
        mine = (table["sweep"] == point.sweep) & (table["point"] == number)
        found: NDArray[np.void] = table[mine & (table["frame"] == frame)]
        return found

    @cached_property
    def stars(self) -> NDArray[np.void]:
        """Every star of every frame: structured array, shape (n_stars,).

        Columns `sweep`, `point` and `frame`, then those of `focusbench.stars.STAR_FIELDS`.
        """
        if self._measured_stars is not None:
            return self._measured_stars
        if self._tree is None or manifest.STARS not in self._tree.names():
            return np.zeros(0, stars_table.FIELDS)
        try:
            return stars_table.read(self._tree.read(manifest.STARS).decode("utf-8"))
        except ValueError as error:
            raise PackageDamaged(
                f"{self.source / manifest.STARS} is damaged ({error}); delete it, and the "
                "package opens without stars."
            ) from error

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What happened, in order; empty where it is a foreign run."""
        if self._tree is None or self.format != "focusbench":
            return ()
        return tuple(event for event, _ in own.read_events(self._tree))

    def sweep(self) -> tuple[int, ...]:
        """Which points one curve is fitted to: those of the last sweep with enough of them.

        Returns
        -------
        tuple of int
            Indices into `focus_points`; the validation point is never among them.
        """
        sweeps: dict[int, list[int]] = {}
        for i, point in enumerate(self.focus_points):
            if point.role != "validation":
                sweeps.setdefault(point.sweep, []).append(i)
        for number in sorted(sweeps, reverse=True):
            if sum(self.focus_points[i].counts for i in sweeps[number]) >= 3:
                return tuple(sweeps[number])
        return tuple(sweeps[max(sweeps)]) if sweeps else ()

    def best(self, curve: str | None = None, metric: str | None = None) -> BestFocus:
        """Fit the points again and decide by the rules of the run; the package stays as it is.

        Parameters
        ----------
        curve : str, optional
            Which curve decides: auto, two_lines, parabola or hyperbola; that of the run where not
            given, `auto` for a foreign one.
        metric : str, optional
            Another metric of the same frames; the deciding one where not given.

        Raises
        ------
        OptionsError
            No such curve or metric; the message lists those there are.
        """
        options = self.options or options_from_dict({})
        return find_best_focus(
            [self._as_measured(i, metric or self.metric) for i in self.sweep()],
            curve=curve or options.curve,
            min_quality=options.min_quality,
            zone_tolerance=options.zone_tolerance,
            step_size=self.step_size,
            time_ordered=self.time_ordered,
            rig=self.record.rig_shape if self.record else None,
            veto=options.veto,
        )

    @cached_property
    def decided(self) -> BestFocus:
        """What the run decided; for a foreign or interrupted run, what `best()` says."""
        decided = self.record.best if self.record else self._decided
        return decided or self.best()

    @cached_property
    def points(self) -> "xarray.Dataset":
        """The run as a Dataset on `point` and `curve`; the schema is `af_packages.schema`."""
        from focusbench.af_packages.schema import to_dataset

        return to_dataset(self)

    def _as_measured(self, index: int, metric: str) -> FocusPoint:
        """Return a point as it was before any fit, with `metric` deciding."""
        point = self.focus_points[index]
        rejected = point.rejected & ~(Rejected.OUTLIER | Rejected.LAG)
        if rejected != point.rejected:
            point = dataclasses.replace(point, rejected=rejected, reason="")
        if metric == self.metric:
            return point
        names = sorted({name for p in self.focus_points for name in p.others})
        if metric not in names:
            raise OptionsError(
                f"{self.source} has no metric {metric!r}; "
                f"it has {', '.join([self.metric, *names])}.",
                "metric",
            )
        value = point.others.get(metric, float("nan"))
        if not np.isfinite(value):
            rejected |= Rejected.FEW_STARS
        return dataclasses.replace(point, metric=value, error=None, scatter=None, rejected=rejected)


def read_member(tree: Tree | None, name: str, *, in_place: bool = False) -> Frame:
    """Read one frame of a tree; it is known by its name, from a zip as well."""
    assert tree is not None
    return read_frame(tree.frame(name), name, in_place=in_place)
