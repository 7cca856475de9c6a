"""Lessons: what the notebooks in `notebooks/lessons` show and ask, so that they hold no logic.

Never: teaches a rule of its own; every number comes from the rooms that runs use.
Imported by: nobody but the notebooks; imports api, widgets and below.
"""

from focusbench.lessons.asking import question, quiz
from focusbench.lessons.endings import Endings, run_picture, try_runs
from focusbench.lessons.fits import (
    FSQ_RUN,
    SGPRO_ANSWER,
    clean_points,
    crossing_height,
    fits_of,
    fits_picture,
    fsq_run,
    positions_by_curve,
    start_off,
    three_lowest,
)
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.frame_pictures import (
    crop_margins,
    curves,
    ends_over_minimum,
    hot_pixels_counted,
    minimum_diameter,
    objects_and_stars,
    plain_curve,
    reasons,
    stars_seen,
    take_dark,
    without_dark,
)
from focusbench.lessons.kinds_of_night import curve_errors, errors_picture, worst_errors
from focusbench.lessons.pictures import new_axes, picture
from focusbench.lessons.plain_program import plain_reading
from focusbench.lessons.play import (
    backlash_picture,
    both_ways,
    both_ways_picture,
    play_slider,
)
from focusbench.lessons.saying import say
from focusbench.lessons.star_pictures import (
    bright_over_faint,
    eyepiece,
    half_light,
    look_alike,
    strip,
    widths,
)
from focusbench.lessons.step_size import (
    ends_ratio,
    range_picture,
    range_study,
    zones_of,
)
from focusbench.lessons.through_focus import frames_of, take_frame, through_focus
from focusbench.lessons.tuning_game import (
    last_night_picture,
    score,
    three_rigs,
)

__all__ = [
    "FSQ_RUN",
    "SGPRO_ANSWER",
    "Endings",
    "Flipbook",
    "backlash_picture",
    "both_ways",
    "both_ways_picture",
    "bright_over_faint",
    "clean_points",
    "crop_margins",
    "crossing_height",
    "curve_errors",
    "curves",
    "ends_over_minimum",
    "ends_ratio",
    "errors_picture",
    "eyepiece",
    "fits_of",
    "fits_picture",
    "frames_of",
    "fsq_run",
    "half_light",
    "hot_pixels_counted",
    "last_night_picture",
    "look_alike",
    "minimum_diameter",
    "new_axes",
    "objects_and_stars",
    "picture",
    "plain_curve",
    "plain_reading",
    "play_slider",
    "positions_by_curve",
    "question",
    "quiz",
    "range_picture",
    "range_study",
    "reasons",
    "run_picture",
    "say",
    "score",
    "stars_seen",
    "start_off",
    "strip",
    "take_dark",
    "take_frame",
    "three_lowest",
    "three_rigs",
    "through_focus",
    "try_runs",
    "widths",
    "without_dark",
    "worst_errors",
    "zones_of",
]
