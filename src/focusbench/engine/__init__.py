"""The run: a generator of events over a sampler, and the session that owns a rig and runs it.

Never: knows a widget, a file format or a particular driver.
Imported by: doctor and the rooms above; imports devices, stars and below.

What SGPro's help page has, by which option it is set here, and the test that holds us to it (in
`tests/`). An option that the page does not have is marked with +. A test sees to it that every
option stands here and every test exists.

Data points, step size
    `data_points`, `step_size`
    engine/test_run.py::test_run_starts_out_and_steps_in
    engine/test_run_on_a_rig.py::test_sweep_starts_out_and_steps_in
Smart focus, and its being disabled
    `smart_focus`, + `max_sweeps`, + `max_travel`
    engine/test_run.py::test_smart_focus_goes_on_inward_one_point_at_a_time
    engine/test_run.py::test_smart_focus_starts_over_when_it_only_gets_worse
    engine/test_run.py::test_without_smart_focus_exactly_the_points_asked_for_are_taken
    engine/test_run.py::test_focus_too_far_away_ends_at_the_start
    engine/test_smart_focus.py::test_smart_focus_focuses_from_a_sweep_away_and_comes_home_from_further
    engine/test_whole_run.py::test_no_move_goes_beyond_the_largest_travel
Focus metric
    `metric`
    engine/test_help_page.py::test_what_is_measured_is_what_the_options_say
Minimum star diameter
    `min_star_diameter_px`, + `min_stars`
    engine/test_help_page.py::test_what_is_measured_is_what_the_options_say
    stars/test_measure.py::test_minimum_star_diameter_halves_at_binning_2
    engine/test_run.py::test_point_without_stars_is_a_red_x_and_the_run_goes_on
Crop auto focus frame
    `crop_percent`
    engine/test_help_page.py::test_what_is_measured_is_what_the_options_say
    frames/test_cropping.py::test_five_per_cent_of_800_by_600_drops_20_and_15_pixels
Exposure per filter, and the one exposure without filters
    `filters`, `exposure_s`
    engine/test_whole_run.py::test_without_a_focus_filter_the_filter_in_the_beam_gives_the_exposure
    engine/test_whole_run.py::test_without_a_wheel_there_is_one_exposure
Auto focus with a chosen filter
    `focus_filter`
    engine/test_whole_run.py::test_focus_filter_goes_wheel_offset_sweep_validation_wheel_back_offset_back
Auto adjust focus per filter
    `adjust_focus_per_filter`, `filters`
    options/test_autofocus_options.py::test_focus_shift_is_the_difference_of_the_focus_points
Binning
    `binning`
    engine/test_help_page.py::test_frames_are_binned_as_asked_for
Fast download
    `fast_download`, + `gain`
    engine/test_whole_run.py::test_fast_download_saves_half_of_every_download
    engine/test_whole_run.py::test_gain_and_temperature_compensation_are_the_runs_own_while_it_lasts
Dark subtraction
    `dark_folder`
    engine/test_run_on_a_rig.py::test_the_nearest_dark_is_subtracted_and_remembered
    engine/test_run_on_a_rig.py::test_a_run_whose_darks_do_not_fit_does_not_begin
Backlash compensation, amount and direction
    `backlash`, `final_move`, + `final_approach`
    engine/test_run_on_a_rig.py::test_first_and_last_move_overshoot_where_the_final_move_is_in
    engine/test_run_on_a_rig.py::test_final_move_out_overshoots_every_step_inward
    engine/test_run.py::test_direct_approach_takes_the_shortest_way
Settle time
    + `settle_s`
    engine/test_whole_run.py::test_settle_time_passes_before_every_exposure
Frames averaged at a point
    + `frames_per_point`
    engine/test_whole_run.py::test_frames_of_a_point_are_averaged_and_all_kept
Two lines and the average of the lowest points; the quadratic of 3.1 with its quality gate
    `curve`, `veto`, `min_quality`, + `zone_tolerance`
    engine/test_whole_run.py::test_the_preset_focuses_sgpros_own_run_where_sgpro_did
    engine/test_help_page.py::test_without_the_veto_the_curve_decides_alone
    engine/test_run.py::test_parabola_below_its_gate_falls_back_to_the_lowest_points
    engine/test_run_on_a_rig.py::test_without_a_fit_focus_is_the_average_of_the_lowest_points
    engine/test_help_page.py::test_the_zone_is_wider_for_a_larger_tolerance
Validation frame within 10 %
    `validation_frame`, `validation_tolerance_percent`
    engine/test_run.py::test_validation_beyond_ten_percent_either_side_warns_and_undoes_nothing
Run Again, Cancel and the close delay of the dialog
    `close_delay_s`
    engine/test_run_on_a_rig.py::test_cancel_and_run_again_return_as_the_help_page_says
    engine/test_hooks_and_close.py::test_run_again_in_the_delay_starts_it_anew
    engine/test_hooks_and_close.py::test_cancel_in_the_delay_goes_back_and_starts_it_anew
"""

from focusbench.engine.announcing import Recorder
from focusbench.engine.cancel_file import request_cancel
from focusbench.engine.curve_sampler import CurveSampler
from focusbench.engine.events import (
    CurvesFitted,
    Event,
    FilterChanged,
    MoveStarted,
    PointMeasured,
    PointStarted,
    RunDismissed,
    RunFinished,
    RunStarted,
    SweepExtended,
    SweepStarted,
    Validated,
    Warned,
)
from focusbench.engine.hooks import Hook, log_warnings, tell_warnings
from focusbench.engine.progress import Activity, RunProgress, fold
from focusbench.engine.record import RunRecord, Validation
from focusbench.engine.rig_sampler import RigSampler, average
from focusbench.engine.run import autofocus_run, verdict
from focusbench.engine.sampler import Passing, Sample, Sampler
from focusbench.engine.session import FocusSession

__all__ = [
    "Activity",
    "CurveSampler",
    "CurvesFitted",
    "Event",
    "FilterChanged",
    "FocusSession",
    "Hook",
    "MoveStarted",
    "Passing",
    "PointMeasured",
    "PointStarted",
    "Recorder",
    "RigSampler",
    "RunDismissed",
    "RunFinished",
    "RunProgress",
    "RunRecord",
    "RunStarted",
    "Sample",
    "Sampler",
    "SweepExtended",
    "SweepStarted",
    "Validated",
    "Validation",
    "Warned",
    "autofocus_run",
    "average",
    "fold",
    "log_warnings",
    "request_cancel",
    "tell_warnings",
    "verdict",
]
