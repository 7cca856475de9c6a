"""The compiled functions of this room; `kernel` makes one."""

from pathlib import Path

from focusbench.compiled import Kernels

KERNELS = Kernels(Path(__file__).parent, f"{__name__}.KERNELS")
kernel = KERNELS.kernel
