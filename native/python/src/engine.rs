//! Bindings of `taizhang_core::engine`.

use numpy::{Complex64, Element, IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyMemoryError, PyValueError};
use pyo3::prelude::*;
use taizhang_core::engine::complex::{Complex, Real};
use taizhang_core::engine::level::SimdLevel;
use taizhang_core::engine::memory::Inputs;
use taizhang_core::engine::modes::Mode;
use taizhang_core::engine::pool::{run_slices, sum_bytes, Outcome, Request};
use taizhang_core::engine::program::{Program, Region, RowPick, Step, Tensor};
use taizhang_core::engine::run::{self, Failure};

create_exception!(taizhang._native, EngineStopped, PyException, "A run was told to stop.");
create_exception!(
    taizhang._native,
    EngineNotFinite,
    PyException,
    "A slice gave a NaN or an infinity; holds its number."
);
create_exception!(
    taizhang._native,
    EngineBroken,
    PyException,
    "A worker ended by a panic; holds what it said."
);

/// A program compiled for one number type, ready to run. Not changed by running: threads may share it.
#[pyclass(frozen, module = "taizhang._native")]
struct Engine {
    compiled: Compiled,
}

enum Compiled {
    Single(run::Engine<f32>),
    Double(run::Engine<f64>),
}

/// Number of a step by rows; row index and stride of each term for both operands; lengths of a row.
type RowStep = (
    usize,
    Vec<(Option<usize>, usize)>,
    Vec<(Option<usize>, usize)>,
    usize,
    usize,
);

/// Value, exponent, starts of each level, and (nanoseconds, runs) of each step where asked for.
type Answer<'py> = (
    Bound<'py, PyArray1<Complex64>>,
    Option<i64>,
    Vec<u64>,
    Option<(Vec<u64>, Vec<u64>)>,
);

#[pymethods]
impl Engine {
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        dtype: &str,
        simd_level: Option<&str>,
        num_inputs: usize,
        tensors: PyReadonlyArray2<'_, i64>,
        steps: PyReadonlyArray2<'_, i64>,
        modes: PyReadonlyArray2<'_, i64>,
        slice_sizes: Vec<usize>,
        slice_strides: Vec<Vec<(usize, usize)>>,
        output_slice_strides: Vec<usize>,
        output_axes: Vec<(usize, usize)>,
        lengths: (usize, usize, usize, usize, usize),
        rows: (usize, Vec<usize>, Vec<RowStep>),
    ) -> PyResult<Self> {
        let level = match simd_level {
            None => SimdLevel::detect(),
            Some(name) => name
                .parse::<SimdLevel>()
                .ok()
                .filter(|level| *level <= SimdLevel::widest())
                .ok_or_else(|| PyValueError::new_err(format!("this machine has no SIMD level '{name}'")))?,
        };
        let (num_rows, row_sizes, row_steps) = rows;
        let mut steps = steps_of(&steps, &modes)?;
        for (number, a, b, a_len, out_len) in row_steps {
            let step = steps.get_mut(number);
            let step = step.ok_or_else(|| PyValueError::new_err(format!("there is no step {number}")))?;
            step.rows = Some(RowPick { a, b, a_len, out_len });
        }
        let program = Program {
            tensors: tensors_of(&tensors)?,
            num_inputs,
            steps,
            slice_sizes,
            slice_strides,
            output_slice_strides,
            output_axes,
            input_len: lengths.0,
            arena_len: lengths.1,
            shared_len: lengths.2,
            sliced_len: lengths.3,
            block_len: lengths.4,
            num_rows,
            row_sizes,
        };
        let compiled = py.detach(|| match dtype {
            "complex64" => run::Engine::compile(program, level).map(Compiled::Single),
            "complex128" => run::Engine::compile(program, level).map(Compiled::Double),
            _ => Err(format!("no kernels for dtype '{dtype}'")),
        });
        Ok(Self {
            compiled: compiled.map_err(PyValueError::new_err)?,
        })
    }

    fn workspace_len(&self, threads: usize) -> usize {
        match &self.compiled {
            Compiled::Single(engine) => engine.workspace_len(threads),
            Compiled::Double(engine) => engine.workspace_len(threads),
        }
    }

    #[pyo3(signature = (inputs, exponents, digits, *, first, last, workers, threads, block_log2, sequential, inline, profiled, tick))]
    #[allow(clippy::too_many_arguments)]
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: &Bound<'py, PyAny>,
        exponents: Vec<i64>,
        digits: PyReadonlyArray1<'_, u8>,
        first: u64,
        last: u64,
        workers: usize,
        threads: usize,
        block_log2: u32,
        sequential: bool,
        inline: bool,
        profiled: bool,
        tick: Option<Py<PyAny>>,
    ) -> PyResult<Answer<'py>> {
        let request = Request {
            first,
            last,
            workers,
            threads,
            block_log2,
            sequential,
            profiled,
            inline,
        };
        let digits = digits.as_slice()?;
        let outcome = match &self.compiled {
            Compiled::Single(engine) => start::<f32>(py, engine, inputs, (&exponents, digits), request, tick.as_ref()),
            Compiled::Double(engine) => start::<f64>(py, engine, inputs, (&exponents, digits), request, tick.as_ref()),
        }?;
        let values = outcome.sum.values.into_pyarray(py);
        let profile = outcome.profile.map(|profile| (profile.nanoseconds, profile.runs));
        Ok((values, outcome.sum.exponent, outcome.starts_of_level, profile))
    }

    /// Bytes of the sums of slices that a run keeps.
    #[staticmethod]
    fn sum_bytes(first: u64, last: u64, workers: usize, sequential: bool, output_len: usize) -> usize {
        let request = Request {
            first,
            last,
            workers,
            threads: 1,
            block_log2: 0,
            sequential,
            profiled: false,
            inline: false,
        };
        sum_bytes(&request, output_len)
    }
}

