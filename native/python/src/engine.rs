//! Bindings of `taizhang_core::run`: compiled programs and running them.

use crate::program::Program;
use numpy::{Complex64, Element, IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyMemoryError, PyValueError};
use pyo3::prelude::*;
use taizhang_core::kernels::step::StepReal;
use taizhang_core::lower;
use taizhang_core::number::Complex;
use taizhang_core::run::batch::{result_bytes, run_batch, Batch, Results};
use taizhang_core::run::engine::{self, Failure};
use taizhang_core::run::memory::Inputs;
use taizhang_core::run::pool::{run_slices, sum_bytes, Outcome, Request};
use taizhang_core::simd::level::SimdLevel;

create_exception!(
    taizhang._native,
    EngineStopped,
    PyException,
    "A run was stopped by `tick`."
);
create_exception!(
    taizhang._native,
    EngineNotFinite,
    PyException,
    "The result of a slice has a NaN or an infinity; holds the number of the slice."
);
create_exception!(
    taizhang._native,
    EngineBroken,
    PyException,
    "A worker panicked; holds the message."
);

/// A program compiled for one number type, ready to run. Immutable: threads may share it.
#[pyclass(frozen, module = "taizhang._native")]
struct Engine {
    compiled: Compiled,
}

/// An array of complex numbers.
type Numbers = Py<PyArray1<Complex64>>;

enum Compiled {
    Single(engine::Engine<f32>),
    Double(engine::Engine<f64>),
}

/// A `taizhang.execute.schedule.Schedule`.
#[derive(FromPyObject)]
struct Schedule {
    workers: usize,
    threads: usize,
    block_log2: u32,
    sequential: bool,
    inline: bool,
}

impl Schedule {
    fn request(self, first: u64, last: u64, profiled: bool) -> Request {
        Request {
            first,
            last,
            workers: self.workers,
            threads: self.threads,
            block_log2: self.block_log2,
            sequential: self.sequential,
            inline: self.inline,
            profiled,
        }
    }
}

/// What Python needs to know of a plan that was compiled here.
#[pyclass(frozen, get_all, module = "taizhang._native")]
struct PlanLayout {
    /// For each element of the inputs its tensor; the number after the last one in gaps.
    tensors: Py<PyArray1<u32>>,
    /// For each element of the inputs its place in its tensor, in row-major order.
    places: Py<PyArray1<u32>>,
    num_slices: u64,
    arena_elements: usize,
    /// For steps of the same figures: rows, columns, summed, multiply-adds, elements moved, runs; and their number.
    figures: Vec<([usize; 6], usize)>,
}

impl PlanLayout {
    fn of(py: Python<'_>, lowered: &lower::Lowered) -> Self {
        let column = |of: fn(&(u32, u32)) -> u32| {
            let column: Vec<u32> = lowered.layout.iter().map(of).collect();
            column.into_pyarray(py).unbind()
        };
        let figures = lowered.figures.iter().map(|(step, count)| {
            let fields = [
                step.rows,
                step.columns,
                step.summed,
                step.multiply_adds,
                step.moved,
                step.runs,
            ];
            (fields, *count)
        });
        Self {
            tensors: column(|entry| entry.0),
            places: column(|entry| entry.1),
            num_slices: lowered.program.num_slices(),
            arena_elements: lowered.program.arena_elements,
            figures: figures.collect(),
        }
    }
}

