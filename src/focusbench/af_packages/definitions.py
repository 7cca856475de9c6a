"""What the names of metrics mean, for every place that stores or shows one."""

from focusbench.stars import METRICS

LABELS = {
    "hfr": "HFR",
    "hfr_mean_radius": "HFR, mean radius",
    "hfd": "HFD",
    "hfd_astap": "HFD",
    "fwhm": "FWHM",
}


def definition(metric: str) -> str:
    """What `metric` means when it was measured here."""
    return METRICS.get(metric, "As its source defines it.")


def label(metric: str) -> str:
    """What an axis calls it."""
    return LABELS.get(metric, metric)
