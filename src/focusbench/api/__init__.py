"""The verbs of focusbench: each composes the rooms below.

Never: holds logic of its own.
Imported by: cli, widgets and the front door; imports every room below.
"""
