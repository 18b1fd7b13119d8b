import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from taizhang.cli import main


@dataclass
class Outcome:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(capsys) -> Callable[..., Outcome]:
    """Runs the command line in this process."""

    def run(*words: object) -> Outcome:
        with pytest.raises(SystemExit) as exit:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(int(exit.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def circuit_file(tmp_path, run):
    path = tmp_path / "grid.txt"
    assert run("random", "grid", "--rows", 3, "--columns", 3, "--depth", 8, "--seed", 5, "-o", path).status == 0
    return path
