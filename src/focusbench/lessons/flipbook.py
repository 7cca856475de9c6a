"""A slider over pictures: the reader turns a knob and sees what it does."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import ipywidgets as widgets

from focusbench.lessons.pictures import Picture

_STATIC = 3
"""So many pictures stand for the slider in a saved page."""


class Flipbook(widgets.VBox):
    """A slider with a picture for each of its values.

    Pictures are drawn when they are first looked at. Where no kernel runs, in a saved page, three
    of them stand side by side.

    Parameters
    ----------
    label : str
        What the slider sets, with its unit.
    values : sequence of int or float
    draw : callable
        From a value to its picture.
    start : int or float, optional
        Where the slider stands at first; the first value where not given.

    Attributes
    ----------
    slider : ipywidgets.SelectionSlider
    picture : Picture
        The one that is shown.

    Examples
    --------
    >>> from focusbench import lessons
    >>> def draw(step):
    ...     figure, (axes,) = lessons.new_axes()
    ...     return lessons.picture(figure, f"Steps of {step}.")
    >>> book = lessons.Flipbook("Step size", [20, 40, 60], draw, start=40)
    >>> book.slider.value = 60
    >>> book.picture.words
    'Steps of 60.'
    """

    def __init__(
        self,
        label: str,
        values: Sequence[float],
        draw: Callable[[Any], Picture],
        *,
        start: float | None = None,
    ) -> None:
        self._draw = cache(draw)
        self._values = list(values)
        self.slider = widgets.SelectionSlider(
            options=[(f"{value:g}".replace("-", "−"), value) for value in values],
            value=self._values[0] if start is None else start,
            description=label,
            continuous_update=True,
            style={"description_width": "initial"},
            layout={"width": "min(46em, 100%)"},
        )
        self._page = widgets.HTML()
        super().__init__([self.slider, self._page])
        self.slider.observe(lambda _: self._show(), "value")
        self._show()

    @property
    def picture(self) -> Picture:
        """The picture that is shown."""
        return self._draw(self.slider.value)

    def close(self) -> None:
        """Close it with its slider and its picture: nothing of it is left in the kernel."""
        for one in (self.slider, self._page):
            one.style.close()
            one.layout.close()
            one.close()
        self.layout.close()
        super().close()

    def _show(self) -> None:
        self._page.value = self.picture.html(with_words=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            last = len(self._values) - 1
            some = {self._values[round(i * last / (_STATIC - 1))] for i in range(_STATIC)}
            data["text/html"] = "".join(
                self._draw(value).html(with_words=True) for value in self._values if value in some
            )
        return bundle
