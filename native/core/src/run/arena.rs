//! Memory of a worker: one block, aligned, in huge pages where the system gives them, faulted in once.
//!
//! Faulting in and clearing pages takes a tenth of the time of a short run. So large blocks are kept when a run ends,
//! for the next one that needs as much or somewhat less, as a value does after a gradient; meanwhile the system may take
//! their pages back at any time (`MADV_FREE`), and a run for which none fits first gives back all that is kept.

use crate::number::{Complex, Real};
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

/// Alignment of the first element, in bytes: a huge page for large arenas, so that they consist of whole ones.
const HUGE_PAGE: usize = 2 << 20;
const CACHE_LINE: usize = 64;

/// Arenas of fewer bytes have no huge pages and are not kept.
const LARGE: usize = 4 * HUGE_PAGE;

/// A block is used again for no less than one part in this many of it.
const LEAST_PART: usize = 4;

/// Large blocks that are not in use.
static KEPT: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());

/// A fixed number of complex elements. Their first values are arbitrary, possibly NaN.
#[derive(Debug)]
pub struct Arena<T> {
    /// A vector of plain zeros comes from the system untouched, so that its pages are faulted in by the first step that
    /// writes them, not before the system is asked for huge ones.
    words: Vec<u64>,
    /// First byte that is used.
    start: usize,
    /// Elements.
    len: usize,
    number: PhantomData<T>,
}

impl<T: Real> Arena<T> {
    /// Allocates `len` elements; `Err` holds the number of bytes that the system refused.
    pub fn new(len: usize) -> Result<Self, usize> {
        let bytes = len.saturating_mul(size_of::<Complex<T>>());
        let large = bytes >= LARGE;
        let alignment = if large { HUGE_PAGE } else { CACHE_LINE };
        let padded = bytes.checked_add(alignment).ok_or(bytes)?.div_ceil(size_of::<u64>());
        let again = large.then(|| fitting(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner), padded));
        let again = again.flatten();
        let fresh = again.is_none();
        let mut words = again.or_else(|| zeros(padded)).ok_or(bytes)?;
        let start = words.as_ptr().cast::<u8>().align_offset(alignment).min(alignment);
        if large && fresh {
            advise(&mut words, start, bytes, Advice::HugePages);
        }
        Ok(Self {
            words,
            start,
            len,
            number: PhantomData,
        })
    }

    /// The elements.
    pub fn as_mut_slice(&mut self) -> &mut [Complex<T>] {
        let first = self.words.as_mut_ptr().cast::<u8>().wrapping_add(self.start);
        // SAFETY: `start` is at most the alignment and `words` holds that many bytes more than the elements take; it is
        // a multiple of the alignment of `Complex<T>`, two `T` in C layout, of which all bit patterns are values. The
        // words stay exclusively borrowed.
        unsafe { std::slice::from_raw_parts_mut(first.cast(), self.len) }
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

impl<T> Drop for Arena<T> {
    fn drop(&mut self) {
        let bytes = self.len * size_of::<Complex<T>>();
        if bytes >= LARGE && advise(&mut self.words, self.start, bytes, Advice::Free) {
            let words = std::mem::take(&mut self.words);
            KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(words);
        }
    }
}

/// Bytes of the blocks that are not in use: the next run takes them over or gives them back.
pub fn kept_bytes() -> usize {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().map(|words| size_of_val(words.as_slice())).sum()
}

/// Takes the smallest block that holds `len` words, and not too many, out of those that are kept; if there is none, drops
/// them all.
fn fitting(kept: &mut Vec<Vec<u64>>, len: usize) -> Option<Vec<u64>> {
    let fits = |words: &Vec<u64>| (len..=len.saturating_mul(LEAST_PART)).contains(&words.len());
    let fitting = kept.iter().enumerate().filter(|(_, words)| fits(words));
    let place = fitting.min_by_key(|(_, words)| words.len()).map(|(place, _)| place);
    if place.is_none() {
        kept.clear();
    }
    place.map(|place| kept.swap_remove(place))
}

/// A vector of zeros whose pages are not touched yet; `None` where memory is refused.
fn zeros(len: usize) -> Option<Vec<u64>> {
    let mut probe: Vec<u64> = Vec::new();
    probe.try_reserve_exact(len).ok()?;
    drop(probe);
    Some(vec![0; len])
}

/// Advice to the system about a block.
#[derive(Clone, Copy, Debug)]
enum Advice {
    /// Back it by huge pages.
    HugePages,
    /// Its pages may be taken back; until then they can be written again as if no advice had been given.
    Free,
}

/// Advises the system on the whole huge pages of a range of bytes. Returns whether it took the advice.
#[cfg(target_os = "linux")]
fn advise(words: &mut [u64], start: usize, bytes: usize, advice: Advice) -> bool {
    let end = size_of_val(words).min((start + bytes).next_multiple_of(HUGE_PAGE)) / 4096 * 4096;
    let number = match advice {
        Advice::HugePages => libc::MADV_HUGEPAGE,
        Advice::Free => libc::MADV_FREE,
    };
    let first = words.as_mut_ptr().cast::<u8>().wrapping_add(start);
    if !first.addr().is_multiple_of(4096) || end <= start {
        return false;
    }
    // SAFETY: the range lies in a live, exclusively borrowed slice and starts at a page boundary. MADV_HUGEPAGE changes
    // how it is backed, never what it holds; after MADV_FREE what it holds is any numbers, which words may be.
    unsafe { libc::madvise(first.cast(), end - start, number) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn advise(_words: &mut [u64], _start: usize, _bytes: usize, _advice: Advice) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_aligned_and_can_be_written() {
        for len in [1, 100, 3 << 20, 3 << 20, 2 << 20] {
            let mut arena = Arena::<f32>::new(len).unwrap();
            let memory = arena.as_mut_slice();
            assert_eq!(memory.len(), len);
            assert_eq!(memory.as_ptr() as usize % CACHE_LINE, 0);
            memory.fill(Complex::new(1.0, 2.0));
            assert!(memory.iter().all(|x| *x == Complex::new(1.0, 2.0)));
        }
    }

    #[test]
    fn what_fits_is_used_again_and_what_does_not_is_given_back() {
        let mut kept = vec![vec![0; 3200], vec![0; 1700], vec![0; 1690]];
        assert_eq!(fitting(&mut kept, 1600).map(|words| words.len()), Some(1690));
        assert_eq!(fitting(&mut kept, 1600).map(|words| words.len()), Some(1700));
        assert_eq!(fitting(&mut kept, 799), None);
        assert!(kept.is_empty());
    }

    #[test]
    fn a_refusal_is_reported() {
        assert!(Arena::<f64>::new(usize::MAX / 32).is_err());
    }
}
