"""When to focus: each trigger is a pure decision that explains itself.

Never: moves or exposes anything, or keeps the night's clock.
Imported by: sequence and the rooms above; imports options and errors.
"""
