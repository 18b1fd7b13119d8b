//! Programs as Python has them, read attribute by attribute: the names are those of `taizhang/program/program.py`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use taizhang_core::program::modes::Mode;
use taizhang_core::program::{self, Place, Region, RowPick, Step};

/// A `taizhang.program.Program`, without what only Python needs of it.
#[derive(FromPyObject)]
pub struct Program {
    /// Name of the number type.
    pub dtype: String,
    num_inputs: usize,
    #[pyo3(from_py_with = places)]
    places: Vec<Place>,
    #[pyo3(from_py_with = steps)]
    steps: Vec<Step>,
    result: i64,
    slice_sizes: Vec<usize>,
    slice_strides: Vec<Vec<(usize, usize)>>,
    output_slice_strides: Vec<usize>,
    output_axes: Vec<(usize, usize)>,
    input_elements: usize,
    arena_elements: usize,
    shared_elements: usize,
    sliced_elements: usize,
    block_elements: usize,
    num_rows: usize,
    row_sizes: Vec<usize>,
}

impl From<Program> for program::Program {
    fn from(program: Program) -> Self {
        Self {
            places: program.places,
            num_inputs: program.num_inputs,
            steps: program.steps,
            result: number(program.result),
            adjoints: Vec::new(),
            slice_sizes: program.slice_sizes,
            slice_strides: program.slice_strides,
            output_slice_strides: program.output_slice_strides,
            output_axes: program.output_axes,
            input_elements: program.input_elements,
            arena_elements: program.arena_elements,
            shared_elements: program.shared_elements,
            sliced_elements: program.sliced_elements,
            block_elements: program.block_elements,
            num_rows: program.num_rows,
            row_sizes: program.row_sizes,
        }
    }
}

#[derive(FromPyObject)]
struct PlaceFields {
    region: String,
    offset: usize,
    num_elements: usize,
}

fn places(value: &Bound<'_, PyAny>) -> PyResult<Vec<Place>> {
    let place = |fields: PlaceFields| {
        let region = match fields.region.as_str() {
            "input" => Region::Input,
            "arena" => Region::Arena,
            "block" => Region::Block,
            other => {
                return Err(PyValueError::new_err(format!(
                    "region must be input, arena or block, got '{other}'"
                )))
            }
        };
        Ok(Place {
            region,
            offset: fields.offset,
            num_elements: fields.num_elements,
        })
    };
    value.extract::<Vec<PlaceFields>>()?.into_iter().map(place).collect()
}

/// A `Mode`: a named tuple, in the order of its fields.
type ModeFields = (usize, usize, usize, usize);

/// A `Step`; -1 stands for no tensor and no block.
#[derive(FromPyObject)]
struct StepFields {
    a: usize,
    b: i64,
    out: usize,
    modes: Vec<ModeFields>,
    loops: Vec<ModeFields>,
    block: i64,
    level: usize,
    rows: Option<RowPickFields>,
}

/// A `RowPick`; position -1 stands for the number of the row.
#[derive(FromPyObject)]
struct RowPickFields {
    a: Vec<(i64, usize)>,
    b: Vec<(i64, usize)>,
    a_elements: usize,
    out_elements: usize,
}

fn steps(value: &Bound<'_, PyAny>) -> PyResult<Vec<Step>> {
    let modes = |fields: Vec<ModeFields>| -> Vec<Mode> {
        let mode = |(size, a, b, out)| Mode { size, a, b, out };
        fields.into_iter().map(mode).collect()
    };
    let terms = |pairs: Vec<(i64, usize)>| {
        pairs
            .into_iter()
            .map(|(index, stride)| (number(index), stride))
            .collect()
    };
    let step = |fields: StepFields| Step {
        a: fields.a,
        b: number(fields.b),
        out: fields.out,
        modes: modes(fields.modes),
        loops: modes(fields.loops),
        block: number(fields.block),
        level: fields.level,
        rows: fields.rows.map(|pick| RowPick {
            a: terms(pick.a),
            b: terms(pick.b),
            a_elements: pick.a_elements,
            out_elements: pick.out_elements,
        }),
    };
    Ok(value.extract::<Vec<StepFields>>()?.into_iter().map(step).collect())
}

/// A number, or none where it is below 0.
fn number(value: i64) -> Option<usize> {
    usize::try_from(value).ok()
}
