//! Bindings of `taizhang_core::probes`: measured peaks of the machine.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use taizhang_core::probes;
use taizhang_core::run::arena;
use taizhang_core::simd::level::SimdLevel;

/// Best seconds of a contraction of contiguous matrices; raises ValueError for another dtype.
#[pyfunction]
fn time_contraction(
    py: Python<'_>,
    m: usize,
    n: usize,
    k: usize,
    dtype: &str,
    threads: usize,
    repeats: usize,
) -> PyResult<f64> {
    match dtype {
        "complex64" => Ok(py.detach(|| probes::contraction_seconds::<f32>(m, n, k, threads, repeats))),
        "complex128" => Ok(py.detach(|| probes::contraction_seconds::<f64>(m, n, k, threads, repeats))),
        _ => Err(PyValueError::new_err(format!(
            "dtype must be complex64 or complex128, got '{dtype}'"
        ))),
    }
}

/// Best seconds to copy `bytes` bytes.
#[pyfunction]
fn time_copy(py: Python<'_>, bytes: usize, threads: usize) -> f64 {
    py.detach(|| probes::copy_seconds(bytes, threads))
}

/// The vector instructions in use, by name.
#[pyfunction]
fn simd_level() -> &'static str {
    SimdLevel::detect().name()
}

/// The vector instructions that this machine has, narrowest first: those that `TAIZHANG_SIMD` can choose.
#[pyfunction]
fn simd_levels() -> Vec<&'static str> {
    SimdLevel::available().map(SimdLevel::name).collect()
}

/// Bytes of arenas that are kept for the next run.
#[pyfunction]
fn kept_bytes() -> usize {
    arena::kept_bytes()
}

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(time_contraction, module)?)?;
    module.add_function(wrap_pyfunction!(time_copy, module)?)?;
    module.add_function(wrap_pyfunction!(kept_bytes, module)?)?;
    module.add_function(wrap_pyfunction!(simd_levels, module)?)?;
    module.add_function(wrap_pyfunction!(simd_level, module)?)
}
