"""AF packages: every run saved as it goes, and any run, ours or foreign, opened as xarray.

Never: changes a package by opening, re-fitting or replaying it.
Imported by: sequence, tuning, api; imports doctor, engine and below.
"""
