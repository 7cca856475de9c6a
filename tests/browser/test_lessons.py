"""A lesson as a reader meets it: code folded, answers hidden, a slider that draws."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FOLDED = (
    "() => document.querySelectorAll("
    "'.jp-CodeCell .jp-Cell-inputWrapper .jp-InputPlaceholder').length"
)


def test_a_reader_slides_a_run_off_its_centre_and_opens_the_answer(stage):
    stage.whole("lessons/03_the_v_curve_and_its_fits.ipynb")
    page = stage.page
    book = page.locator(".widget-vbox", has=page.locator(".widget-hslider"))
    book.locator("img").wait_for(timeout=90_000)
    words = book.locator(".widget-html-content")
    assert "True best focus is 10250" in words.inner_text()
    # Code of what is only shown is folded away.
    assert page.evaluate(FOLDED) >= 5

    # Slide: three points outside focus, the parabola is more than two points off.
    handle = book.locator(".noUi-handle")
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('.widget-html-content').innerText.includes('parabola 10112')",
        timeout=20_000,
    )
    book.scroll_into_view_if_needed()
    stage.screenshot("lesson-slider")

    # The answer is not to be seen before it is asked for.
    answer = page.get_by_text("R² says how close a curve runs to the points")
    assert not answer.is_visible()
    asked = page.locator("details", has=answer)
    asked.locator("summary").click()
    assert answer.is_visible()
    asked.scroll_into_view_if_needed()
    stage.screenshot("lesson-answer")
