"""The V-curve: points, fits, rejected points, and best focus with its error.

Never: knows files, frames, devices or options objects; works on positions and numbers.
Imported by: stars, engine and the rooms above; imports only errors.
"""

from focusbench.curve.points import FocusPoint, Rejected
from focusbench.curve.results import BestFocus, CurveFit, Outcome

__all__ = ["BestFocus", "CurveFit", "FocusPoint", "Outcome", "Rejected"]
