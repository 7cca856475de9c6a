"""Settings levels, and sequences in files."""

import json

import pytest

from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, SequenceOptions, TargetEvent, TriggerOptions
from focusbench.sequence import Sequence, Target, load_sequence, save_sequence, sky_place

L = TargetEvent(filter="L", exposure_s=300, count=20)


def of_8_px():
    profile = AutofocusOptions(min_star_diameter_px=8)
    return Sequence(profile).add_target("A", L).add_target("B", L)


def diameters(sequence):
    return {target.name: target.min_star_diameter_px for target in sequence.targets}


def test_a_changed_profile_leaves_existing_targets_and_is_copied_into_new_ones():
    changed = of_8_px().with_profile(AutofocusOptions(min_star_diameter_px=5))
    assert diameters(changed) == {"A": 8, "B": 8}
    assert diameters(changed.add_target("C")) == {"A": 8, "B": 8, "C": 5}


def test_the_profile_in_a_sequence_is_a_copy():
    profile = AutofocusOptions(min_star_diameter_px=8)
    sequence = Sequence(profile)
    profile = profile.replace(min_star_diameter_px=5)
    assert sequence.add_target("A").target("A").min_star_diameter_px == 8
    assert sequence.with_profile(profile).autofocus.min_star_diameter_px == 5


def test_each_target_keeps_its_own_value():
    sequence = of_8_px().change_target("A", min_star_diameter_px=6)
    assert diameters(sequence) == {"A": 6, "B": 8}
    # Back and forth between targets, each shows its own.
    assert [sequence.target(name).min_star_diameter_px for name in "ABA"] == [6, 8, 6]
    assert sequence.autofocus.min_star_diameter_px == 8


def test_a_run_is_made_with_the_value_of_its_target_and_the_profile_otherwise():
    sequence = of_8_px().change_target("A", min_star_diameter_px=6)
    sequence = sequence.with_profile(sequence.autofocus.replace(step_size=77))
    options = sequence.autofocus_for(sequence.target("A"))
    assert (options.min_star_diameter_px, options.step_size) == (6, 77)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: of_8_px().target("C"), "no target 'C'; there are: A, B"),
        (lambda: of_8_px().add_target("A"), "two targets 'A'"),
        (lambda: Target("", 3.0), "needs a name"),
        (lambda: Target("A", -1), "min_star_diameter_px.*from 0 to 200"),
        (lambda: Target("A", 3.0, ("L",)), "TargetEvents; got 'L'"),
        (lambda: Target("A", 3.0, ra_h=25), "ra_h.*from 0 to 24; got 25"),
        (lambda: of_8_px().change_target("B", dec_deg=-91), "dec_deg.*from -90 to 90"),
        (lambda: TargetEvent(count=0), "count.*from 1"),
        (lambda: TargetEvent(exposure_s=4000), "exposure_s.*at most 3600"),
        (lambda: TargetEvent(binning=5), "binning.*one of 1, 2, 3, 4"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_given(make, says):
    with pytest.raises(OptionsError, match=says):
        make()


def test_a_sequence_round_trips_through_a_file(tmp_path):
    sequence = Sequence(
        AutofocusOptions(step_size=25, filters={"L": {"exposure_s": 3}}),
        TriggerOptions(every_c=1, history="hfr"),
        SequenceOptions(steps_per_c=12.5, latitude_deg=48, longitude_deg=11),
    )
    sequence = sequence.add_target("M 31", L, ra_h=0.7, dec_deg=41.3).add_target("β Cyg")
    sequence = sequence.change_target("M 31", min_star_diameter_px=8)
    save_sequence(sequence, tmp_path / "night.json")
    assert load_sequence(tmp_path / "night.json") == sequence
    assert "β Cyg" in (tmp_path / "night.json").read_text(encoding="utf-8")


def test_what_a_file_leaves_out_has_its_default(tmp_path):
    path = tmp_path / "night.json"
    path.write_text(
        '{"autofocus": {"min_star_diameter_px": 8},'
        ' "targets": [{"name": "A", "events": [{"filter": "L"}]}]}'
    )
    sequence = load_sequence(path)
    assert sequence.triggers == TriggerOptions()
    assert diameters(sequence) == {"A": 8}
    assert sequence.rows[0].frames == TargetEvent(filter="L")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "no JSON file of a sequence"),
        ("[]", "A sequence is a mapping of autofocus, triggers"),
        ({"trigger": {}}, "has no 'trigger'"),
        ({"triggers": {"every_c": 0}}, "every_c.*more than 0"),
        ({"targets": {}}, "targets is a list"),
        ({"targets": [{"name": "A", "colour": 1}]}, "A target has no 'colour'"),
        ({"targets": [{"events": []}]}, "needs a name"),
        ({"targets": [{"name": "A", "events": [{"count": 0}]}]}, "count"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, document, says):
    path = tmp_path / "night.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(OptionsError, match=says) as caught:
        load_sequence(path)
    assert "night.json" in str(caught.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("hour", [0, 3, 6, 9])
def test_airmass_and_side_agree_with_astropy(hour):
    from astropy import units as u
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord
    from astropy.time import Time
    from astropy.utils import iers

    iers.conf.auto_download = False
    time_s = 1_700_000_000 + 3600 * hour
    site = EarthLocation(lat=48 * u.deg, lon=11 * u.deg)
    star = SkyCoord(ra=0.712 * 15 * u.deg, dec=41.27 * u.deg)
    there = star.transform_to(AltAz(obstime=Time(time_s, format="unix"), location=site))
    place = sky_place(0.712, 41.27, 48, 11, time_s)
    assert place.west == (there.az.deg > 180)
    zenith = 90 - there.alt.deg
    if zenith < 70:
        # The secant: Kasten & Young are within 0.5 % of it up to 70°; precession adds a little.
        assert place.airmass == pytest.approx(float(there.secz), rel=0.01)


def test_without_site_or_coordinates_nothing_is_known_and_below_the_horizon_no_airmass():
    assert sky_place(None, 41, 48, 11, 0) == (None, None)
    assert sky_place(1, 41, 48, None, 0) == (None, None)
    assert sky_place(1, -80, 48, 11, 0).airmass is None
    assert sky_place(12, 90, 90, 0, 0).airmass == pytest.approx(1, abs=1e-3)
