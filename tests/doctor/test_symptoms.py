"""Every row of the table of symptoms that one run can show is found by the doctor."""

import json

import pytest

import focusbench as fb
from focusbench.api import SYMPTOMS

PATHS = {path.stem: path for path in fb.sample_packages()}
INDEX = {
    entry["file"].removesuffix(".zip"): entry
    for entry in json.loads((PATHS["good"].parent / "index.json").read_text(encoding="utf-8"))[
        "packages"
    ]
}

WORDS = {
    "a clean V, four points on a side, ends at three to four times the minimum": "good",
    "ends below twice the minimum, a shallow bowl, a result that jumps": "step_too_small",
    "ends above five times the minimum, hardly a point near the bottom": "step_too_large",
    "tails that turn flat or bend down: an M": "donut_plateau",
    "one side less steep than the other, every time": "asymmetry",
    "the first points are equal, then comes a V": "backlash",
    "a good V, but the validation frame reads far above it": "backlash",
    "the bottom is raised in the middle, or there is none": "galaxy",
    "scatter without a shape": "noise",
    "the number of stars collapses at the ends": "few_stars",
    "HFR high everywhere, and ends below twice the minimum": "step_too_small",
    "the curve only falls": "edge",
    "the curve only rises": "wrong_way",
    "the parabola's R² is just below its gate": "outlier",
    "an R² of 0.98, but the minimum at the edge of the points": "edge",
    "the run wandered far out of focus": "few_stars",
    "small and equal HFR everywhere": "flat",
    "one point far above a good V": "outlier",
    "stars vanish for some frames and come back": "cloud",
    "a good V, while the temperature falls": "drift",
    "all points equal, wherever the focuser goes": "flat",
}
"""What the doctor has to say first."""


def test_every_row_has_a_sample_or_says_why_no_run_can_show_it():
    for row in SYMPTOMS:
        assert bool(row.sample) != bool(row.why_none), row.see
        assert bool(row.sample) == (row.see in WORDS), row.see


@pytest.mark.parametrize("row", [one for one in SYMPTOMS if one.sample], ids=lambda one: one.sample)
def test_doctor_finds_what_the_row_says(row):
    analysis = fb.analyze(PATHS[row.sample])
    assert analysis.findings[0].code == WORDS[row.see]


@pytest.mark.parametrize("row", [one for one in SYMPTOMS if one.sample], ids=lambda one: one.sample)
def test_index_says_what_its_sample_shows(row):
    assert INDEX[row.sample]["symptom"] == row.see


def test_rows_are_told_apart_by_what_is_seen():
    assert len({row.see for row in SYMPTOMS}) == len(SYMPTOMS)
    samples = [row.sample for row in SYMPTOMS if row.sample]
    assert len(set(samples)) == len(samples)


def test_validation_above_the_curve_is_the_symptom_of_late_backlash():
    (checked,) = [p for p in fb.open_package(PATHS["late_backlash"]).focus_points
                  if p.role == "validation"]  # fmt: skip
    best = fb.analyze(PATHS["late_backlash"]).best
    assert checked.metric > 1.1 * best.expected_metric


def test_lost_run_is_back_at_its_start():
    record = fb.open_package(PATHS["lost"]).record
    assert record.outcome == "LOST"
    assert record.final_position == record.start_position == 9_770