/// The sum over a range of slices, and the profile of the run.
#[pyclass(frozen, get_all, module = "taizhang._native")]
struct SliceSum {
    mantissa: Py<PyArray1<Complex64>>,
    exponent: Option<i64>,
    starts_of_level: Vec<u64>,
    step_nanoseconds: Vec<u64>,
    step_runs: Vec<u64>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, program: Program, simd_level: Option<&str>) -> PyResult<Self> {
        let level = match simd_level {
            None => SimdLevel::detect(),
            Some(name) => name
                .parse::<SimdLevel>()
                .ok()
                .filter(|level| *level <= SimdLevel::widest())
                .ok_or_else(|| PyValueError::new_err(format!("this machine has no SIMD level '{name}'")))?,
        };
        let compiled = py.detach(|| match program.dtype.as_str() {
            "complex64" => engine::Engine::compile(program.into(), level).map(Compiled::Single),
            "complex128" => engine::Engine::compile(program.into(), level).map(Compiled::Double),
            other => Err(format!("dtype must be complex64 or complex128, got '{other}'")),
        });
        Ok(Self {
            compiled: compiled.map_err(PyValueError::new_err)?,
        })
    }

    /// Compiles a plan for a number, with the derivatives by the wanted inputs: the engine, then what Python needs of it.
    #[staticmethod]
    fn of_plan(
        py: Python<'_>,
        inputs: Vec<Vec<u32>>,
        sizes: Vec<usize>,
        path: Vec<(u32, u32)>,
        sliced: Vec<u32>,
        wanted: Vec<u32>,
        dtype: &str,
    ) -> PyResult<(Self, PlanLayout)> {
        let path: Vec<[u32; 2]> = path.into_iter().map(|(a, b)| [a, b]).collect();
        let plan = lower::Plan {
            inputs: &inputs,
            sizes: &sizes,
            path: &path,
            sliced: &sliced,
        };
        let lowered = py
            .detach(|| lower::lower(plan, &wanted))
            .map_err(PyValueError::new_err)?;
        let layout = PlanLayout::of(py, &lowered);
        let (program, level) = (lowered.program, SimdLevel::detect());
        let compiled = py.detach(|| match dtype {
            "complex64" => engine::Engine::compile(program, level).map(Compiled::Single),
            "complex128" => engine::Engine::compile(program, level).map(Compiled::Double),
            other => Err(format!("dtype must be complex64 or complex128, got '{other}'")),
        });
        let compiled = compiled.map_err(PyValueError::new_err)?;
        Ok((Self { compiled }, layout))
    }

    fn workspace_len(&self, threads: usize) -> usize {
        match &self.compiled {
            Compiled::Single(engine) => engine.workspace_len(threads),
            Compiled::Double(engine) => engine.workspace_len(threads),
        }
    }

    #[pyo3(signature = (inputs, exponents, digits, *, first, last, schedule, profiled, tick))]
    #[allow(clippy::too_many_arguments)] // all but the arrays by keyword
    fn run(
        &self,
        py: Python<'_>,
        inputs: &Bound<'_, PyAny>,
        exponents: Vec<i64>,
        digits: PyReadonlyArray1<'_, u8>,
        first: u64,
        last: u64,
        schedule: Schedule,
        profiled: bool,
        tick: Option<Py<PyAny>>,
    ) -> PyResult<SliceSum> {
        let request = schedule.request(first, last, profiled);
        let digits = digits.as_slice()?;
        let outcome = match &self.compiled {
            Compiled::Single(engine) => start::<f32>(py, engine, inputs, (&exponents, digits), request, tick.as_ref()),
            Compiled::Double(engine) => start::<f64>(py, engine, inputs, (&exponents, digits), request, tick.as_ref()),
        }?;
        let profile = outcome.profile.unwrap_or_default();
        Ok(SliceSum {
            mantissa: outcome.sum.values.into_pyarray(py).unbind(),
            exponent: outcome.sum.exponent,
            starts_of_level: outcome.starts_of_level,
            step_nanoseconds: profile.nanoseconds,
            step_runs: profile.runs,
        })
    }

    /// Runs many sets of arrays, `elements` one after the other; returns the values and the derivatives of each.
    #[pyo3(signature = (elements, exponents, *, threads, workers, inline, tick))]
    #[allow(clippy::too_many_arguments)] // all but the arrays by keyword
    fn run_batch(
        &self,
        py: Python<'_>,
        elements: &Bound<'_, PyAny>,
        exponents: Vec<i64>,
        threads: usize,
        workers: usize,
        inline: bool,
        tick: Option<Py<PyAny>>,
    ) -> PyResult<(Numbers, Numbers)> {
        let how = (threads.max(1), workers, inline);
        let results = match &self.compiled {
            Compiled::Single(engine) => start_batch::<f32>(py, engine, elements, &exponents, how, tick.as_ref()),
            Compiled::Double(engine) => start_batch::<f64>(py, engine, elements, &exponents, how, tick.as_ref()),
        }?;
        Ok((
            results.values.into_pyarray(py).unbind(),
            results.adjoints.into_pyarray(py).unbind(),
        ))
    }

    /// Bytes that the results of a batch of `len` sets take.
    fn batch_bytes(&self, len: usize) -> usize {
        match &self.compiled {
            Compiled::Single(engine) => result_bytes(engine, len),
            Compiled::Double(engine) => result_bytes(engine, len),
        }
    }

    /// Bytes of the sums of slices that a run keeps.
    fn sum_bytes(&self, first: u64, last: u64, schedule: Schedule) -> usize {
        let output_elements = match &self.compiled {
            Compiled::Single(engine) => engine.program().output_elements(),
            Compiled::Double(engine) => engine.program().output_elements(),
        };
        sum_bytes(&schedule.request(first, last, false), output_elements)
    }
}

