"""A night: target events, light frames and image history that ask the triggers.

Never: decides by itself when focus is due.
Imported by: tuning, api; imports triggers, engine, af_packages and below.
"""
