"""One palette in one file; night reaches every open panel."""

import re
from pathlib import Path

import focusbench.widgets
from focusbench.widgets.theme import style_sheet

ROOM = Path(focusbench.widgets.__file__).parent


def test_no_colour_is_written_outside_the_style_sheet():
    for path in ROOM.glob("*.py"):
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text()), path.name


def test_every_variable_that_is_used_is_defined_in_all_three_palettes():
    sheet = style_sheet()
    used = set(re.findall(r"var\((--fb-[\w-]+)\)", sheet))
    for path in ROOM.glob("*.py"):
        used |= set(re.findall(r"var\((--fb-[\w-]+)\)", path.read_text()))
    palettes = re.findall(r"\{([^}]*--fb-ink:[^}]*)\}", sheet)
    assert len(palettes) == 3
    light, _dark, night = (set(re.findall(r"(--fb-[\w-]+):", palette)) for palette in palettes)
    assert used <= light
    # Whatever is light somewhere must be red at night; layout lengths may be inherited.
    assert used <= night


def test_night_is_pure_red():
    night = style_sheet().partition(".fb-night {")[2].partition("}")[0]
    for colour in re.findall(r"#([0-9a-f]{6})", night):
        assert colour.endswith("0000"), colour


SHARED = frozenset(
    [
        "root",
        "night",
        "hidden",
        "axes",
        "bad",
        "buttons",
        "chart",
        "columns",
        "error",
        "field",
        "figure",
        "fold",
        "form",
        "group",
        "legend",
        "middle",
        "muted",
        "ok",
        "picked",
        "say",
        "section",
        "warn",
    ]
)
"""Parts that look alike in every panel, so that several sections of the sheet speak of them."""


def test_what_is_one_panels_own_is_styled_in_one_section():
    sections = re.split(r"/\* [A-Z][^*]+? -{5,} \*/", style_sheet())
    owners = {}
    for number, section in enumerate(sections):
        for name in set(re.findall(r"\.fb-([a-z0-9-]+)", section)) - SHARED:
            assert owners.setdefault(name, number) == number, name
