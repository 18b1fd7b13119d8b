//! Python bindings of `taizhang-core`: convert arguments, call, convert results and errors. Nothing else.

use pyo3::prelude::*;

mod cones;
mod engine;
mod openqasm;
mod plan;
mod probes;
mod program;
mod underflow;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    plan::register(module)?;
    cones::register(module)?;
    engine::register(module)?;
    openqasm::register(module)?;
    probes::register(module)?;
    underflow::register(module)?;
    Ok(())
}
