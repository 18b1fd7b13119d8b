//! Bindings of `taizhang_core::engine`.

use pyo3::prelude::*;

/// Adds what this file binds to the module.
pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
