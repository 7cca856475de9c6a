"""What a rig lacks for a sequence, looked for before the first frame."""

from focusbench.devices import Rig
from focusbench.errors import FocusbenchError
from focusbench.frames import DarkLibrary
from focusbench.options import AutofocusOptions
from focusbench.sequence.plan import Sequence


def what_is_missing(rig: Rig, sequence: Sequence) -> list[str]:
    """What a rig lacks for a sequence: filters, binning, darks; a sentence each."""
    rows, options = sequence.rows, sequence.autofocus
    if not rows:
        return ["The sequence has no frames: add a target with at least one event."]
    wheel, camera = rig.filter_wheel, rig.camera
    has = wheel.filters if wheel else ()
    there = f"it has {', '.join(has)}" if has else "it has no filter wheel"
    wanted = [row.frames.filter for row in rows]
    found = [
        f"{rig.name} has no filter {name!r}; {there}."
        for name in (*wanted, options.focus_filter)
        if name is not None and name not in has
    ]
    found += [
        f"{camera.name} bins to {camera.max_binning}×{camera.max_binning} at most; "
        f"{row.kind} is asked for."
        for row in rows
        if row.frames.binning > camera.max_binning
    ]
    if options.dark_folder:
        found += _missing_darks(rig, options, wanted)
    return list(dict.fromkeys(found))


def _missing_darks(rig: Rig, options: AutofocusOptions, filters: list[str | None]) -> list[str]:
    """Darks of all focus frames, whatever filter they will be taken through."""
    assert options.dark_folder is not None
    rows, columns = rig.camera.shape
    shape = (rows // options.binning, columns // options.binning)
    through = [options.focus_filter] if options.focus_filter else filters
    found = []
    try:
        library = DarkLibrary(options.dark_folder)
    except FocusbenchError as error:
        return [str(error)]
    for exposure_s in sorted({options.exposure_for(name) for name in through}):
        try:
            library.find(exposure_s, shape, options.binning)
        except FocusbenchError as error:
            found.append(str(error))
    return found
