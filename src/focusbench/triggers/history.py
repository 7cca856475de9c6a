"""The trigger on the image history: frames got worse than the first one after the last focus.

Source: SGPro's help on image history triggers and its developers' words on the baseline (the next
light frame after any focus run, tied to one kind of frame). How SGPro averages is not published.
Ours: so many frames in a row must each be worse, so that a gust in one of them does not fire.
"""

from focusbench.options import TriggerOptions
from focusbench.triggers.decisions import Decision, Trigger
from focusbench.triggers.frames import LightFrame
from focusbench.triggers.state import TriggerState
from focusbench.triggers.words import number, reached


def history(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """Frames of the next one's kind got worse than their baseline."""
    if options.history == "off":
        return None
    if options.history_sinking == "east_only" and state.west:
        return _not_due("off: the target is in the west")
    alike = [frame for frame in state.frames if frame.kind.like(state.next)]
    base = baseline(state)
    if base is None:
        return _without_baseline(state, options, alike)
    later = alike[alike.index(base) + 1 :]
    worst = later[-options.history_frames :]
    if any(not frame.measured for frame in worst):
        return _not_due("no stars in the last frames: that is not focus")
    if not worst:
        return _not_due(f"the baseline is {_values(base, options)}")
    hfr, stars = _hfr(base, worst, options), _stars(base, worst, options)
    judged = {
        "hfr": (hfr,),
        "stars": (stars,),
        "hfr_or_stars": (hfr, stars),
        "hfr_and_stars": (hfr, stars),
    }[options.history]
    enough = len(worst) == options.history_frames
    bad = [is_bad for is_bad, _ in judged]
    due = enough and (all(bad) if options.history == "hfr_and_stars" else any(bad))
    words = "; ".join(said for _, said in judged)
    if not enough and any(bad):
        words += f" (in {len(worst)} of {options.history_frames} frames)"
    return Decision(Trigger.HISTORY, due, words, 0.0 if due else None)


def baseline(state: TriggerState) -> LightFrame | None:
    """The first measured frame of the next one's kind since the last focus; None without one."""
    for frame in state.frames:
        if frame.measured and frame.kind.like(state.next):
            return frame
    return None


def _without_baseline(
    state: TriggerState, options: TriggerOptions, alike: list[LightFrame]
) -> Decision:
    if alike:
        return _not_due("no baseline: no stars in any frame since the last focus")
    nobody_focused = not state.reference.focused
    if not state.frames and not nobody_focused:
        return _not_due("the next frame is the baseline")
    why = "nobody has focused yet" if nobody_focused else f"{state.next} is new since the focus"
    if options.history_without_baseline:
        return Decision(Trigger.HISTORY, True, f"no baseline: {why}", 0.0)
    return _not_due(f"the next frame is the baseline, though {why}")


def _hfr(base: LightFrame, worst: list[LightFrame], options: TriggerOptions) -> tuple[bool, str]:
    """Whether HFR is worse in all of them, by the least of them."""
    assert base.hfr is not None
    corrects = options.history_sinking == "corrected"
    seen = [f.hfr_at_airmass_of(base) if corrects else f.hfr for f in worst]
    least = min(hfr for hfr in seen if hfr is not None)
    said = f"HFR {base.hfr:.2f} → {least:.2f}: "
    unknown = corrects and not all(frame.airmass for frame in (base, *worst))
    note = ", airmass not known" if unknown else ""
    return _judge(said, 100 * (least / base.hfr - 1), options, note, "+")


def _stars(base: LightFrame, worst: list[LightFrame], options: TriggerOptions) -> tuple[bool, str]:
    """Whether stars are fewer in all of them, by the most of them."""
    counts = [frame.n_stars for frame in worst]
    if not base.n_stars or any(count is None for count in counts):
        return False, "stars not counted"
    most = max(count for count in counts if count is not None)
    said = f"stars {base.n_stars} → {most}: "
    return _judge(said, 100 * (1 - most / base.n_stars), options, "", "−")


def _judge(
    said: str, worse: float, options: TriggerOptions, note: str, sign: str
) -> tuple[bool, str]:
    limit = options.history_percent
    is_bad = reached(worse, limit)
    shown = worse if sign == "+" else -worse
    relation = "≥" if is_bad else "<"
    decimals = 0 if float(limit).is_integer() else 1
    while not is_bad and decimals < 3 and round(worse, decimals) >= round(limit, decimals):
        decimals += 1
    text = ("+" if shown > 0 else "") + number(shown, decimals)
    return is_bad, f"{said}{text} % {relation} {sign}{limit:g} %{note}"


def _values(frame: LightFrame, options: TriggerOptions) -> str:
    hfr = f"HFR {frame.hfr:.2f}"
    stars = "stars not counted" if frame.n_stars is None else f"{frame.n_stars} stars"
    return {"hfr": hfr, "stars": stars}.get(options.history, f"{hfr}, {stars}")


def _not_due(words: str) -> Decision:
    return Decision(Trigger.HISTORY, False, words)
