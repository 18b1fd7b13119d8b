//! Adds the result of a slice where it belongs in the value.

use super::accumulate::Scaled;
use super::engine::{Engine, Failure, State};
use super::memory::Memory;
use crate::kernels::step::StepReal;
use crate::number::{larger, Complex};

impl<T: StepReal> Engine<T> {
    /// Adds the result of the slice that ran last, which had number `slice`, to `sum`, in its place in the value.
    pub fn add_result(
        &self,
        slice: u64,
        state: &State,
        memory: &Memory<'_, T>,
        sum: &mut Scaled,
    ) -> Result<(), Failure> {
        let Some(last) = self.program().steps.last() else {
            return Ok(());
        };
        let (start, len) = (
            self.program().places[last.out].offset,
            self.program().places[last.out].num_elements,
        );
        let base = memory.shared.len();
        let elements = if start < base {
            &memory.shared[start..start + len]
        } else {
            &memory.own[start - base..start - base + len]
        };
        let mut largest = T::ZERO;
        for element in elements {
            if !element.re.to_f64().is_finite() || !element.im.to_f64().is_finite() {
                return Err(Failure::NotFinite(slice));
            }
            largest = larger(larger(largest, element.re.abs()), element.im.abs());
        }
        if largest > T::ZERO {
            let scale = sum.make_room(state.magnitudes[last.out].exponent);
            self.scatter(slice, elements, scale, &mut sum.values);
        }
        Ok(())
    }

    /// Adds a slice's result, times `scale`, where it belongs in the value.
    fn scatter(&self, slice: u64, elements: &[Complex<T>], scale: f64, values: &mut [Complex<f64>]) {
        let digits = self.program().digits(slice);
        let strides = &self.program().output_slice_strides;
        let start: usize = digits.iter().zip(strides).map(|(digit, stride)| digit * stride).sum();
        let axes = &self.program().output_axes;
        let mut point = vec![0; axes.len()];
        let mut place = start;
        for element in elements {
            values[place].re += element.re.to_f64() * scale;
            values[place].im += element.im.to_f64() * scale;
            for axis in (0..axes.len()).rev() {
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
}
