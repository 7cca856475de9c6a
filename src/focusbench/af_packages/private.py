"""What a package leaves out when it is made to be shared: who and where.

Site coordinates and observers of headers, and the folders of the computer in any text.
"""

import re
from collections.abc import Mapping
from typing import Any

KEPT_KEYWORDS = (
    "GAIN", "EGAIN", "OFFSET", "INSTRUME", "BAYERPAT", "XBAYROFF", "YBAYROFF", "XPIXSZ", "YPIXSZ",
    "FOCALLEN", "APTDIA", "CCD-TEMP", "IMAGETYP", "SATURATE", "DATAMAX", "MAXLIN", "ISO",
    "ISOSPEED", "CREATOR", "SWCREATE",
)  # fmt: skip
"""Keywords of a header that say nothing of the person or the place."""

_SITE = re.compile(
    r"^(site|observ|owner|obsgeo)"
    r"|(^|[_-])(lat|latitude|lon|long|longitude|elev|elevation|altitude_m)($|[_-])",
    re.I,
)
_HOME = re.compile(r"(?:[A-Za-z]:)?[\\/]+(?:home|Users|Documents and Settings)[\\/]+[^\\/:\"]+")
_FOLDERS = re.compile(
    r"(?:(?<![A-Za-z])[A-Za-z]:[\\/]+|(?<![\w.~:/])/(?=\w))(?:[^\\/:*?\"<>|\n]+[\\/]+)+"
)


def without_folders(text: str) -> str:
    """A text in which paths are left with their last part; a home folder becomes ~.

    Examples
    --------
    >>> without_folders("Cannot read /data/astro/dark 3.fits: it is torn.")
    'Cannot read dark 3.fits: it is torn.'
    """
    return _FOLDERS.sub("", _HOME.sub("~", text))


def private(value: Any) -> Any:
    """A JSON value without sites, observers and folders."""
    if isinstance(value, Mapping):
        return {name: private(item) for name, item in value.items() if not _SITE.search(str(name))}
    if isinstance(value, list | tuple):
        return [private(item) for item in value]
    return without_folders(value) if isinstance(value, str) else value
