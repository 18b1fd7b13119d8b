//! Bindings of `taizhang_core::plan`.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use std::time::Duration;
use taizhang_core::plan::complete_plan::{refit, Finished, Limits, RunRate};
use taizhang_core::plan::network;
use taizhang_core::plan::portfolio::{search, Options};
use taizhang_core::plan::shared_best::SharedBest;
use taizhang_core::plan::tree::CostModel;

/// Interval at which signals are checked and progress is reported.
const LOOK: Duration = Duration::from_millis(50);

/// A `taizhang.network.network.NetworkShape`, without the names of its indices.
#[derive(FromPyObject)]
struct NetworkShape {
    inputs: Vec<Vec<u32>>,
    output: Vec<u32>,
    sizes: Vec<u64>,
    row_indices: Vec<u32>,
    num_rows: u64,
}

impl From<NetworkShape> for network::NetworkShape {
    fn from(shape: NetworkShape) -> Self {
        Self {
            inputs: shape.inputs,
            output: [shape.output, shape.row_indices.clone()].concat(),
            sizes: shape.sizes,
            row_indices: shape.row_indices,
            num_rows: shape.num_rows,
        }
    }
}

/// A plan that the search found.
#[pyclass(frozen, get_all, module = "taizhang._native")]
struct FoundPlan {
    ssa_path: Vec<(u32, u32)>,
    sliced_indices: Vec<u32>,
    fits: bool,
    log2_multiply_adds: f64,
    log2_executed: f64,
    width: f32,
    peak_elements: f64,
}

impl From<Finished> for FoundPlan {
    fn from(plan: Finished) -> Self {
        FoundPlan {
            ssa_path: plan.path.iter().map(|&[a, b]| (a, b)).collect(),
            sliced_indices: plan.sliced,
            fits: plan.fits,
            log2_multiply_adds: plan.log2_multiply_adds,
            log2_executed: plan.log2_executed,
            width: plan.width,
            peak_elements: plan.peak_elements,
        }
    }
}

/// The result of a search: the best plan and its variants that take less memory; the trial that found it, if that
/// can be repeated; and pairs of seconds and log2 of the multiply-adds.
#[pyclass(frozen, get_all, module = "taizhang._native")]
struct SearchOutcome {
    plans: Vec<Py<FoundPlan>>,
    trial: Option<u64>,
    history: Vec<(f64, f64)>,
}

/// Searches for a plan; see `taizhang/plan/search.py`, its only caller. A KeyboardInterrupt carries the outcome so far
/// as its attribute `found`.
#[pyfunction]
#[pyo3(signature = (shape, *, width, memory_elements, seconds, trials, seed, threads, log2_per_element, charge_per_second,
    seconds_per_element, look))]
#[allow(clippy::too_many_arguments)] // all but the shape by keyword
fn search_plan(
    py: Python<'_>,
    shape: NetworkShape,
    width: f32,
    memory_elements: f64,
    seconds: Option<f64>,
    trials: Option<u64>,
    seed: u64,
    threads: usize,
    log2_per_element: f32,
    charge_per_second: f64,
    seconds_per_element: f64,
    look: Option<Py<PyAny>>,
) -> PyResult<Option<SearchOutcome>> {
    // Stage 1: the options in the types of the core.
    let shape = network::NetworkShape::from(shape);
    let rate = RunRate {
        cost_model: CostModel { log2_per_element },
        charge_per_second,
        seconds_per_element,
    };
    let options = Options {
        width,
        memory_elements,
        seconds,
        trials,
        seed,
        threads,
        rate,
    };
    // Stage 2: search on a thread of its own, while this one handles signals and reports progress.
    let shared_best = SharedBest::default();
    let raised = std::thread::scope(|scope| {
        let searching = std::thread::Builder::new().spawn_scoped(scope, || {
            search(&shape, &options, &shared_best);
        })?;
        let raised = wait(py, &shared_best, look.as_ref(), || searching.is_finished());
        py.detach(|| {
            searching
                .join()
                .map_err(|_| pyo3::exceptions::PyRuntimeError::new_err("the search failed"))
        })?;
        raised
    });
    // Stage 3: the outcome; an interrupt carries it along.
    match raised {
        Ok(()) => outcome(py, &shared_best),
        Err(error) => {
            if error.is_instance_of::<PyKeyboardInterrupt>(py) {
                error.value(py).setattr("found", outcome(py, &shared_best)?)?;
            }
            Err(error)
        }
    }
}

