"""What can go wrong, as one tree of exceptions whose messages are written for people.

Never: decides what to do about an error, and never imports another room.
Imported by: every room.

::

    FocusbenchError
      OptionsError (also ValueError)     bad option or profile; names field, bound, what was given
      DeviceError                        .device names which one
        DeviceNotConnected
        DeviceTimeout (also TimeoutError)
        DeviceRefused
        FocuserTaken                     someone else moved the focuser; it is left alone
      FrameError                         a file or array that is no readable frame
      MeasurementError                   a frame that cannot be measured
        TooFewStars                      .n_stars, .needed; .stars has the reasons
      RunCancelled                       somebody pressed Cancel
      RunInProgress                      the rig is busy with another run
      PackageError                       a file or folder that is no AF package or foreign run
        PackageVersionError              written by a newer focusbench
        PackageDamaged                   a package whose contents contradict themselves
        NotInPackage                     what a replay asks for, and the saved run does not hold

An *exception* means that the caller cannot go on. What became of a run that did end is its
*outcome* (`focusbench.curve.Outcome`), not an exception.
"""

from typing import Any

__all__ = [
    "DeviceError",
    "DeviceNotConnected",
    "DeviceRefused",
    "DeviceTimeout",
    "FocusbenchError",
    "FocuserTaken",
    "FrameError",
    "MeasurementError",
    "NotInPackage",
    "OptionsError",
    "PackageDamaged",
    "PackageError",
    "PackageVersionError",
    "RunCancelled",
    "RunInProgress",
    "TooFewStars",
]


class FocusbenchError(Exception):
    """Any error that focusbench raises on purpose.

    Examples
    --------
    >>> import focusbench as fb
    >>> try:
    ...     fb.AutofocusOptions(data_points=2)
    ... except fb.FocusbenchError as error:
    ...     print(type(error).__name__)
    OptionsError
    """


class OptionsError(FocusbenchError, ValueError):
    """An option, or a file of options, that cannot be used.

    Parameters
    ----------
    message : str
        One sentence: the field, its bound, what was given, what to do.
    field : str, optional
        Name of the option, so that a form can show the sentence under it.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DeviceError(FocusbenchError):
    """A device did not do what it was asked.

    Parameters
    ----------
    device : str
        Which one, in the words of the rig ("focuser", "camera").
    message : str
        One sentence: what happened.
    """

    def __init__(self, device: str, message: str) -> None:
        super().__init__(message)
        self.device = device


class DeviceNotConnected(DeviceError):
    """The device is not there, or no longer there."""


class DeviceTimeout(DeviceError, TimeoutError):
    """The device did not answer, or did not finish, in time."""


class DeviceRefused(DeviceError):
    """The device answered that it will not do this."""


class FocuserTaken(DeviceError):
    """The focuser is at a position that nobody here commanded."""


class FrameError(FocusbenchError):
    """A file or array that is no readable frame."""


class MeasurementError(FocusbenchError):
    """A frame that cannot be measured."""


class TooFewStars(MeasurementError):
    """Fewer usable stars than the options ask for.

    Parameters
    ----------
    n_stars, needed : int
        Usable stars found, and the smallest number allowed.
    stars : structured array, optional
        Every object looked at, with the reason why it is not used.
    """

    def __init__(self, n_stars: int, needed: int, stars: Any = None) -> None:
        words = "1 star" if n_stars == 1 else f"{n_stars or 'no'} stars"
        super().__init__(f"{words}, {needed} needed")
        self.n_stars = n_stars
        self.needed = needed
        self.stars = stars


class RunCancelled(FocusbenchError):
    """The run was cancelled by a person."""


class RunInProgress(FocusbenchError):
    """The rig is already busy with a run."""


class PackageError(FocusbenchError):
    """A file or folder that cannot be opened as an AF package or a foreign run."""


class PackageVersionError(PackageError):
    """A package written by a newer focusbench than this one."""


class PackageDamaged(PackageError):
    """A package whose contents are broken or contradict each other."""


class NotInPackage(PackageError):
    """A saved run does not hold what a replay asks of it: a position, a longer exposure."""
