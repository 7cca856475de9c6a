"""Tuning: which step size, how many data points, what exposure, from saved runs.

Never: changes a package or moves a device.
Imported by: api; imports af_packages, engine and below.
"""
