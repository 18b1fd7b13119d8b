"""What a machine can do, in Python as on the command line."""

from __future__ import annotations

import json
import re

from taizhang.api.doctor import doctor


def test_a_report_is_json():
    report = doctor()
    fields = report.to_dict()
    assert json.loads(json.dumps(fields)) == fields
    assert fields["cores"] == report.cores >= 1
    assert report.gflops_per_second == 8e-9 * report.multiply_adds_per_second


def test_a_report_is_shown():
    report = doctor()
    assert [line.split()[0] for line in str(report).splitlines()] == [
        "taizhang",
        "cores",
        "SIMD",
        "arithmetic",
        "memory",
        "smallest",
        "memory",
    ]
    assert re.fullmatch(r"<MachineReport: \d+ cores?, \w+, \d+ GFLOP/s>", repr(report))
    assert "GFLOP/s" in report._repr_html_()
