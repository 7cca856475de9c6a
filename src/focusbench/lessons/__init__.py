"""Lessons: what the notebooks in `notebooks/lessons` show and ask, so that they hold no logic.

Never: teaches a rule of its own; every number comes from the rooms that runs use.
Imported by: nobody but the notebooks; imports api, widgets and below.
"""

from focusbench.lessons.asking import Question, Quiz, question, quiz
from focusbench.lessons.pictures import Picture, new_axes, picture
from focusbench.lessons.saying import say

__all__ = [
    "Picture",
    "Question",
    "Quiz",
    "new_axes",
    "picture",
    "question",
    "quiz",
    "say",
]
