//! Memory of a worker: one block, aligned, in huge pages where the system gives them, faulted in once.

use super::complex::{Complex, Real};

/// Alignment of the first element, in bytes: a huge page for large arenas, so that they consist of whole ones.
const HUGE_PAGE: usize = 2 << 20;
const CACHE_LINE: usize = 64;

/// A fixed number of complex elements, all 0 at first.
#[derive(Debug)]
pub struct Arena<T> {
    /// Real and imaginary parts in turn. A vector of plain zeros comes from the system untouched, so that its pages are
    /// faulted in by the first step that writes them, not before the system is asked for huge ones.
    parts: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Real> Arena<T> {
    /// Allocates `len` elements; `Err` holds the number of bytes that the system refused.
    pub fn new(len: usize) -> Result<Self, usize> {
        let item = size_of::<T>();
        let bytes = len.saturating_mul(2 * item);
        let alignment = if bytes >= 4 * HUGE_PAGE { HUGE_PAGE } else { CACHE_LINE };
        let padded = bytes.checked_add(alignment).ok_or(bytes)? / item;
        let mut parts: Vec<T> = zeros(padded).ok_or(bytes)?;
        let start = parts.as_ptr().align_offset(alignment).min(padded - 2 * len);
        if alignment == HUGE_PAGE {
            advise_huge_pages(&mut parts[start..start + 2 * len]);
        }
        Ok(Self { parts, start, len })
    }

    /// The elements.
    pub fn as_mut_slice(&mut self) -> &mut [Complex<T>] {
        let parts = &mut self.parts[self.start..self.start + 2 * self.len];
        // SAFETY: `Complex<T>` is two `T` in C layout, so it has the alignment of `T`, and `len` of them are exactly the
        // `2 * len` parts, which stay exclusively borrowed.
        unsafe { std::slice::from_raw_parts_mut(parts.as_mut_ptr().cast(), self.len) }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A vector of zeros whose pages are not touched yet; `None` where memory is refused.
fn zeros<T: Real>(len: usize) -> Option<Vec<T>> {
    let mut probe: Vec<T> = Vec::new();
    probe.try_reserve_exact(len).ok()?;
    drop(probe);
    Some(vec![T::ZERO; len])
}

/// Asks the system to back `memory` by huge pages. It may refuse, which costs only time.
#[cfg(target_os = "linux")]
fn advise_huge_pages<T>(memory: &mut [T]) {
    let bytes = size_of_val(memory);
    // SAFETY: the range is exactly that of a live, exclusively borrowed slice that starts at a page boundary, and
    // MADV_HUGEPAGE changes how it is backed, never what it holds.
    unsafe {
        libc::madvise(memory.as_mut_ptr().cast(), bytes, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages<T>(_memory: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_zero_and_aligned() {
        for len in [1, 100, 3 << 20] {
            let mut arena = Arena::<f32>::new(len).unwrap();
            let memory = arena.as_mut_slice();
            assert_eq!(memory.len(), len);
            assert_eq!(memory.as_ptr() as usize % CACHE_LINE, 0);
            assert!(memory.iter().all(|x| *x == Complex::new(0.0, 0.0)));
        }
    }

    #[test]
    fn a_refusal_is_told() {
        assert!(Arena::<f64>::new(usize::MAX / 32).is_err());
    }
}
