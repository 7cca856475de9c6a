"""Panels for JupyterLab: forms, live V-curve, buttons.

Never: measures, fits or decides; it shows what the rooms below say.
Imported by: the front door; imports api and below. The only room that knows ipywidgets and bqplot.
"""
