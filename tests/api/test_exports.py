"""One run as a table, a dataset, a picture and a page: what others read is what we know."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from focusbench.af_packages import open_package
from focusbench.api import export_run, open_packages, summarize
from focusbench.errors import PackageError
from tests.af_packages.foreign import hocus_report
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "sample_packages"


@pytest.fixture(scope="module")
def outlier():
    return open_package(SAMPLES / "outlier.zip")


def test_a_table_opens_again_as_the_same_run(outlier, tmp_path):
    again = open_package(export_run(outlier, tmp_path / "run.csv"))
    assert [p.metric for p in again.focus_points] == [p.metric for p in outlier.focus_points]
    assert [p.error for p in again.focus_points] == [p.error for p in outlier.focus_points]
    assert [p.n_stars for p in again.focus_points] == [p.n_stars for p in outlier.focus_points]
    assert [p.role for p in again.focus_points] == [p.role for p in outlier.focus_points]
    assert again.metric == "hfr"
    assert "hfr_mean_radius" in again.points
    assert again.best().best_position == outlier.best().best_position
    text = (tmp_path / "run.csv").read_text()
    assert "above the curve" in text.splitlines()[4]


def test_a_dataset_is_the_run_to_the_last_digit(outlier, tmp_path):
    export_run(outlier, tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc", decode_times=False) as stored:
        for name, variable in outlier.points.variables.items():
            np.testing.assert_array_equal(stored[name].values, variable.values)
            assert stored[name].attrs["long_name"] == variable.attrs["long_name"]
        assert stored.attrs["best_position"] == outlier.decided.best_position


def test_many_runs_can_be_written_as_well(tmp_path):
    runs = open_packages([SAMPLES / "good.zip", SAMPLES / "flat.zip"])
    runs.to_netcdf(tmp_path / "runs.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "runs.nc") as stored:
        np.testing.assert_array_equal(stored.metric.values, runs.metric.values)


def test_a_picture_is_a_png_of_a_size_that_can_be_shown(outlier, tmp_path):
    content = export_run(outlier, tmp_path / "run.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    wide, high = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert (wide, high) == (1200, 630)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        names = ("src", "href", "xlink:href", "data", "action", "srcset", "poster")
        self.links += [value for name, value in attributes if name in names]
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("name", ["outlier", "edge", "cloud"])
def test_a_report_says_it_all_and_loads_nothing(name, tmp_path):
    package = open_package(SAMPLES / f"{name}.zip")
    text = export_run(package, tmp_path / "run.html").read_text(encoding="utf-8")
    page, said = Page(text), summarize(package)
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "iframe", "img", "object", "form"} & set(page.tags)
    assert "svg" in page.tags
    assert not re.search(r"url\((?!#)|@import", text)
    assert "default-src 'none'" in text
    words = " ".join("".join(page.text).split())
    for sentence in (said.verdict, said.findings[0].sentence, said.findings[0].remedy):
        assert " ".join(sentence.split()) in words
    assert all(row.position in words for row in said.points)
    assert words.count("Step size") >= 2  # among the results and the options


def test_what_a_file_says_is_text_and_never_markup(tmp_path):
    import json

    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>$x^2$ -->"
    report = hocus_report(range(10, 100, 10), Filter=evil, AutoFocuserName=evil)
    path = tmp_path / "a&b.json"
    path.write_text(json.dumps(report))
    text = export_run(path, tmp_path / "run.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not {"script", "img"} & set(page.tags)
    assert evil in "".join(page.text)
    assert "a&amp;b.json" in text


def test_a_run_without_focus_and_one_of_a_few_points_can_be_exported(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("position,hfr\n100,3.5\n110,\n")
    for ending in (".csv", ".nc", ".png", ".html"):
        assert export_run(path, tmp_path / f"out{ending}").stat().st_size > 50
    assert "not used" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_another_ending_is_refused_with_those_there_are(outlier, tmp_path):
    with pytest.raises(PackageError, match=r"one of \.csv, \.nc, \.png, \.html"):
        export_run(outlier, tmp_path / "run.xlsx")


def test_a_folder_that_cannot_be_written_to_is_named(outlier, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PackageError, match=r"Cannot write .*run\.csv"):
        export_run(outlier, tmp_path / "file" / "run.csv")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
