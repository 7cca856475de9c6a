"""Lessons: what the notebooks in `notebooks/lessons` show and ask, so that they hold no logic.

Never: teaches a rule of its own; every number comes from the rooms that runs use.
Imported by: nobody but the notebooks; imports api, widgets and below.
"""

from focusbench.lessons.asking import Question, Quiz, question, quiz
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import Picture, new_axes, picture
from focusbench.lessons.saying import say
from focusbench.lessons.star_pictures import (
    bright_over_faint,
    eyepiece,
    half_light,
    look_alike,
    strip,
    widths,
)
from focusbench.lessons.through_focus import ThroughFocus, frames_of, take_frame, through_focus

__all__ = [
    "Flipbook",
    "Picture",
    "Question",
    "Quiz",
    "ThroughFocus",
    "bright_over_faint",
    "eyepiece",
    "frames_of",
    "half_light",
    "look_alike",
    "new_axes",
    "picture",
    "question",
    "quiz",
    "say",
    "strip",
    "take_frame",
    "through_focus",
    "widths",
]
