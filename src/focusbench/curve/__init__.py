"""The V-curve: points, fits, rejected points, and best focus with its error.

Never: knows files, frames, devices or options objects; works on positions and numbers.
Imported by: stars, engine and the rooms above; imports only compiled, errors.
"""

from focusbench.curve.auto import warm
from focusbench.curve.batch import FitBatch, fit_autos, fit_hyperbolas
from focusbench.curve.bracket import Bracket, LowestPoints, bracketing, lowest_points, only_worse
from focusbench.curve.decide import CURVES, find_best_focus
from focusbench.curve.evidence import evidence_at
from focusbench.curve.points import FocusPoint, Rejected, Role
from focusbench.curve.priors import GAMMA, GAMMA_SD, LN_B_SD
from focusbench.curve.results import BestFocus, CurveFit, Outcome
from focusbench.curve.rig_shape import KAPPA_SD, WANDER, RigShape, learn_shape
from focusbench.curve.zone import classic_zone, evaluate, zone_of

__all__ = [
    "CURVES",
    "GAMMA",
    "GAMMA_SD",
    "KAPPA_SD",
    "LN_B_SD",
    "WANDER",
    "BestFocus",
    "Bracket",
    "CurveFit",
    "FitBatch",
    "FocusPoint",
    "LowestPoints",
    "Outcome",
    "Rejected",
    "RigShape",
    "Role",
    "bracketing",
    "classic_zone",
    "evaluate",
    "evidence_at",
    "find_best_focus",
    "fit_autos",
    "fit_hyperbolas",
    "learn_shape",
    "lowest_points",
    "only_worse",
    "warm",
    "zone_of",
]
