//! Whether numbers were rounded because they were too small for their type: the processor's underflow flag.
//!
//! Each thread has a flag, set by every operation whose result is rounded because it lies below the smallest normal
//! number. It costs the kernels nothing. It stays set until it is cleared, so one check after a run covers all its steps.
//! On machines without support here the flag is never set.

/// Clears the flag of this thread.
pub fn clear() {
    #[cfg(target_arch = "x86_64")]
    {
        let flags = control_word() & !UNDERFLOW;
        // SAFETY: loads the SSE control word as it was but for a status flag. Status flags are free to change at an
        // assembly block that does not claim to preserve them; masks and rounding mode stay.
        unsafe { std::arch::asm!("ldmxcsr [{0}]", in(reg) &raw const flags, options(nostack, readonly)) };
    }
    #[cfg(target_arch = "aarch64")]
    {
        let flags = status_word() & !UNDERFLOW;
        // SAFETY: writes the status register as it was but for one flag, which assembly blocks may change.
        unsafe { std::arch::asm!("msr fpsr, {0}", in(reg) flags, options(nostack, nomem)) };
    }
}

/// Whether the flag of this thread has been set since it was cleared.
#[must_use]
pub fn occurred() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        control_word() & UNDERFLOW != 0
    }
    #[cfg(target_arch = "aarch64")]
    {
        status_word() & UNDERFLOW != 0
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        false
    }
}

#[cfg(target_arch = "x86_64")]
const UNDERFLOW: u32 = 1 << 4;

#[cfg(target_arch = "x86_64")]
fn control_word() -> u32 {
    let mut flags = 0_u32;
    // SAFETY: stores the SSE control word into a local variable, and changes nothing else.
    unsafe { std::arch::asm!("stmxcsr [{0}]", in(reg) &raw mut flags, options(nostack, preserves_flags)) };
    flags
}

#[cfg(target_arch = "aarch64")]
const UNDERFLOW: u64 = 1 << 3;

#[cfg(target_arch = "aarch64")]
fn status_word() -> u64 {
    let flags: u64;
    // SAFETY: reads the status register into a local variable, and changes nothing.
    unsafe { std::arch::asm!("mrs {0}, fpsr", out(reg) flags, options(nostack, nomem, preserves_flags)) };
    flags
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn products_below_the_smallest_normal_number_set_the_flag() {
        clear();
        assert!(!occurred());
        assert!(black_box(black_box(1e-20_f32) * black_box(1e-10_f32)) > 0.0);
        assert!(!occurred());
        assert_eq!(black_box(black_box(1e-30_f32) * black_box(1e-30_f32)), 0.0);
        assert!(occurred());
        clear();
        assert!(!occurred());
        assert_eq!(black_box(black_box(1e-300_f64) * black_box(1e-300_f64)), 0.0);
        assert!(occurred());
    }
}
