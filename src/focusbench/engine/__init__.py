"""The run: a generator of events over a sampler, its runners, and the session that owns a rig.

Never: knows a widget, a file format or a particular driver.
Imported by: af_packages, doctor's callers and the rooms above; imports devices, stars and below.
"""
