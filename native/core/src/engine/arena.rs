//! Memory of a worker: one block, aligned, in huge pages where the system gives them, faulted in once.

use super::complex::{Complex, Real};

/// Alignment of the first element, in bytes: a huge page for large arenas, so that they consist of whole ones.
const HUGE_PAGE: usize = 2 << 20;
const CACHE_LINE: usize = 64;

/// A fixed number of complex elements, all 0 at first.
#[derive(Debug)]
pub struct Arena<T> {
    storage: Vec<Complex<T>>,
    start: usize,
    len: usize,
}

impl<T: Real> Arena<T> {
    /// Allocates `len` elements; `Err` holds the number of bytes that the system refused.
    pub fn new(len: usize) -> Result<Self, usize> {
        let item = size_of::<Complex<T>>();
        let bytes = len.saturating_mul(item);
        let alignment = if bytes >= 4 * HUGE_PAGE { HUGE_PAGE } else { CACHE_LINE };
        let padded = len.checked_add(alignment / item).ok_or(bytes)?;
        let mut storage = zeroed(padded).ok_or(bytes)?;
        let start = storage.as_ptr().align_offset(alignment).min(padded - len);
        if alignment == HUGE_PAGE {
            advise_huge_pages(&mut storage[start..start + len]);
        }
        Ok(Self { storage, start, len })
    }

    /// The elements.
    pub fn as_mut_slice(&mut self) -> &mut [Complex<T>] {
        &mut self.storage[self.start..self.start + self.len]
    }
}

/// A vector of zeros whose pages are not touched yet; `None` where memory is refused.
fn zeroed<T: Real>(len: usize) -> Option<Vec<Complex<T>>> {
    let mut probe: Vec<Complex<T>> = Vec::new();
    probe.try_reserve_exact(len).ok()?;
    drop(probe);
    Some(vec![Complex::new(T::ZERO, T::ZERO); len])
}

/// Asks the system to back `memory` by huge pages. It may refuse, which costs only time.
#[cfg(target_os = "linux")]
fn advise_huge_pages<T>(memory: &mut [Complex<T>]) {
    let bytes = size_of_val(memory);
    // SAFETY: the range is exactly that of a live, exclusively borrowed slice that starts at a page boundary, and
    // MADV_HUGEPAGE changes how it is backed, never what it holds.
    unsafe {
        libc::madvise(memory.as_mut_ptr().cast(), bytes, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages<T>(_memory: &mut [Complex<T>]) {}

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
