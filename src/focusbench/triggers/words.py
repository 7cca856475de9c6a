"""Amounts in the words of a decision."""


def reached(amount: float, limit: float) -> bool:
    """Whether an amount is the limit or more; a sum of decimals may miss it by a rounding."""
    return amount >= limit - 1e-9 * max(1.0, abs(limit))


def against(amount: float, limit: float, decimals: int = 1) -> str:
    """Say an amount against its limit: "1.5 ≥ 1.0", or "0.3 of 1.0".

    As many decimals are shown as it takes not to look like the limit before it is reached.
    """
    if reached(amount, limit):
        return f"{number(amount, decimals)} ≥ {number(limit, decimals)}"
    while decimals < 3 and round(amount, decimals) >= round(limit, decimals):
        decimals += 1
    return f"{number(amount, decimals)} of {number(limit, decimals)}"


def number(value: float, decimals: int = 1) -> str:
    """Write a number with a true minus sign."""
    # Adding 0 turns −0.0 into 0.0.
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def span(seconds: float) -> str:
    """Say a time: "45 s", "6.0 min", "2.5 h"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
