import numpy as np
import pytest

import taizhang as tz


def test_a_run_from_python_is_what_amplitudes_are(tmp_path):
    circuit = tz.grid_circuit(3, 3, 12, seed=5)
    options = {"threads": 1, "trials": 1}
    plan = tz.plan(circuit, **options)
    one = tz.run(circuit, "010011100", directory=tmp_path / "one", plan=plan, **options)
    assert one == tz.amplitude(circuit, "010011100", plan=plan, **options)
    several = ["000000000", "111111111"]
    values = tz.run(circuit, several, directory=tmp_path / "several", plan=plan, workers=0, **options)
    assert values.tobytes() == tz.amplitudes(circuit, several, plan=plan, **options).tobytes()
    batch = tz.run(circuit, "0" * 9, directory=tmp_path / "batch", open_qubits=[3, 1], **options)
    np.testing.assert_allclose(batch, tz.amplitude_batch(circuit, "0" * 9, open_qubits=[3, 1], **options), rtol=1e-5)
    assert tz.resume(tmp_path / "several").tobytes() == values.tobytes()
    assert tz.status(tmp_path / "one").state == "complete"
    assert tz.verify(tmp_path / "one", threads=1).same_bits
    assert tz.report(tmp_path / "one").read_text().startswith("<!doctype html>")
    tz.work(tmp_path / "one", threads=1)
    workforce = tz.Workforce(threads=1, memory_bytes=4 << 30)
    assert tz.resume(tmp_path / "several", workforce=workforce).tobytes() == values.tobytes()
    with pytest.raises(tz.UsageError, match="workforce and workers cannot be given together"):
        tz.resume(tmp_path / "several", workforce=workforce, workers=2)
    with pytest.raises(tz.UsageError, match="resume does not read the option 'width'; it takes "):
        tz.resume(tmp_path / "several", width=3)
    with pytest.raises(tz.RunError):
        tz.status(tmp_path)
