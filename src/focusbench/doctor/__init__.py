"""Findings on a finished run: what went wrong, with its number and the remedy.

Never: changes a run, reads a file or touches a device.
Imported by: af_packages and the rooms above; imports engine and below.
"""

from focusbench.doctor.diagnosis import diagnose, diagnose_points
from focusbench.doctor.finding import Code, Finding

__all__ = ["Code", "Finding", "diagnose", "diagnose_points"]
