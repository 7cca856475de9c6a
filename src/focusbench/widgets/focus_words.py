"""What the focus module says: pure functions of the rig's state, the frame and the last focus."""

from dataclasses import dataclass, field

from focusbench.engine import Activity, RunRecord
from focusbench.frames import Frame
from focusbench.widgets.look import Look
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.star_boxes import METRIC_WORDS, left_out, quantity, stars_in_words
from focusbench.widgets.wording import clock, escape, plus_minus, position

RUNNING = "Auto focus is running: the focuser and the camera are its own."
"""Why a button cannot be used meanwhile."""


@dataclass(frozen=True)
class RigState:
    """What the module knows of the rig, apart from frames.

    Attributes
    ----------
    running : bool
        Auto focus is going on.
    busy, looping : bool
        A move or a frame is going on by hand; frame after frame is taken.
    activity : Activity
    n_frames : int
        Frames of this loop so far.
    position, target : int or None, steps
        Where the focuser is and where it is going; None where that is not known, or nowhere.
    limits : (int, int), steps
    temperature_c : float or None, °C
    filter : str or None
    now_s : float, seconds
        Unix time on the rig's clock.
    exposure_s : float, seconds
        Of the next frame.
    trouble : str
        Why the last button did nothing, or what broke.
    lost_contact : str
        Why the focuser does not answer; empty where it does.
    """

    running: bool = False
    busy: bool = False
    looping: bool = False
    activity: Activity = field(default_factory=Activity)
    n_frames: int = 0
    position: int | None = None
    target: int | None = None
    limits: tuple[int, int] = (0, 0)
    temperature_c: float | None = None
    filter: str | None = None
    now_s: float = 0.0
    exposure_s: float = 0.0
    trouble: str = ""
    lost_contact: str = ""


def say_focus(state: RigState, look: Look | None, measuring: bool) -> SayLine:
    """Say what is going on by hand, or what the frame shows."""
    if state.running:
        return SayLine(
            "",
            "Auto focus is running.",
            "Its frames are shown as they come. "
            "The focuser is its own until it has ended; Cancel is in its panel.",
            busy=True,
        )
    if state.busy:
        return _say_busy(state, look)
    if state.trouble:
        return SayLine("✕", "That did not work.", state.trouble)
    if state.lost_contact:
        return SayLine("✕", "The focuser does not answer.", state.lost_contact)
    if look is None:
        if measuring:
            return SayLine("", "Measuring.", "The star measurement may have to be compiled once.")
        at = "" if state.position is None else f" at {state.position}"
        return SayLine("", "No frame yet.", f"Take frame exposes {_s(state.exposure_s)}{at}.")
    return say_look(look)


def say_look(look: Look) -> SayLine:
    """Say what a frame reads, and whether to believe it."""
    stars = stars_in_words(look.stars)
    if look.value is None:
        why = f"Left out: {left_out(look.stars)}." if len(look.stars) else ""
        return SayLine("!", look.trouble, why or "Nothing stands out of the sky: expose longer?")
    first = f"{name_of(look)} {look.value:.2f} px{_error(look.error)}, {stars}."
    if look.doubt:
        return SayLine("!", first, f"Take it with care: {look.doubt}.")
    rest = left_out(look.stars)
    return SayLine("", first, f"Left out: {rest}." if rest else "All of them are used.")


def _say_busy(state: RigState, look: Look | None) -> SayLine:
    doing, now = state.activity, "" if state.position is None else f", now {state.position}"
    ends = "Stop ends the loop." if state.looping else "Stop ends it here."
    if doing.kind == "moving" or (state.target is not None and doing.kind == "idle"):
        to = doing.position if doing.position is not None else state.target
        way = ""
        if to is not None and state.position is not None and to != state.position:
            way = " out" if to > state.position else " in"
        return SayLine(
            "", f"Moving{way} to {to}{now}.", "Stop halts the focuser where it is.", busy=True
        )
    frame = f"Frame {state.n_frames + 1}: " if state.looping else ""
    if doing.kind == "exposing":
        # By whole seconds: a line that changes ten times a second is not read.
        gone = min(max(state.now_s - doing.since_s, 0.0), state.exposure_s)
        words = f"exposing at {doing.position}, {gone:.0f} of {_s(state.exposure_s)}."
    elif doing.kind == "preparing":
        words = "preparing the star measurement, up to half a minute once per computer."
    else:
        words = {"reading": "reading out.", "measuring": "measuring."}.get(
            doing.kind, "getting ready."
        )
    first = frame + words
    seen = "" if look is None or look.value is None else f"{say_look(look).first} "
    return SayLine("", first[0].upper() + first[1:], f"{seen}{ends}", busy=True)


