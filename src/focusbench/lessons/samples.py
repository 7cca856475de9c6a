"""The sample packages, by name."""

from focusbench.af_packages import Package
from focusbench.api import open_package, sample_packages


def sample(name: str) -> Package:
    """Open one of the sample packages.

    Parameters
    ----------
    name : str
        As its file, without suffix: "good", "backlash" …

    Raises
    ------
    ValueError
        There is none of that name; the message has those there are.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.sample("good").name
    'good.zip'
    """
    paths = {path.stem: path for path in sample_packages()}
    if name not in paths:
        raise ValueError(f"No sample package is called {name!r}; there are {', '.join(paths)}.")
    return open_package(paths[name])
