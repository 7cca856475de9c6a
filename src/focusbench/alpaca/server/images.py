"""The two forms in which the protocol sends an image: ImageBytes and JSON.

The layout of ImageBytes stands in `focusbench.alpaca.image_bytes`.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.alpaca.image_bytes import HEADER, transposed

_INT32 = 2
_SENT_AS = {"u1": 6, "i2": 1, "u2": 8, "i4": _INT32}


def image_bytes(
    pixels: NDArray[np.generic], *, client_transaction: int, server_transaction: int
) -> tuple[bytes, memoryview]:
    """Header and pixels of an ImageBytes answer.

    Parameters
    ----------
    pixels : array, shape (n_x, n_y), ADU
    client_transaction, server_transaction : int
    """
    sent = _as_integers(pixels)
    header = HEADER.pack(
        1,
        0,
        client_transaction,
        server_transaction,
        HEADER.size,
        _INT32,  # what the standard's images are, however few bytes a pixel is sent in
        _SENT_AS[f"{sent.dtype.kind}{sent.dtype.itemsize}"],
        2,
        *sent.shape,
        0,
    )
    by_columns = sent if sent.flags.c_contiguous else transposed(sent.T)
    return header, by_columns.data.cast("B")


def error_bytes(
    number: int, message: str, *, client_transaction: int, server_transaction: int
) -> bytes:
    """The ImageBytes answer that carries an error in place of an image."""
    header = HEADER.pack(
        1, number, client_transaction, server_transaction, HEADER.size, 0, 0, 0, 0, 0, 0
    )
    return header + message.encode()


def image_json(pixels: NDArray[np.generic], **transaction: Any) -> bytes:
    """The JSON answer: large and slow, for clients that know no ImageBytes."""
    # Type and Rank come first and without a blank: clients look for them before they decode.
    answer = {"Type": _INT32, "Rank": 2, "Value": _as_integers(pixels).tolist(), **transaction}
    return json.dumps(answer, separators=(",", ":")).encode()


def _as_integers(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """The pixels as the smallest of the standard's types that holds them, little-endian."""
    name = f"{pixels.dtype.kind}{pixels.dtype.itemsize}"
    if name not in _SENT_AS:
        limits = np.iinfo(np.int32)
        pixels = np.clip(np.rint(pixels), limits.min, limits.max).astype(np.int32)
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
