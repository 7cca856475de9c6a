"""The same settings as the numbers that other programs ask for."""

from collections.abc import Mapping
from types import MappingProxyType

from focusbench.options import AutofocusOptions


def other_programs(options: AutofocusOptions) -> Mapping[str, Mapping[str, float]]:
    """What to type into SGPro, N.I.N.A. (with or without Hocus Focus) and Ekos.

    N.I.N.A. asks for the steps on one side of focus: of N data points N // 2. Ekos (Linear 1 Pass)
    moves out by its initial step size times the out step multiple and samples inward, past focus
    as far as it began outside it. Overshoot of at least the backlash takes it up in all three;
    Ekos calls it AF overscan.

    Returns
    -------
    mapping of str to mapping
        By program, then by the words of its form.
    """
    step, side, backlash = options.step_size, options.data_points // 2, options.backlash
    common = {"exposure": options.exposure_s}
    sgpro: dict[str, float] = {"data points": options.data_points, "step size": step, **common}
    nina: dict[str, float] = {"initial offset steps": side, "step size": step, **common}
    ekos: dict[str, float] = {"initial step size": step, "out step multiple": side, **common}
    if options.frames_per_point > 1:
        nina["exposures per point"] = options.frames_per_point
    if backlash:
        sgpro["backlash (direction IN)"] = backlash
        nina["backlash OUT (overshoot)"] = backlash
        ekos["AF overscan"] = backlash
    return MappingProxyType({"SGPro": sgpro, "N.I.N.A., Hocus Focus": nina, "Ekos": ekos})
