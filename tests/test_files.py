import os

import pytest

from taizhang._files import check_output, write_file
from taizhang.errors import UsageError


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none/out.txt", "the folder '.*none' of -o does not exist; make it, or name another"),
        ("file/out.txt", "'.*file' of -o is not a folder; name another"),
        ("folder", "'.*folder' of -o is a folder; give the name of a file in it"),
        ("out.xyz", r"the file of -o must end in \.npy or \.txt, got '.*out.xyz'"),
        ("x" * 300 + ".txt", "the name of the file of -o is too long|cannot be used"),
        ("loop/out.txt", "cannot be used: .*|is not a folder|does not exist"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_in_one_sentence(tmp_path, name, said):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError, match=said):
        check_output(tmp_path / name, called="-o", endings=None if name == "folder" else (".npy", ".txt", ""))


@pytest.mark.parametrize("name", ["out.txt", "out.TXT", "out", "there.txt", "link.txt"])
def test_a_file_that_can_be_written_is_not_touched(tmp_path, name):
    (tmp_path / "there.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "there.txt")
    before = sorted(tmp_path.iterdir())
    assert check_output(tmp_path / name, called="-o", endings=(".txt", "")) == tmp_path / name
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.txt").read_text() == "old"


def test_a_file_is_replaced_in_one_move_and_a_link_stays_a_link(tmp_path):
    (tmp_path / "there.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("there.txt")
    write_file(tmp_path / "link.txt", "new\n")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "there.txt").read_text() == "new\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.txt", "there.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_device_is_written_and_not_replaced():
    write_file("/dev/null", "gone")
    assert not os.path.isfile("/dev/null")
    with pytest.raises(OSError, match="No space left") as refused:
        write_file("/dev/full", "lost")
    assert refused.value.filename == "/dev/full"
    assert not os.path.isfile("/dev/full")
