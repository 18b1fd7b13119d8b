//! Bindings of `taizhang_core::cones`.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::HashMap;
use taizhang_core::cones::circuit::{Axis, Circuit, Kind, Role};
use taizhang_core::cones::classes::{self, classify, Options, Value};
use taizhang_core::cones::network::{Side, Source};

/// A `taizhang.network.gate_kinds.GateKind`.
#[derive(FromPyObject)]
struct GateKind {
    through: Vec<bool>,
    monomial: bool,
    images: Vec<i32>,
    tensors: Vec<TensorAxes>,
}

/// Qubits with letters.
type Letters = Vec<(u32, u8)>;

/// For each axis the leg, the letter of its role, and its label.
type TensorAxes = Vec<(usize, char, u32)>;

fn kind(given: GateKind) -> PyResult<Kind> {
    let axis = |(leg, role, label)| {
        let role = match role {
            't' => Role::Through,
            'o' => Role::Out,
            'i' => Role::In,
            's' => Role::Inside,
            other => return Err(PyValueError::new_err(format!("there is no role '{other}'"))),
        };
        Ok(Axis { leg, role, label })
    };
    let tensors = given
        .tensors
        .into_iter()
        .map(|axes| axes.into_iter().map(axis).collect());
    Ok(Kind {
        through: given.through,
        monomial: given.monomial,
        images: given.images,
        tensors: tensors.collect::<PyResult<_>>()?,
    })
}

/// The networks of Pauli products in a circuit; see `taizhang_core::cones::classes`.
#[pyclass(frozen, module = "taizhang._native")]
struct Cones {
    found: classes::Classes,
    sources: Vec<Source>,
    number_of: HashMap<Source, u32>,
}

#[pymethods]
impl Cones {
    /// For each product the number of its class; -1 where its value is 1 or -1, -2 where it is 0.
    fn class_of_product(&self, py: Python<'_>) -> Py<PyArray1<i64>> {
        let numbers: Vec<i64> = self
            .found
            .values
            .iter()
            .map(|value| match value {
                Value::Zero => -2,
                Value::One(_) => -1,
                Value::Class(number, _) => i64::from(*number),
            })
            .collect();
        numbers.into_pyarray(py).unbind()
    }

    /// For each product the sign of its value against that of its class, or against 1.
    fn sign_of_product(&self, py: Python<'_>) -> Py<PyArray1<i8>> {
        let signs: Vec<i8> = self
            .found
            .values
            .iter()
            .map(|value| match value {
                Value::One(true) | Value::Class(_, true) => -1,
                _ => 1,
            })
            .collect();
        signs.into_pyarray(py).unbind()
    }

    /// For each class its shape, the qubits of its cone and the number of its products.
    fn classes(&self) -> Vec<(u32, usize, usize)> {
        let classes = self.found.classes.iter();
        classes
            .map(|class| (class.shape, class.num_qubits, class.count))
            .collect()
    }

    /// For each tensor of a class the number of its source.
    fn sources_of_class(&self, py: Python<'_>, number: usize) -> PyResult<Py<PyArray1<i64>>> {
        let class = self.found.classes.get(number).ok_or_else(|| no_such("class"))?;
        let sources: Vec<i64> = class
            .sources
            .iter()
            .map(|source| i64::from(self.number_of[source]))
            .collect();
        Ok(sources.into_pyarray(py).unbind())
    }

    /// For one product of a class: qubits with letters, and the gates of the cone, the latest first.
    fn circuit_of_class(&self, number: usize) -> PyResult<(Letters, Vec<u32>)> {
        let class = self.found.classes.get(number).ok_or_else(|| no_such("class"))?;
        Ok((class.letters.clone(), class.gates.clone()))
    }

    /// Number of shapes.
    fn num_shapes(&self) -> usize {
        self.found.shapes.len()
    }

    /// The variables of each tensor of a shape, and the number of variables.
    fn shape(&self, number: usize) -> PyResult<(Vec<Vec<u32>>, usize)> {
        let shape = self.found.shapes.get(number).ok_or_else(|| no_such("shape"))?;
        Ok((shape.inputs.clone(), shape.num_variables))
    }

