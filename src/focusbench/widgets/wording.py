"""Numbers as people read them: plain digits, true minus, the precision of the error."""

from datetime import datetime
from html import escape as _escape

from focusbench.options import AutofocusOptions, option_specs

_METRICS = next(dict(s.choices) for s in option_specs(AutofocusOptions) if s.name == "metric")


def escape(text: object) -> str:
    """Make text from a file or a device safe inside a page."""
    return _escape(str(text))


def position(steps: float) -> str:
    """A focuser position: plain digits, so that it can be copied, typed and searched."""
    return f"{steps:.0f}"


def plus_minus(steps: float) -> str:
    """An error in steps: whole, but for errors below one step."""
    return f"± {steps:.0f}" if round(steps, 1) >= 1 else f"± {steps:.1f}"


def percent(value: float) -> str:
    """A signed deviation in whole percent."""
    return f"{value:+.0f} %".replace("-", "−")


def duration(seconds: float) -> str:
    """A length of time: "54 s", "1 min 04 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, left = divmod(whole, 60)
    return f"{minutes} min {left:02d} s" if left else f"{minutes} min"


def about(seconds: float, *, to: int = 10) -> str:
    """A forecast: whole seconds below a minute, rounded to `to` seconds above."""
    return duration(seconds) if seconds < 60 else duration(to * round(seconds / to))


def clock(time_s: float) -> str:
    """A time of day where the computer stands, from a Unix time: "23:41:05"."""
    return datetime.fromtimestamp(time_s).astimezone().strftime("%H:%M:%S")


def count(n: int, noun: str) -> str:
    """Some of a thing: "1 point", "4 points"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def metric_name(options: AutofocusOptions | None) -> str:
    """What a run measures, as its form names it: "HFR"."""
    return "HFR" if options is None else str(_METRICS[options.metric])