fn outcome(py: Python<'_>, shared_best: &SharedBest) -> PyResult<Option<SearchOutcome>> {
    let Some(best) = shared_best.best() else {
        return Ok(None);
    };
    let plans = std::iter::once(best.finished)
        .chain(shared_best.spared())
        .map(|plan| Py::new(py, FoundPlan::from(plan)))
        .collect::<PyResult<_>>()?;
    Ok(Some(SearchOutcome {
        plans,
        trial: best.trial,
        history: shared_best.history(),
    }))
}

/// Slices a plan further until it fits, without searching again; see `taizhang/plan/search.py`, its only caller.
#[pyfunction]
#[pyo3(signature = (shape, *, ssa_path, sliced_indices, width, memory_elements, log2_per_element))]
#[allow(clippy::too_many_arguments)] // all but the shape by keyword
fn slice_plan(
    py: Python<'_>,
    shape: NetworkShape,
    ssa_path: Vec<(u32, u32)>,
    sliced_indices: Vec<u32>,
    width: f32,
    memory_elements: f64,
    log2_per_element: f32,
) -> FoundPlan {
    let shape = network::NetworkShape::from(shape);
    let rate = RunRate {
        cost_model: CostModel { log2_per_element },
        charge_per_second: 1.0,
        seconds_per_element: 0.0,
    };
    let limits = Limits {
        width,
        elements: memory_elements,
    };
    let path: Vec<[u32; 2]> = ssa_path.into_iter().map(|(a, b)| [a, b]).collect();
    FoundPlan::from(py.detach(|| refit(&shape.tidy(), &path, &sliced_indices, rate, limits)))
}

/// Waits for the search, checking signals and reporting progress every `LOOK`. An interrupt or an error of `look` ends
/// the search early and is returned after it.
fn wait(
    py: Python<'_>,
    shared_best: &SharedBest,
    look: Option<&Py<PyAny>>,
    finished: impl Fn() -> bool + Sync,
) -> PyResult<()> {
    // Short pauses first, so that a short search is not waited for longer than it takes.
    let mut pause = Duration::from_micros(200);
    let mut raised = Ok(());
    let mut since_look = Duration::ZERO;
    while !finished() {
        py.detach(|| std::thread::sleep(pause));
        since_look += pause;
        pause = (pause * 2).min(LOOK);
        // Signals at every turn.
        if let Err(error) = py.check_signals() {
            raised = Err(error);
            shared_best.stop();
        }
        if since_look < LOOK || shared_best.stopped() {
            continue;
        }
        // Progress once in a `LOOK`; `look` returns true to stop the search.
        since_look = Duration::ZERO;
        if let Some(look) = look {
            match look
                .call1(
                    py,
                    (
                        shared_best.best().map(|best| FoundPlan::from(best.finished)),
                        shared_best.trials_done(),
                    ),
                )
                .and_then(|answer| answer.is_truthy(py))
            {
                Ok(false) => {}
                Ok(true) => shared_best.stop(),
                Err(error) => {
                    raised = Err(error);
                    shared_best.stop();
                }
            }
        }
    }
    raised
}

/// Adds what this file binds to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FoundPlan>()?;
    module.add_class::<SearchOutcome>()?;
    module.add_function(wrap_pyfunction!(search_plan, module)?)?;
    module.add_function(wrap_pyfunction!(slice_plan, module)?)
}