    /// Recipe, tensor and side ('b' both, 'k' ket, 'a' its adjoint, the bra) of each source.
    fn sources(&self) -> Vec<(u32, u16, char)> {
        let side = |side| match side {
            Side::Both => 'b',
            Side::Ket => 'k',
            Side::Bra => 'a',
        };
        let sources = self.sources.iter();
        sources
            .map(|source| (source.recipe, source.tensor, side(source.side)))
            .collect()
    }
}

fn no_such(what: &str) -> PyErr {
    PyValueError::new_err(format!("there is no such {what}"))
}

/// Builds the networks of products; see `taizhang/network/cones.py`, its only caller.
#[pyfunction]
#[pyo3(signature = (num_qubits, kinds, kind_of, recipe_of, qubits, starts, letters, product_starts, *, moving, sharing, threads))]
#[allow(clippy::too_many_arguments)] // flat arrays of a circuit and of products
fn find_cones(
    py: Python<'_>,
    num_qubits: usize,
    kinds: Vec<GateKind>,
    kind_of: PyReadonlyArray1<'_, u32>,
    recipe_of: PyReadonlyArray1<'_, u32>,
    qubits: PyReadonlyArray1<'_, u32>,
    starts: PyReadonlyArray1<'_, u64>,
    letters: PyReadonlyArray1<'_, u32>,
    product_starts: PyReadonlyArray1<'_, u64>,
    moving: bool,
    sharing: bool,
    threads: usize,
) -> PyResult<Cones> {
    // Stage 1: the circuit, and the products as pairs of qubit and letter.
    let kinds = kinds.into_iter().map(kind).collect::<PyResult<_>>()?;
    let (kind_of, recipe_of) = (kind_of.as_slice()?, recipe_of.as_slice()?);
    let qubits = parts(qubits.as_slice()?, starts.as_slice()?)?;
    if kind_of.len() != recipe_of.len() || kind_of.len() != qubits.len() {
        return Err(PyValueError::new_err(
            "each operation must have a kind, a recipe and qubits",
        ));
    }
    let operations = kind_of.iter().zip(recipe_of).zip(qubits);
    let operations = operations.map(|((&kind, &recipe), qubits)| (kind, recipe, qubits.to_vec()));
    let circuit = Circuit::new(num_qubits, kinds, operations.collect()).map_err(PyValueError::new_err)?;
    let products: Vec<Vec<(u32, u8)>> = parts(letters.as_slice()?, product_starts.as_slice()?)?
        .into_iter()
        .map(|words| words.iter().map(|word| (word >> 2, (word & 3) as u8)).collect())
        .collect();
    if products
        .iter()
        .flatten()
        .any(|(qubit, _)| *qubit as usize >= num_qubits)
    {
        return Err(PyValueError::new_err(
            "a product acts on a qubit that the circuit does not have",
        ));
    }
    // Stage 2: their networks, and a number for each source of tensors.
    let options = Options { moving, sharing };
    let found = py.detach(|| classify(&circuit, &products, options, threads));
    let found = found.map_err(PyValueError::new_err)?;
    let (mut sources, mut number_of) = (Vec::new(), HashMap::new());
    for source in found.classes.iter().flat_map(|class| &class.sources) {
        number_of.entry(*source).or_insert_with(|| {
            sources.push(*source);
            sources.len() as u32 - 1
        });
    }
    Ok(Cones {
        found,
        sources,
        number_of,
    })
}

/// A list cut at `starts`, which begins with 0 and ends with its length.
fn parts<'a>(all: &'a [u32], starts: &[u64]) -> PyResult<Vec<&'a [u32]>> {
    let ends = starts.windows(2);
    ends.map(|pair| {
        all.get(pair[0] as usize..pair[1] as usize)
            .ok_or_else(|| PyValueError::new_err("starts must rise and stay within the list"))
    })
    .collect()
}

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Cones>()?;
    module.add_function(wrap_pyfunction!(find_cones, module)?)
}
