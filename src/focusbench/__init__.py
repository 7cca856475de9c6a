"""focusbench: a workbench for telescope auto focus in JupyterLab."""