def header_html(rig: str, state: RigState, frame: Frame | None, shown_as: str) -> str:
    """The title line: the rig, the frame shown and its scale, and whether the rig answers."""
    parts = [rig, *([state.filter] if state.filter else [])]
    if frame is not None:
        n_y, n_x = frame.pixels.shape[:2]
        taken = "" if frame.time_s is None else f" of {clock(frame.time_s)}"
        at = "" if frame.position is None else f" at {frame.position:.0f}"
        parts.append(f"frame{taken}{at}")
        parts.append(f"{n_x}×{n_y}, {shown_as}")
    contact = "● connected"
    if state.lost_contact:
        contact = f'<span title="{escape(state.lost_contact)}">✕ not connected</span>'
    words = " · ".join(escape(part) for part in parts)
    return (
        f'<span class="fb-contact fb-muted">{contact}</span>'
        f'<b class="fb-name">Focus</b><span class="fb-muted">{words}</span>'
    )


def position_html(state: RigState) -> str:
    """The position in large figures, with its limits."""
    low, high = state.limits
    where = "–" if state.position is None else str(state.position)
    moving = "" if state.target is None else f" → {state.target}"
    return (
        f'<div class="fb-section">Focuser</div><div class="fb-big"><b class="fb-position">{where}'
        f'</b><span class="fb-muted">{moving or f"of {low} to {high}"}</span></div>'
    )


def memory_html(state: RigState, last: RunRecord | None) -> str:
    """Temperature now, and what the last focus was."""
    rows = [("Temperature now", _degrees(state.temperature_c))]
    if last is None:
        rows += [("Last focus", "none yet"), ("Baseline", "–")]
    else:
        ended = clock(last.started_s + last.duration_s)
        rows.append((f"Last focus, {ended}", _best(last)))
        then = next(
            (p.temperature_c for p in reversed(last.points) if p.temperature_c is not None), None
        )
        difference = ""
        if then is not None and state.temperature_c is not None:
            difference = f" ({state.temperature_c - then:+.1f} since)".replace("-", "−")
        rows.append(("Temperature then", _degrees(then) + difference))
        name = METRIC_WORDS[quantity(last.options.metric)]
        value = last.validation.metric if last.validation else last.expected_metric
        rows.append((f"Baseline {name}", "–" if value is None else f"{value:.2f} px"))
    return _table("Temperature and last focus", rows)


def frame_html(look: Look | None, last: RunRecord | None) -> str:
    """Figures of the frame shown."""
    if look is None:
        rows = [("Error", "–"), ("Stars used", "–")]
        return _head("HFR", "–") + _rows(rows)
    value = "–" if look.value is None else f"{look.value:.2f} px"
    rows = [("Error", "–" if look.error is None else f"± {look.error:.2f} px")]
    rows.append(("Stars used", stars_in_words(look.stars).replace(" stars", "")))
    baseline = last.validation.metric if last and last.validation else None
    if baseline and look.value and last and last.options.metric == look.options.metric:
        away = 100 * (look.value / baseline - 1)
        rows.append(("Against the baseline", f"{away:+.0f} %".replace("-", "−")))
    else:
        at = look.frame.position
        rows.append(("Taken at", "–" if at is None else position(at)))
    return _head(name_of(look), value) + _rows(rows)


def stars_html(look: Look | None, most: int = 20) -> str:
    """The stars as text: what the boxes say, for whoever cannot point at them."""
    if look is None or not len(look.stars):
        return '<div class="fb-points fb-muted">No stars yet.</div>'
    name = quantity(look.options.metric)
    stars = look.stars[(-look.stars["flux"]).argsort(kind="stable")]
    kept, dropped = stars[stars["used"]][:most], stars[~stars["used"]][:most]
    head = f"<tr><th>x</th><th>y</th><th>{METRIC_WORDS[name]}, px</th><th>Size, px</th>" + (
        "<th>Peak, ADU</th><th>Left out</th></tr>"
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{_figure(star[c], d)}</td>" for c, d in _columns(name))
        + f"<td>{escape(star['reason'])}</td></tr>"
        for star in (*kept, *dropped)
    )
    return f'<div class="fb-points"><table>{head}{rows}</table></div>'


def name_of(look: Look) -> str:
    """What a look's value is called."""
    return METRIC_WORDS[quantity(look.options.metric)]


def _columns(name: str) -> tuple[tuple[str, int], ...]:
    return ("x", 0), ("y", 0), (name, 2), ("diameter", 0), ("peak", 0)


def _figure(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if value == value else "–"


def _head(name: str, value: str) -> str:
    return (
        '<div class="fb-section">This frame</div><div class="fb-figure-row">'
        f'<span class="fb-muted">{escape(name)}</span><b>{value}</b></div>'
    )


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    return f'<div class="fb-section">{escape(title)}</div>{_rows(rows)}'


def _rows(rows: list[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows)
    return f"<table>{cells}</table>"


def _best(record: RunRecord) -> str:
    best, error = record.best_position, record.best_position_error
    if best is None:
        return "–"
    return position(best) if error is None else f"{position(best)} {plus_minus(error)}"


def _degrees(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} °C".replace("-", "−")


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {error:.2f}"


def _s(seconds: float) -> str:
    return f"{seconds:g} s"
