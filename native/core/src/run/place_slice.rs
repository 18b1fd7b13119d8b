//! Adds the results of a slice where they belong: in the value, and in the derivatives by the inputs.

use super::accumulate::{power_of_two, Scaled};
use super::engine::{Engine, Failure, State};
use super::memory::Memory;
use crate::kernels::step::StepReal;
use crate::number::{larger, Complex};

/// Derivatives with a larger power of two are refused.
const LARGEST_EXPONENT: i64 = 1000;

impl<T: StepReal> Engine<T> {
    /// Adds the result of the slice that ran last, which had number `slice`, to `sum`, in its place in the value.
    pub fn add_result(
        &self,
        slice: u64,
        state: &State,
        memory: &Memory<'_, T>,
        sum: &mut Scaled,
    ) -> Result<(), Failure> {
        let Some(result) = self.program().result else {
            return Ok(());
        };
        let elements = self.elements_of(result, memory);
        let mut largest = T::ZERO;
        for element in elements {
            if !element.re.to_f64().is_finite() || !element.im.to_f64().is_finite() {
                return Err(Failure::NotFinite(slice));
            }
            largest = larger(larger(largest, element.re.abs()), element.im.abs());
        }
        if largest > T::ZERO {
            let scale = sum.make_room(state.magnitudes[result].exponent);
            self.scatter(slice, elements, scale, &mut sum.values);
        }
        Ok(())
    }

    /// Adds the derivatives by the inputs, from the slice that ran last, to `sums`, where each element is in its place
    /// among the inputs.
    pub fn add_adjoints(
        &self,
        slice: u64,
        state: &State,
        memory: &Memory<'_, T>,
        sums: &mut [Complex<f64>],
    ) -> Result<(), Failure> {
        for adjoint in &self.program().adjoints {
            let elements = self.elements_of(adjoint.tensor, memory);
            let exponent = state.magnitudes[adjoint.tensor].exponent;
            let finite = |x: &Complex<T>| x.re.to_f64().is_finite() && x.im.to_f64().is_finite();
            if exponent > LARGEST_EXPONENT || !elements.iter().all(finite) {
                return Err(Failure::NotFinite(slice));
            }
            let start = state.input_start(adjoint.input);
            add_in_place(elements, power_of_two(exponent), start, &adjoint.axes, sums);
        }
        Ok(())
    }

    /// The elements of a tensor in the arena.
    fn elements_of<'a>(&self, tensor: usize, memory: &'a Memory<'_, T>) -> &'a [Complex<T>] {
        let place = self.program().places[tensor];
        let (start, end) = (place.offset, place.offset + place.num_elements);
        let base = memory.shared.len();
        if start < base {
            &memory.shared[start..end]
        } else {
            &memory.own[start - base..end - base]
        }
    }

    /// Adds a slice's result, times `scale`, where it belongs in the value.
    fn scatter(&self, slice: u64, elements: &[Complex<T>], scale: f64, values: &mut [Complex<f64>]) {
        let digits = self.program().digits(slice);
        let strides = &self.program().output_slice_strides;
        let start: usize = digits.iter().zip(strides).map(|(digit, stride)| digit * stride).sum();
        add_in_place(elements, scale, start, &self.program().output_axes, values);
    }
}

/// Elements whose places are looked up in a table, relative to that of the first of them.
const TABLE: usize = 512;

/// Adds elements, times `scale`, to those places of `sums` that axes of these sizes and strides reach from `start`.
fn add_in_place<T: StepReal>(
    elements: &[Complex<T>],
    scale: f64,
    start: usize,
    axes: &[(usize, usize)],
    sums: &mut [Complex<f64>],
) {
    // Stage 1: the places that the last axes reach.
    let mut outer = axes.len();
    let mut table = vec![0];
    while outer > 0 && table.len() * axes[outer - 1].0 <= TABLE {
        outer -= 1;
        let (size, stride) = axes[outer];
        table = (0..size)
            .flat_map(|point| table.iter().map(move |offset| point * stride + offset))
            .collect();
    }
    // Stage 2: for each point of the other axes, the elements of the table.
    let mut point = vec![0; outer];
    let mut place = start;
    for part in elements.chunks(table.len().max(1)) {
        for (element, offset) in part.iter().zip(&table) {
            let sum = &mut sums[place + offset];
            sum.re += element.re.to_f64() * scale;
            sum.im += element.im.to_f64() * scale;
        }
        for axis in (0..outer).rev() {
            let (size, stride) = axes[axis];
            point[axis] += 1;
            place += stride;
            if point[axis] < size {
                break;
            }
            place -= size * stride;
            point[axis] = 0;
        }
    }
}
