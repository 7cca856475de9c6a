"""AF packages: every run saved as it goes, and any run, ours or foreign, opened as xarray.

Never: changes a package by opening, re-fitting or replaying it.
Imported by: sequence, tuning, api; imports doctor, engine and below.
"""

from focusbench.af_packages.archive import zip_package
from focusbench.af_packages.common_stars import by_common_stars
from focusbench.af_packages.package import Format, FrameSequence, Package
from focusbench.af_packages.reader import open_package
from focusbench.af_packages.recorder import Keep, PackageRecorder

__all__ = [
    "Format",
    "FrameSequence",
    "Keep",
    "Package",
    "PackageRecorder",
    "by_common_stars",
    "open_package",
    "zip_package",
]
