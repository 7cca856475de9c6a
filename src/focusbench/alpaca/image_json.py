"""An image as JSON, the form of servers that know no ImageBytes: ten times as many bytes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.alpaca.image_bytes import BrokenImage

_NUMBERS = "iuf"


def decode_image_json(reply: Mapping[str, Any]) -> NDArray[np.generic]:
    """Pixels of an image that came as JSON.

    Parameters
    ----------
    reply : mapping
        Its "Value" is lists within each other: [x][y] or [x][y][colour].

    Returns
    -------
    array, shape (n_y, n_x), ADU
        Its last axis fastest. Whole numbers become uint16 where all of them fit; the planes of a
        colour image are averaged.

    Raises
    ------
    BrokenImage
        It has no image, or lists of unlike lengths.
    """
    try:
        columns = np.asarray(reply["Value"])
    except KeyError:
        raise BrokenImage("camera", "The camera sent an answer without an image.") from None
    except ValueError:
        raise _broken("its columns differ in length") from None
    if columns.ndim not in (2, 3) or columns.dtype.kind not in _NUMBERS or not columns.size:
        raise _broken(f"an array of shape {columns.shape} and type {columns.dtype}")
    if columns.ndim == 3:
        columns = columns.mean(axis=2, dtype=np.float32)
    elif columns.dtype.kind != "f":
        fits = columns.min() >= 0 and columns.max() <= np.iinfo(np.uint16).max
        columns = columns.astype(np.uint16 if fits else np.int64)
    return np.ascontiguousarray(columns.T)


def _broken(what: str) -> BrokenImage:
    return BrokenImage("camera", f"The camera sent a broken image: {what}.")
