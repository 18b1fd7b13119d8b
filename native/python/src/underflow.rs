//! Bindings of `taizhang_core::underflow`.

use pyo3::prelude::*;
use taizhang_core::underflow;

/// Clears the underflow flag of this thread.
#[pyfunction]
fn clear_underflow() {
    underflow::clear();
}

/// Whether this thread has rounded numbers too small for their type since the flag was cleared.
#[pyfunction]
fn underflow_occurred() -> bool {
    underflow::occurred()
}

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(clear_underflow, module)?)?;
    module.add_function(wrap_pyfunction!(underflow_occurred, module)?)
}
