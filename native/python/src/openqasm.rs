//! Bindings of `taizhang_core::openqasm`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyTuple};
use taizhang_core::openqasm::{
    read_with, Affine, Angle, Base, Event, ReadCondition, ReadError, ReadGate, Reading, Sequence,
};

/// Base (a name, or the number of a product), parameters (an integer is the number of an expression), powers, number of
/// controls.
type Gate<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>, Bound<'py, PyTuple>, usize);
/// Numbers of gates, qubits of each operation, global phase.
type Steps<'py> = (Bound<'py, PyList>, Bound<'py, PyList>, f64);
/// Name, number of qubits, steps.
type Product<'py> = (String, usize, Steps<'py>);

/// Inputs with their factors, by number.
type Terms = Vec<(u32, f64)>;
/// Names of inputs, expressions of them (terms and a number), and the terms of the global phase.
type Inputs = (Vec<String>, Vec<(Terms, f64)>, Terms);

/// A warning about a file: reason, line, column, excerpt.
type Warning = (String, usize, usize, String);
/// Names and lengths of the registers of bits, what happens beside gates (the number of gates before it, and what), and
/// whether that is more than measurements at the end.
type Classical<'py> = (Vec<(String, usize)>, Vec<(usize, Bound<'py, PyTuple>)>, bool);
/// Number of qubits, gates, steps, products, inputs, classical part, warnings.
type Read<'py> = (
    usize,
    Vec<Gate<'py>>,
    Steps<'py>,
    Vec<Product<'py>>,
    Inputs,
    Classical<'py>,
    Vec<Warning>,
);

/// Reads OpenQASM. Raises `CircuitFileError`.
#[pyfunction]
#[pyo3(signature = (text, source, max_turns))]
fn read_openqasm<'py>(py: Python<'py>, text: &[u8], source: Option<&str>, max_turns: usize) -> PyResult<Read<'py>> {
    let reading = match py.detach(|| read_with(text, max_turns)) {
        Ok(reading) => reading,
        Err(error) => return Err(circuit_file_error(py, error, source)?),
    };
    let Reading {
        num_qubits,
        gates,
        sequence,
        products,
        inputs,
        expressions,
        phase_terms,
        events,
        dynamic,
        registers,
        warnings,
    } = &reading;
    // Stage 1: one integer object for each qubit, not for each use of it.
    let numbers: Vec<Bound<'py, PyInt>> = (0..*num_qubits)
        .map(|qubit| qubit.into_pyobject(py))
        .collect::<Result<_, _>>()?;
    // Stage 2: gates and products, then the operations and warnings.
    let converted = gates.iter().map(|gate| convert(py, gate)).collect::<PyResult<_>>()?;
    let mut converted_products = Vec::with_capacity(products.len());
    for product in products {
        converted_products.push((
            product.name.clone(),
            product.num_qubits,
            steps(py, &product.sequence, gates, &numbers)?,
        ));
    }
    Ok((
        *num_qubits,
        converted,
        steps(py, sequence, gates, &numbers)?,
        converted_products,
        (
            inputs.clone(),
            expressions.iter().map(parts).collect(),
            phase_terms.clone(),
        ),
        (
            registers.clone(),
            events
                .iter()
                .map(|(place, event)| Ok((*place, event_parts(py, event)?)))
                .collect::<PyResult<_>>()?,
            *dynamic,
        ),
        warnings
            .iter()
            .map(|warning| {
                let ReadError {
                    reason,
                    line,
                    column,
                    excerpt,
                } = warning.clone();
                (reason, line, column, excerpt)
            })
            .collect(),
    ))
}

/// The line of a text that holds a byte, and a caret under that byte; short and printable.
#[pyfunction]
fn excerpt(text: &[u8], offset: usize) -> String {
    taizhang_core::excerpt::excerpt(text, offset)
}