fn start<T>(
    py: Python<'_>,
    engine: &engine::Engine<T>,
    inputs: &Bound<'_, PyAny>,
    (exponents, digits): (&[i64], &[u8]),
    request: Request,
    tick: Option<&Py<PyAny>>,
) -> PyResult<Outcome>
where
    T: StepReal,
    Complex<T>: Element,
{
    // Stage 1: check the arguments, which the core takes as valid.
    let elements: PyReadonlyArray1<'_, Complex<T>> = inputs.extract()?;
    let elements = elements.as_slice()?;
    let program = engine.program();
    if elements.len() != program.input_elements || exponents.len() != program.num_inputs {
        return Err(PyValueError::new_err(
            "inputs and exponents must have the lengths of the program's inputs",
        ));
    }
    if request.first > request.last || request.last >= program.num_slices() {
        return Err(PyValueError::new_err(
            "first and last must be in order and below the program's number of slices",
        ));
    }
    if request.workers == 0 || request.threads == 0 || request.block_log2 > 62 {
        return Err(PyValueError::new_err(
            "workers and threads must be at least 1, block_log2 at most 62",
        ));
    }
    if request.workers as u64 > request.last - request.first + 1 {
        return Err(PyValueError::new_err("workers must not exceed the number of slices"));
    }
    if request.workers > 1 && (request.sequential || request.inline) {
        return Err(PyValueError::new_err(
            "workers must be 1 to run inline or add slices one by one",
        ));
    }
    if digits.len() != program.num_rows * program.row_sizes.len() {
        return Err(PyValueError::new_err(
            "digits must have one entry for each row and row index of the program",
        ));
    }
    let mut indices = digits.chunks_exact(program.num_rows.max(1)).zip(&program.row_sizes);
    if indices.any(|(digits, size)| digits.iter().any(|digit| usize::from(*digit) >= *size)) {
        return Err(PyValueError::new_err(
            "each digit must be below the size of its row index",
        ));
    }
    // Stage 2: run.
    let inputs = Inputs {
        elements,
        exponents,
        digits,
    };
    without_lock(py, tick, |go_on| run_slices(engine, inputs, request, go_on))
}

fn start_batch<T>(
    py: Python<'_>,
    engine: &engine::Engine<T>,
    elements: &Bound<'_, PyAny>,
    exponents: &[i64],
    (threads, workers, inline): (usize, usize, bool),
    tick: Option<&Py<PyAny>>,
) -> PyResult<Results>
where
    T: StepReal,
    Complex<T>: Element,
{
    let elements: PyReadonlyArray1<'_, Complex<T>> = elements.extract()?;
    let elements = elements.as_slice()?;
    let program = engine.program();
    let each = program.input_elements;
    if each == 0 || elements.len() % each != 0 || exponents.len() != program.num_inputs || program.num_rows > 0 {
        return Err(PyValueError::new_err(
            "elements and exponents must have the lengths of the program's inputs, which has no rows",
        ));
    }
    let batch = Batch {
        elements,
        exponents,
        len: elements.len() / each,
    };
    without_lock(py, tick, |go_on| {
        run_batch(engine, batch, threads, workers, inline, go_on)
    })
}

/// Runs without the interpreter lock; an error of `tick` stops the run and is raised after it.
fn without_lock<R: Send>(
    py: Python<'_>,
    tick: Option<&Py<PyAny>>,
    run: impl FnOnce(&mut (dyn FnMut(u64) -> bool + Send)) -> Result<R, Failure> + Send,
) -> PyResult<R> {
    let mut raised = None;
    let mut go_on = |done: u64| {
        Python::attach(|py| {
            let go_on = py.check_signals().and_then(|()| match tick {
                None => Ok(true),
                Some(tick) => tick.call1(py, (done,))?.is_truthy(py),
            });
            go_on.unwrap_or_else(|error| {
                raised.get_or_insert(error);
                false
            })
        })
    };
    let outcome = py.detach(|| run(&mut go_on));
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

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("EngineStopped", py.get_type::<EngineStopped>())?;
    module.add("EngineNotFinite", py.get_type::<EngineNotFinite>())?;
    module.add("EngineBroken", py.get_type::<EngineBroken>())?;
    module.add_class::<SliceSum>()?;
    module.add_class::<PlanLayout>()?;
    module.add_class::<Engine>()
}
