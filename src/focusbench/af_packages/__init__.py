"""AF packages: every run saved as it goes, and any run, ours or foreign, opened as xarray.

Never: changes a package by opening, re-fitting or replaying it.
Imported by: sequence, tuning, api; imports doctor, engine and below.
"""

from focusbench.af_packages.archive import zip_package
from focusbench.af_packages.codec import decode, encode, parse
from focusbench.af_packages.common_stars import by_common_stars
from focusbench.af_packages.definitions import label as metric_label
from focusbench.af_packages.gathering import Runs, gather_packages
from focusbench.af_packages.importing import ImportedRun, ImportedRuns, import_runs
from focusbench.af_packages.many import ListedRuns, Progress, list_runs, open_packages
from focusbench.af_packages.package import Format, FrameSequence, Origin, Package
from focusbench.af_packages.reader import open_package, read_runs
from focusbench.af_packages.recorder import PackageRecorder
from focusbench.af_packages.remeasuring import Settings, measured_anew, remeasure
from focusbench.af_packages.stamps import Keep

__all__ = [
    "Format",
    "FrameSequence",
    "ImportedRun",
    "ImportedRuns",
    "Keep",
    "ListedRuns",
    "Origin",
    "Package",
    "PackageRecorder",
    "Progress",
    "Runs",
    "Settings",
    "by_common_stars",
    "decode",
    "encode",
    "gather_packages",
    "import_runs",
    "list_runs",
    "measured_anew",
    "metric_label",
    "open_package",
    "open_packages",
    "parse",
    "read_runs",
    "remeasure",
    "zip_package",
]
