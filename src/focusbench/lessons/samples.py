"""The sample packages, by name."""

import json

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


def true_focus(name: str) -> float:
    """Where best focus truly was in a sample package, steps, as its index tells."""
    paths = sample_packages()
    index = json.loads((paths[0].parent / "index.json").read_text(encoding="utf-8"))
    (entry,) = [one for one in index["packages"] if one["file"] == f"{name}.zip"]
    return float(entry["true_best_focus"])
