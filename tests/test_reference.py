"""The API reference is written from the docstrings, and has every public name."""

import pytest

import focusbench as fb


def test_reference_has_every_public_name(tmp_path):
    reason = "pdoc writes the reference; it comes with: pip install -e '.[dev]'"
    pdoc = pytest.importorskip("pdoc", reason=reason)
    pdoc.render.configure(docformat="numpy")
    pdoc.pdoc("focusbench", output_directory=tmp_path)
    page = (tmp_path / "focusbench.html").read_text(encoding="utf-8")
    for name in fb.__all__:
        assert f'id="{name}"' in page, name
    # Sections of numpy's style are headings, not text.
    assert "Parameters\n------" not in page
