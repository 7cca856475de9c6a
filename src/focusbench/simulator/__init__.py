"""A simulated rig: sky, optics, seeing, mechanics, sensor and a virtual clock.

Never: shares code with stars or curve, so that one can judge the other.
Imported by: api and cli; imports devices, frames and below.
"""
