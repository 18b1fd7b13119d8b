import pytest

from taizhang._units import human_bytes, human_seconds, parse_memory, parse_time
from taizhang.errors import UsageError


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("8GiB", 8 * 2**30),
        ("500MB", 500_000_000),
        ("1 kib", 1024),
        (4096, 4096),
        ("2e3", 2000),
        ("1.5GB", 1_500_000_000),
    ],
)
def test_memory_is_read_with_its_unit(given, wanted):
    assert parse_memory(given) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"), [("30s", 30), ("10m", 600), ("2h", 7200), ("5ms", 0.005), (1.5, 1.5), ("0", 0)]
)
def test_time_is_read_with_its_unit(given, wanted):
    assert parse_time(given) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "given", ["", "8 parsecs", "-1GiB", "1e999GiB", "nan", float("nan"), float("inf"), "0", 0, "9" * 100, True]
)
def test_memory_that_makes_no_sense_is_refused_with_an_example(given):
    with pytest.raises(UsageError, match="8GiB"):
        parse_memory(given)


@pytest.mark.parametrize("given", ["soon", "-3s", "1e99h", float("inf"), "٣s"])
def test_time_that_makes_no_sense_is_refused_with_an_example(given):
    with pytest.raises(UsageError, match="30s"):
        parse_time(given)


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(2e-5, "20 µs"), (59.7, "60 s"), (3600, "1 h 0 min"), (1e9, "32 years"), (1e20, "3.2e+12 years")],
)
def test_times_are_formatted(seconds, wanted):
    assert human_seconds(seconds) == wanted


def test_bytes_are_formatted():
    assert [human_bytes(b) for b in (12, 2048, 2**45, 1e30)] == ["12 B", "2.0 KiB", "32.0 TiB", "8.9e+14 PiB"]
