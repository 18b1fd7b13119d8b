import json
import re
from html.parser import HTMLParser

import pytest

from taizhang.errors import RunDamagedError, RunError, RunStoppedError
from taizhang.runs import coordinator
from taizhang.runs.ledger import Ledger
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.report import kept as kept_report
from taizhang.runs.report.report import REPORT, report_of
from taizhang.runs.run import continue_run
from taizhang.runs.verify import verify

MEMORY = 1 << 30


def test_a_complete_run_is_verified_with_a_record(make_folder, workforce, undisturbed):
    folder = make_folder()
    continue_run(folder, workforce)
    verification = verify(folder, pieces=4, threads=1, memory_bytes=MEMORY)
    assert len(verification.pieces) == 4
    assert verification.same_bits
    assert 1e-9 < verification.relative_error < 1e-3
    assert 0 < verification.standard_error < 1e-4
    record = json.loads(json.dumps(verification.record))
    assert record["values"][0][0] == {"re": undisturbed.real, "im": undisturbed.imag}
    assert record["sha256"].keys() >= {"circuit.qasm", "task.json", "plan-0.json", "arrays-0.npy"}
    assert "same bits" in str(verification)


def test_a_run_half_done_is_verified_too(make_folder, workforce):
    folder = make_folder(slices_per_piece=1)
    calls = iter([False] * 4 + [True] * 9999)
    with pytest.raises(RunStoppedError):
        continue_run(folder, workforce, stop=lambda: next(calls))
    verification = verify(folder, threads=1, memory_bytes=MEMORY, precise=False)
    assert verification.standard_error is None
    assert "values" not in verification.record


def test_a_machine_that_computed_wrongly_is_detected(make_folder, workforce):
    folder = make_folder()
    continue_run(folder, workforce)
    with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
        wrong = []
        for number in ledger.samples():
            sample = ledger.sample(number)
            mantissas = sample.mantissas * (1 + 1e-15)
            wrong.append((number, PartialSum(mantissas=mantissas, exponents=sample.exponents)))
        ledger.commit(samples=wrong)
    with pytest.raises(RunError, match="computed again"):
        verify(folder, threads=1, memory_bytes=MEMORY)


def test_damage_is_detected_by_verify(make_folder, workforce):
    folder = make_folder()
    continue_run(folder, workforce)
    circuit = folder.path / "circuit.qasm"
    circuit.write_bytes(circuit.read_bytes().replace(b"cz", b"cx", 1))
    with pytest.raises(RunDamagedError, match=r"circuit\.qasm"):
        verify(folder, threads=1, memory_bytes=MEMORY)


class Checker(HTMLParser):
    """Checks that tags are closed and nothing is fetched; counts scripts and figures."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.charts = self.scripts = 0

    def handle_starttag(self, tag, attrs):
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert not any(key.startswith("on") or key in ("src", "style") for key, _ in attrs)
        self.scripts += tag == "script"
        assert not any(value and value.startswith(("http", "//", "data:")) and key != "xmlns" for key, value in attrs)
        self.charts += tag == "svg"
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_of_a_run_is_one_self_contained_page(make_folder, workforce):
    folder = make_folder(slices_per_piece=1, name="a <b> & run")
    pages = [report_of(folder)]
    for times in (3, 5, 8):
        calls = iter([False] * times + [True] * 9999)
        with pytest.raises(RunStoppedError):
            continue_run(folder, workforce, stop=lambda calls=calls: next(calls))
        pages.append(report_of(folder))
    continue_run(folder, workforce)
    verify(folder, threads=1, memory_bytes=MEMORY)
    pages.append(report_of(folder))
    for page in pages:
        checker = Checker()
        checker.feed(page)
        assert not checker.open
        assert checker.scripts == 1
        assert "<b>" not in page
        assert "nan" not in re.sub(r"<[^>]*>", "", page).lower().split()
    assert checker.charts >= 6
    assert "one standard error of rounding" in pages[-1]
    assert all('data-reload="30"' in page for page in pages[:-1])
    assert "data-reload" not in pages[-1].split("<script>")[0].split("<style>")[0]
    assert "data-reload" not in report_of(folder, kept=False).split("<style>")[0]


def test_the_report_of_a_batch_lists_its_values(make_folder, workforce):
    folder = make_folder(["010011100", "111111111"])
    continue_run(folder, workforce)
    page = report_of(folder)
    assert "010011100" in page
    assert "111111111" in page


def test_a_report_is_kept_up_to_date_while_the_run_goes_on(make_folder, workforce, monkeypatch):
    monkeypatch.setattr(kept_report, "WRITE_SECONDS", 0.0)
    monkeypatch.setattr(kept_report, "LEAST_RATIO", 0)
    monkeypatch.setattr(coordinator, "WATCH_SECONDS", 0.0)
    folder = make_folder(slices_per_piece=1)
    page = folder.path / REPORT
    seen = []

    class Reader:
        def running(self, progress):
            seen.append(page.read_text(encoding="utf-8") if page.exists() else None)

    calls = iter([False] * 5 + [True] * 9999)
    with pytest.raises(RunStoppedError):
        continue_run(folder, workforce, stop=lambda: next(calls), observer=Reader())
    assert set(seen) == {None}  # no report was requested
    page.write_text(report_of(folder), encoding="utf-8")
    seen.clear()
    continue_run(folder, workforce, observer=Reader())
    assert len(set(seen)) > 1
    assert "<strong>running</strong>" in seen[-1]
    assert "data-reload" not in page.read_text(encoding="utf-8").split("<style>")[0]


def test_an_error_in_the_report_does_not_stop_the_run(make_folder, workforce, undisturbed, monkeypatch):
    def broken(folder):
        raise OSError("no space left")

    monkeypatch.setattr(kept_report, "report_of", broken)
    folder = make_folder()
    (folder.path / REPORT).write_text("old", encoding="utf-8")
    assert continue_run(folder, workforce)[0][0, 0] == undisturbed
    assert (folder.path / REPORT).read_text(encoding="utf-8") == "old"
