"""The legend of the V-curve."""

from focusbench.widgets.curve_picture import CurvePicture
from focusbench.widgets.wording import escape


def legend_html(shown: CurvePicture) -> str:
    """The legend: an entry for each thing drawn, none for what is not."""
    glyphs = {
        "disc": '<circle cx="8" cy="6" r="4.5" fill="var(--fb-point)"/>'
        '<path d="M8 -1V13" stroke="var(--fb-point)"/>',
        "ring": '<circle cx="8" cy="6" r="3.5" fill="none" stroke="var(--fb-muted)"/>',
        "x": '<path d="M4 2l8 8M12 2l-8 8" stroke="var(--fb-x)" stroke-width="3.4"/>',
        "fit": '<path d="M0 6H16" stroke="var(--fb-fit)" stroke-width="2.5"/>',
        "thin": '<path d="M0 6H16" stroke="var(--fb-fit)" stroke-width="1.2"/>',
        "dots": '<path d="M0 6H16" stroke="var(--fb-fit)" stroke-width="1.4" '
        'stroke-dasharray="1.5 3"/>',
        "dashes": '<path d="M0 6H16" stroke="var(--fb-nofit)" stroke-width="2" '
        'stroke-dasharray="5 3"/>',
        "best": '<path d="M8 -1V13" stroke="var(--fb-ink)" stroke-width="2"/>',
        "zone": '<rect x="2" y="-1" width="12" height="14" fill="var(--fb-zone)" opacity=".2"/>'
        '<path d="M2 -1V13M14 -1V13" stroke="var(--fb-zone)" stroke-dasharray="2 2"/>',
        "diamond": '<path d="M8 0L13 6L8 12L3 6Z" fill="none" stroke="var(--fb-ink)" '
        'stroke-width="1.6"/>',
    }
    entries = [
        (shown.used, "disc", "used, with error"),
        (shown.not_used, "x", "not used"),
        (shown.earlier, "ring", "earlier sweep"),
        (shown.deciding, "fit", "best fit"),
        (shown.two_lines and shown.two_lines_ok and shown.two_lines_decide, "fit", "best fit"),
        (shown.model, "dots", "hyperbola"),
        (shown.two_lines and not shown.two_lines_ok, "dashes", "lines: no fit"),
        (shown.best is not None, "best", "best focus ± error"),
        (shown.zone, "zone", "zone of good focus"),
        (shown.validation, "diamond", "validation frame"),
        (
            shown.two_lines and shown.two_lines_ok and not shown.two_lines_decide,
            "thin",
            shown.note or "two lines",
        ),
    ]
    spans = "".join(
        f'<span><svg width="16" height="12" aria-hidden="true">{glyphs[glyph]}</svg>'
        f"{escape(words)}</span> "
        for drawn, glyph, words in entries
        if drawn
    )
    return f'<div class="fb-legend">{spans}</div>'