fn start<T>(
    py: Python<'_>,
    engine: &run::Engine<T>,
    inputs: &Bound<'_, PyAny>,
    (exponents, digits): (&[i64], &[u8]),
    request: Request,
    tick: Option<&Py<PyAny>>,
) -> PyResult<Outcome>
where
    T: Real,
    Complex<T>: Element,
{
    let elements: PyReadonlyArray1<'_, Complex<T>> = inputs.extract()?;
    let elements = elements.as_slice()?;
    let program = engine.program();
    if elements.len() != program.input_len || exponents.len() != program.num_inputs {
        return Err(PyValueError::new_err(
            "the inputs do not have the length of the program",
        ));
    }
    if request.first > request.last || request.last >= program.num_slices() {
        return Err(PyValueError::new_err("the slices are not in the program's range"));
    }
    if request.workers == 0 || request.threads == 0 || request.block_log2 > 62 {
        return Err(PyValueError::new_err("workers and threads are at least 1"));
    }
    if request.workers as u64 > request.last - request.first + 1 {
        return Err(PyValueError::new_err("there are more workers than slices"));
    }
    if request.workers > 1 && (request.sequential || request.inline) {
        return Err(PyValueError::new_err(
            "only one worker can run inline or add slices one by one",
        ));
    }
    if digits.len() != program.num_rows * program.row_sizes.len() {
        return Err(PyValueError::new_err("the digits are not those of the program's rows"));
    }
    let mut indices = digits.chunks_exact(program.num_rows.max(1)).zip(&program.row_sizes);
    if indices.any(|(digits, size)| digits.iter().any(|digit| usize::from(*digit) >= *size)) {
        return Err(PyValueError::new_err("a digit is not below the size of its row index"));
    }
    let inputs = Inputs {
        elements,
        exponents,
        digits,
    };
    let mut raised = None;
    let outcome = py.detach(|| {
        run_slices(engine, inputs, request, |done| {
            Python::attach(|py| {
                let told = py.check_signals().and_then(|()| match tick {
                    None => Ok(true),
                    Some(tick) => tick.call1(py, (done,))?.is_truthy(py),
                });
                told.unwrap_or_else(|error| {
                    raised.get_or_insert(error);
                    false
                })
            })
        })
    });
    if let Some(error) = raised {
        return Err(error);
    }
    outcome.map_err(|failure| match failure {
        Failure::Stopped => EngineStopped::new_err(()),
        Failure::NotFinite(slice) => EngineNotFinite::new_err(slice),
        Failure::OutOfMemory(bytes) => PyMemoryError::new_err(bytes),
        Failure::Broken(text) => EngineBroken::new_err(text),
    })
}

fn count(number: i64) -> PyResult<usize> {
    usize::try_from(number).map_err(|_| PyValueError::new_err(format!("{number} is not a count")))
}

fn rows<'a>(table: &'a PyReadonlyArray2<'_, i64>, width: usize) -> PyResult<impl Iterator<Item = &'a [i64]>> {
    let cells = table.as_slice()?;
    if table.as_array().shape()[1] != width {
        return Err(PyValueError::new_err(format!("a table of {width} columns is wanted")));
    }
    Ok(cells.chunks_exact(width))
}

fn tensors_of(table: &PyReadonlyArray2<'_, i64>) -> PyResult<Vec<Tensor>> {
    let tensor = |row: &[i64]| {
        let region = match row[0] {
            0 => Region::Input,
            1 => Region::Arena,
            _ => Region::Block,
        };
        Ok(Tensor {
            region,
            offset: count(row[1])?,
            len: count(row[2])?,
        })
    };
    rows(table, 3)?.map(tensor).collect()
}

fn steps_of(steps: &PyReadonlyArray2<'_, i64>, modes: &PyReadonlyArray2<'_, i64>) -> PyResult<Vec<Step>> {
    let mode = |row: &[i64]| {
        Ok(Mode {
            size: count(row[0])?,
            a: count(row[1])?,
            b: count(row[2])?,
            out: count(row[3])?,
        })
    };
    let modes: Vec<Mode> = rows(modes, 4)?.map(mode).collect::<PyResult<_>>()?;
    let mut taken = 0;
    let step = |row: &[i64]| {
        let first = taken;
        taken += count(row[5])?;
        let middle = taken;
        taken += count(row[6])?;
        let too_few = || PyValueError::new_err("there are too few modes");
        let (own, loops) = (modes.get(first..middle), modes.get(middle..taken));
        Ok(Step {
            a: count(row[0])?,
            b: (row[1] >= 0).then_some(row[1] as usize),
            out: count(row[2])?,
            level: count(row[3])?,
            rows: None,
            block: (row[4] >= 0).then_some(row[4] as usize),
            modes: own.ok_or_else(too_few)?.to_vec(),
            loops: loops.ok_or_else(too_few)?.to_vec(),
        })
    };
    rows(steps, 7)?.map(step).collect()
}

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("EngineStopped", py.get_type::<EngineStopped>())?;
    module.add("EngineNotFinite", py.get_type::<EngineNotFinite>())?;
    module.add("EngineBroken", py.get_type::<EngineBroken>())?;
    module.add_class::<Engine>()
}
