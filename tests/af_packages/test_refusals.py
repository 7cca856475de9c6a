"""What cannot be opened says so in one sentence; a hostile zip gets nowhere."""

import stat
import struct
import zipfile

import pytest

from focusbench.af_packages import open_package, zip_package
from focusbench.errors import PackageDamaged, PackageError

BAD_FILES = {
    "random text": b"It was a clear night.\n",
    "binary": bytes(range(256)) * 8,
    "empty file": b"",
    "other json": b'{"name": "something else"}',
    "json list": b"[1, 2, 3]",
    "torn json": b'{"MeasurePoints": [',
    "deep json": b"[" * 200_000,
    "huge number": b'{"MeasurePoints": [{"Position": ' + b"9" * 5000 + b"}]}",
    "torn zip": b"PK\x03\x04 and no more",
    "pickle": b"\x80\x04\x95\x10\x00",
    "only a newline": b"\n",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_run_is_refused_in_one_sentence(tmp_path, name):
    path = tmp_path / "thing.dat"
    path.write_bytes(BAD_FILES[name])
    with pytest.raises(PackageError) as caught:
        open_package(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 300 + len(str(path))


def test_a_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(PackageError, match=r"There is no .*nothing; check the path"):
        open_package(tmp_path / "nothing")


def test_an_empty_folder_and_an_empty_zip_say_what_can_be_opened(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(tmp_path / "empty.zip", "w").close()
    for path in (empty, tmp_path / "empty.zip"):
        with pytest.raises(PackageError, match="is empty; give an AF package"):
            open_package(path)


def test_a_folder_of_something_else_says_what_can_be_opened(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(PackageError, match="holds no frames and no AF package; give"):
        open_package(tmp_path)


def test_a_folder_of_packages_or_reports_points_to_one_of_them(recorded, tmp_path):
    with pytest.raises(PackageError, match="holds 1 AF packages; open one of them"):
        open_package(recorded.parent)
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "a.json").write_text("{}")
    with pytest.raises(PackageError, match=r"open one of its files, such as .*a\.json"):
        open_package(folder)


def test_a_single_frame_points_to_its_folder(tmp_path):
    (tmp_path / "focus_100.fits").write_bytes(b"SIMPLE  =")
    with pytest.raises(PackageError, match="single frame; open the folder"):
        open_package(tmp_path / "focus_100.fits")


def test_the_manifest_itself_opens_its_package(recorded):
    assert open_package(recorded / "manifest.json").source == recorded
    assert open_package(recorded / "events.jsonl").source == recorded


def member(name, mode=0o644):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("info", "match"),
    [
        (member("../evil.fits"), "points outside"),
        (member("frames/../../evil.fits"), "points outside"),
        (member("/etc/evil.fits"), "no name within"),
        (member("C:/evil.fits"), "no name within"),
        (member("link.fits", stat.S_IFLNK | 0o777), "is a link"),
    ],
    ids=["dots", "inner-dots", "absolute", "drive", "link"],
)
def test_a_zip_with_a_name_that_leads_astray_is_refused(recorded, tmp_path, info, match):
    target = zip_package(recorded, tmp_path / "package.zip")
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(info, b"/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PackageError, match=match) as caught:
        open_package(target)
    assert str(target) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_backslash_in_a_name_is_refused(recorded, tmp_path):
    target = zip_package(recorded, tmp_path / "package.zip")
    content = target.read_bytes()
    assert content.count(b"stars.ecsv") == 2
    target.write_bytes(content.replace(b"stars.ecsv", b"..\\rs.ecsv"))
    with pytest.raises(PackageError, match="no name within"):
        open_package(target)


def test_a_member_that_claims_to_be_enormous_is_refused(recorded, tmp_path):
    target = zip_package(recorded, tmp_path / "package.zip")
    with zipfile.ZipFile(target) as archive:
        size = archive.getinfo("stars.ecsv").file_size
    content = bytearray(target.read_bytes())
    central = content.index(b"stars.ecsv", content.index(b"PK\x01\x02")) - 46
    assert struct.unpack_from("<I", content, central + 24) == (size,)
    struct.pack_into("<I", content, central + 24, 2**31)
    target.write_bytes(content)
    with pytest.raises(PackageError, match=r"would unpack to 2,048 MB"):
        open_package(target)


def test_a_text_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("focusbench.af_packages.reader.JSON_LIMIT", 2**20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * (3 * 2**20))
    with pytest.raises(PackageError, match="larger than 1 MB"):
        open_package(tmp_path / "bomb.zip")


def test_a_zip_with_a_flipped_byte_is_damaged_not_wrong(recorded, tmp_path):
    target = zip_package(recorded, tmp_path / "package.zip")
    with zipfile.ZipFile(target) as archive:
        info = archive.getinfo("manifest.json")
    content = bytearray(target.read_bytes())
    content[info.header_offset + 30 + len("manifest.json") + 50] ^= 0xFF
    target.write_bytes(content)
    with pytest.raises(PackageDamaged, match="is a damaged zip"):
        open_package(target)


def test_a_frame_that_is_gone_is_named_when_it_is_asked_for(recorded):
    (recorded / "frames" / "s0_p01_f0_10160.fits").unlink()
    package = open_package(recorded)
    assert package.frames[0].position == 10_220
    with pytest.raises(PackageDamaged, match=r"lacks frames/s0_p01_f0_10160\.fits"):
        package.frames[1]
