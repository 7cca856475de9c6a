"""Exponential and logarithm that compilers can turn into vector instructions, compiled.

Those of the C library are calls, one number at a time, and a loop with a call in it stays a loop of
single numbers. These are plain arithmetic: the exponent is cut out of the number's bits, the rest
is a polynomial (Taylor's for eˣ on ± ½ ln 2, the series of 2·artanh for ln on √½ to √2). Right to
7e-9 of the value, and to 2e-11. Rounding by a large number only works while nobody reorders
the sum, hence no fast arithmetic in here; what a caller allows for itself ends at its own lines.
"""

import numba as nb
import numpy as np

from focusbench.curve.kernel import kernel

LN_2 = 0.6931471805599453
ROUNDING = 6755399441055744.0
"""1.5·2⁵²: a float this large holds whole numbers in its lowest bits."""
ROUNDING_BITS = 0x4338000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA = 0x000FFFFFFFFFFFFF


@kernel(nb.f8(nb.f8), fastmath={"contract"})
def fast_exp(x):
    """E to the power x, for |x| below 700."""
    rounded = x / LN_2 + ROUNDING
    exponent = np.float64(rounded).view(np.int64) << 52
    r = x - (rounded - ROUNDING) * LN_2
    p = 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return np.int64(np.float64(p).view(np.int64) + exponent).view(np.float64)


@kernel(nb.f8(nb.f8), fastmath={"contract"})
def fast_log(x):
    """Natural logarithm of x, a normal number above 0."""
    bits = np.float64(x).view(np.int64) - SQRT_HALF_BITS
    exponent = np.int64((bits >> 52) + ROUNDING_BITS).view(np.float64) - ROUNDING
    mantissa = np.int64((bits & MANTISSA) + SQRT_HALF_BITS).view(np.float64)
    f = (mantissa - 1) / (mantissa + 1)
    f2 = f * f
    p = 2 / 11
    p = p * f2 + 2 / 9
    p = p * f2 + 2 / 7
    p = p * f2 + 2 / 5
    p = p * f2 + 2 / 3
    p = p * f2 + 2.0
    return p * f + exponent * LN_2
