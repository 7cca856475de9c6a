"""Weather that comes and goes: clouds that take light, gusts that blur."""

from dataclasses import dataclass
from typing import NamedTuple


class Spell(NamedTuple):
    """A while in which something is so many times what it is otherwise."""

    begin_s: float
    """Seconds since the start of the night."""
    end_s: float
    factor: float


@dataclass(frozen=True)
class Weather:
    """What happens when.

    Attributes
    ----------
    clouds : tuple of Spell
        The light of stars is multiplied by the factor (0.1: nine tenths are lost).
    gusts : tuple of Spell
        The blur of the air is multiplied by the factor.
    """

    clouds: tuple[Spell, ...] = ()
    gusts: tuple[Spell, ...] = ()

    def transparency(self, since_s: float) -> float:
        """Share of the light of stars that comes through, `since_s` after the start."""
        return _product(self.clouds, since_s)

    def blur(self, since_s: float) -> float:
        """How many times wider than usual the seeing is."""
        return _product(self.gusts, since_s)


CLEAR = Weather()


def _product(spells: tuple[Spell, ...], since_s: float) -> float:
    product = 1.0
    for spell in spells:
        if spell.begin_s <= since_s < spell.end_s:
            product *= spell.factor
    return product
