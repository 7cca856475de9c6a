"""Moving the focuser by hand: in and out by two step sizes, and to a position."""

from collections.abc import Callable

import ipywidgets as widgets

from focusbench.widgets.focus_words import RUNNING
from focusbench.widgets.number_field import NumberField, whole_number
from focusbench.widgets.pieces import box, button, enable

LARGEST_STEP = 100_000


class MoveControls:
    """Step buttons, the sizes of their steps, and Go.

    Parameters
    ----------
    limits : (int, int), steps
        Of the focuser.
    on_move : callable, int → object
        Told by how many steps to move; positive is out.
    on_go : callable
        Told that Go was pressed.
    on_change : callable
        Told that another step size was typed.

    Attributes
    ----------
    rows : tuple of Widget
        What is shown, from top to bottom.
    step_buttons : dict of Button to (sign, NumberField)
    coarse, fine, go_to : NumberField
    go_button : Button
    """

    def __init__(
        self,
        limits: tuple[int, int],
        on_move: Callable[[int], object],
        on_go: Callable[[object], object],
        on_change: Callable[[], None],
    ) -> None:
        self._limits, self._on_move = limits, on_move
        steps = whole_number(1, LARGEST_STEP, "A step")
        self.coarse = NumberField(
            "Coarse", 100, steps, lambda _: on_change(), help="Steps of the outer two."
        )
        self.fine = NumberField(
            "Fine", 10, steps, lambda _: on_change(), help="Steps of the inner two."
        )
        moves = [(-1, self.coarse), (-1, self.fine), (1, self.fine), (1, self.coarse)]
        self.step_buttons = {self._step_button(*move): move for move in moves}
        low, high = limits
        self.go_to = NumberField(
            "Go to",
            None,
            self._check_position,
            lambda _: None,
            help=f"A position from {low} to {high}; Go moves there.",
            keeps=False,
        )
        self.go_to.text.placeholder = "position"
        self.go_button = button("Go", on_go)
        self.rows: tuple[widgets.Widget, ...] = (
            box("fb-steps", *self.step_buttons),
            box("fb-pair", self.coarse, self.fine),
            box("fb-go", self.go_to, box("fb-buttons", self.go_button)),
        )

    @property
    def target(self) -> int | None:
        """Where Go moves to; None, with a sentence under the field, where there is nothing."""
        if self.go_to.error:
            return None
        if self.go_to.value is None:
            self.go_to.say("Type a position first.")
        return None if self.go_to.value is None else int(self.go_to.value)

    def show(self, *, free: bool) -> None:
        """Enable what can be used now, and name each button by its steps."""
        for one, (sign, field) in self.step_buttons.items():
            steps = sign * int(field.value)
            text = f"{steps:+d}".replace("-", "−")
            if one.description != text:
                one.description = text
            way = "out" if steps > 0 else "in"
            enable(one, free, f"Move {way} by {abs(steps)} steps.", RUNNING)
        enable(self.go_button, free, "Move to the position beside it.", RUNNING)

    def _step_button(self, sign: int, size: NumberField) -> widgets.Button:
        return button("", lambda _: self._on_move(sign * int(size.value)), "fb-step")

    def _check_position(self, number: float) -> int:
        low, high = self._limits
        if not number.is_integer():
            raise ValueError("A position is a whole number.")
        if not low <= number <= high:
            limit = low if number < low else high
            raise ValueError(f"{number:.0f} is beyond the focuser's limit of {limit}.")
        return int(number)
