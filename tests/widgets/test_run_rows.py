"""Rows of the package browser: found, sorted and compared."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from focusbench.widgets.run_rows import (
    RunRow,
    find,
    in_order,
    n_nights,
    say_difference,
    say_remeasured,
)
from focusbench.widgets.run_table import row_html, sparkline

EVENING_S = 1_795_374_000.0  # 2026-11-22T19:00:00Z


def row(name="a", **more):
    known = {
        "source": Path(name),
        "number": None,
        "title": name,
        "name": name,
        "format": "focusbench",
        "metric": "hfr",
        "definition": "radius",
        "rig": "",
        "diagnosis": "",
        "started_s": EVENING_S,
        "zone_told": True,
        "filter": "Ha",
        "temperature_c": 10.0,
        "outcome": "FOCUSED",
        "sign": "✓",
        "word": "Focused",
        "best": 10_250.0,
        "error": 4.0,
        "hfr": 2.5,
        "x": (1.0, 2.0, 3.0),
        "y": (6.0, 3.0, 6.0),
        "n_points": 9,
    }
    return RunRow(**(known | more))


NIGHT = [
    row("a", temperature_c=14.0, best=10_306.0),
    row("b", started_s=EVENING_S + 3600, best=10_272.0, temperature_c=12.0),
    row("c", filter="L", started_s=EVENING_S + 7200, best=10_257.0, temperature_c=11.0),
    row("d", word="Not focused", sign="✕", best=None, error=None, hfr=None, temperature_c=None),
]


@pytest.fixture
def auckland(monkeypatch):
    """Thirteen hours ahead of UTC in November."""
    monkeypatch.setenv("TZ", "NZST-12NZDT,M9.5.0,M4.1.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows sets its zone elsewhere")
def test_times_are_those_of_the_place_unless_the_file_told_no_zone(auckland):
    assert row().when("%H:%M") == "08:00"
    assert row(zone_told=False).when("%H:%M") == "19:00"
    # 13:00 and 23:00 of one local day, which is two nights: noon ends one.
    day = [row(started_s=EVENING_S + hours * 3600) for hours in (3, 5, 15)]
    assert [one.when("%-d %H") for one in day] == ["23 11", "23 13", "23 23"]
    assert n_nights(day) == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "abcd"),
        ("Ha", "abd"),
        ("ha, not focused", "d"),
        ("2026-11", "abcd"),
        ("22 Nov", "abcd"),
        ("l", "c"),
        ("Ha,,", "abd"),
        ("lost", ""),
        ("a.c(", ""),
    ],
)
def test_words_between_commas_must_all_be_there(words, found):
    assert "".join(r.name for r in find(NIGHT, words)) == found


def test_a_word_is_found_at_the_beginning_of_a_word_alone():
    assert find([row(filter="Charlie")], "ha") == []


def test_the_outcome_is_compared_as_a_whole():
    assert [r.name for r in find(NIGHT, "", "Focused")] == ["a", "b", "c"]


def test_runs_without_a_value_come_last_whichever_way_they_are_sorted():
    assert [r.name for r in in_order(NIGHT, "best", falling=False)] == ["c", "b", "a", "d"]
    assert [r.name for r in in_order(NIGHT, "best", falling=True)] == ["a", "b", "c", "d"]


def test_a_night_ends_at_noon():
    after_midnight = row(started_s=EVENING_S + 8 * 3600)
    next_evening = row(started_s=EVENING_S + 24 * 3600)
    assert n_nights([*NIGHT, after_midnight]) == 1
    assert n_nights([*NIGHT, next_evening, row(started_s=None)]) == 2


def test_runs_that_moved_say_from_where_to_where_and_what_else_changed():
    first, second = say_difference([NIGHT[2], NIGHT[0], NIGHT[1]])
    assert first == (
        "Focus moved from 10306 to 10257 while it cooled by 3.0 °C and the filter changed from "
        "Ha to L."
    )
    # (10306 − 10272) / (14 − 12); two errors of 4 over a baseline of 2 degrees: √2 · 4 / 2.
    assert second == "The 2 runs in Ha give 17.0 ± 3 steps per °C."


def test_runs_that_agree_within_their_errors_are_said_to():
    first, _ = say_difference([NIGHT[0], row("z", best=10_300.0, temperature_c=14.0)])
    assert first.startswith("Focus agrees: 10306 and 10300, −6 ± 6 steps")


def test_different_metrics_are_not_compared_in_height():
    first, second = say_difference([NIGHT[0], row("f", metric="fwhm", definition="width")])
    assert first == "These runs measure different things: FWHM and HFR."
    assert "not how low" in second


def test_where_fewer_than_two_focused_there_is_nothing_to_compare():
    assert say_difference([NIGHT[0], NIGHT[3]])[0] == "Only one of these 2 runs found focus."


def test_a_run_measured_anew_stands_beside_the_stored_one():
    best = SimpleNamespace(best_position=10_249.0, expected_metric=2.61, diagnosis="")
    first, _ = say_remeasured("12 px minimum", [(row(best=10_247.0, hfr=2.58), best)])
    assert first == "Stored 2.58 px at 10247; with 12 px minimum 2.61 px at 10249."
    lost = SimpleNamespace(best_position=None, expected_metric=None, diagnosis="Flat.")
    assert say_remeasured("12 px minimum", [(NIGHT[0], lost)]) == (
        "Stored 2.50 px at 10306; with 12 px minimum no focus.",
        "Flat.",
    )
    first, second = say_remeasured("10 % crop", [(NIGHT[0], best), (NIGHT[3], lost)])
    assert first == "With 10 % crop, 1 of 2 runs focus."
    assert "moves by −57 steps" in second


def test_small_curves_share_one_scale():
    shallow, steep = row(y=(3.0, 2.0, 3.0)), row(y=(9.0, 2.0, 9.0))
    assert sparkline(shallow, 9.0) != sparkline(steep, 9.0)
    assert sparkline(row(x=(), y=()), 9.0) == ""
    assert 'cy="3.0"' in sparkline(row(y=(90.0, 2.0, 90.0)), 9.0)  # cut, not outside


def test_what_a_file_says_is_escaped_in_a_row():
    evil = row("<script>", filter="<img>", format="N.I.N.A.", word="<b>")
    assert "<script>" not in row_html(evil, True, 5.0)
    assert "<img>" not in row_html(evil, True, 5.0)
    assert "N.I.N.A." in row_html(evil, True, 5.0)