fn convert<'py>(py: Python<'py>, gate: &ReadGate) -> PyResult<Gate<'py>> {
    let base = match gate.base {
        Base::Named(name) => name.into_pyobject(py)?.into_any(),
        Base::Product(number) => number.into_pyobject(py)?.into_any(),
    };
    let parameters = gate.parameters.iter().map(|&angle| match angle {
        Angle::Number(number) => PyFloat::new(py, number).into_any(),
        Angle::Affine(place) => place
            .into_pyobject(py)
            .unwrap_or_else(|never| match never {})
            .into_any(),
    });
    Ok((
        base,
        PyTuple::new(py, parameters)?,
        PyTuple::new(py, &gate.powers)?,
        gate.num_controls,
    ))
}

fn parts(expression: &Affine) -> (Terms, f64) {
    (expression.terms.clone(), expression.constant)
}

/// An event: `("measure", qubit, bit or None)`, `("reset", qubit)`, `("assign", bit, condition)`, `("if",
/// condition)`, `("else",)`, `("end",)`, `("unfinished", condition)`.
fn event_parts<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyTuple>> {
    match event {
        Event::Measure { qubit, bit } => ("measure", *qubit, *bit).into_pyobject(py),
        Event::Reset { qubit } => ("reset", *qubit).into_pyobject(py),
        Event::Assign { bit, value } => ("assign", *bit, condition_parts(py, value)?).into_pyobject(py),
        Event::Else => ("else",).into_pyobject(py),
        Event::Unfinished { condition } => ("unfinished", condition_parts(py, condition)?).into_pyobject(py),
        Event::If { condition } => ("if", condition_parts(py, condition)?).into_pyobject(py),
        Event::EndIf => ("end",).into_pyobject(py),
    }
}

/// A condition: `("compare", bits, comparison, digits)`, `("odd", bits)`, `("all", parts, negated)`.
fn condition_parts<'py>(py: Python<'py>, condition: &ReadCondition) -> PyResult<Bound<'py, PyTuple>> {
    match condition {
        ReadCondition::Compare {
            bits,
            comparison,
            value,
        } => ("compare", PyTuple::new(py, bits)?, *comparison, value.as_str()).into_pyobject(py),
        ReadCondition::Odd { bits } => ("odd", PyTuple::new(py, bits)?).into_pyobject(py),
        ReadCondition::All { parts, negated } => {
            let parts = parts.iter().map(|part| condition_parts(py, part));
            let parts = parts.collect::<PyResult<Vec<_>>>()?;
            ("all", PyTuple::new(py, parts)?, *negated).into_pyobject(py)
        }
    }
}

fn steps<'py>(
    py: Python<'py>,
    sequence: &Sequence,
    gates: &[ReadGate],
    numbers: &[Bound<'py, PyInt>],
) -> PyResult<Steps<'py>> {
    let mut tuples = Vec::with_capacity(sequence.operations.len());
    let mut rest = sequence.qubits.as_slice();
    for &number in &sequence.operations {
        let (qubits, after) = rest.split_at(gates[number as usize].num_qubits);
        rest = after;
        tuples.push(PyTuple::new(py, qubits.iter().map(|&qubit| &numbers[qubit as usize]))?);
    }
    Ok((
        PyList::new(py, &sequence.operations)?,
        PyList::new(py, tuples)?,
        sequence.phase,
    ))
}

/// The exception for an error of reading.
fn circuit_file_error(py: Python<'_>, error: ReadError, source: Option<&str>) -> PyResult<PyErr> {
    let place = PyDict::new(py);
    place.set_item("line", error.line)?;
    place.set_item("column", error.column)?;
    place.set_item("source", source)?;
    place.set_item("excerpt", error.excerpt)?;
    let class = py.import("taizhang.errors")?.getattr("CircuitFileError")?;
    Ok(PyErr::from_value(class.call((error.reason,), Some(&place))?))
}

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(excerpt, module)?)?;
    module.add_function(wrap_pyfunction!(read_openqasm, module)?)
}
