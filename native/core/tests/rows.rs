//! Sparse-state steps compared with rows computed one by one, at every SIMD level.

mod random;

use random::{random_modes, Random, BATCH, K, M, N};
use taizhang_core::kernels::reference;
use taizhang_core::kernels::rows::{RowKernel, Rows};
use taizhang_core::kernels::step::StepReal;
use taizhang_core::kernels::tensors::Tensors;
use taizhang_core::number::Complex;
use taizhang_core::program::modes::{extent, volume, Mode};
use taizhang_core::program::RowPick;
use taizhang_core::simd::level::SimdLevel;

/// Rows computed one by one by the reference contraction; the terms select the row of each operand.
fn obvious_rows<T: StepReal>(modes: &[Mode], pick: &RowPick, rows: Rows<'_>, tensors: Tensors<'_, T>) {
    for row in 0..rows.num_rows {
        let start = |terms: &[(Option<usize>, usize)]| -> usize {
            let digit = |index: &Option<usize>| match index {
                Some(index) => usize::from(rows.digits[index * rows.num_rows + row]),
                None => row,
            };
            terms.iter().map(|(index, stride)| digit(index) * stride).sum()
        };
        let (a, b) = (&tensors.a[start(&pick.a)..], &tensors.b[start(&pick.b)..]);
        let out = &mut tensors.out[row * pick.out_elements..][..pick.out_elements];
        reference::contract(modes, a, b, out, tensors.scale);
    }
}

fn check_rows<T: StepReal>(random: &mut Random, level: SimdLevel, tolerance: f64) {
    // Stage 1: a random contraction within a row.
    let groups = [
        (M, random.below(5)),
        (N, random.below(3)),
        (K, random.below(5)),
        (BATCH, random.below(2)),
    ];
    let modes = random_modes(random, &groups);
    let lengths = [
        extent(&modes, |mode| mode.a),
        extent(&modes, |mode| mode.b),
        extent(&modes, |mode| mode.out),
    ];
    // Stage 2: three row indices, on the first operand, on both, on the second; in some cases the second has a row for each row.
    let sizes = [2, 3, 4];
    let num_rows = 1 + random.below(60);
    let digits: Vec<u8> = sizes
        .iter()
        .flat_map(|&size| (0..num_rows).map(|_| random.below(size) as u8).collect::<Vec<_>>())
        .collect();
    let terms_b = if random.chance(3) {
        vec![(None, lengths[1])]
    } else {
        vec![(Some(1), lengths[1]), (Some(2), 3 * lengths[1])]
    };
    let pick = RowPick {
        a: vec![(Some(0), lengths[0]), (Some(1), 2 * lengths[0])],
        b: terms_b,
        a_elements: lengths[0],
        out_elements: lengths[2],
    };
    let rows = Rows {
        digits: &digits,
        num_rows,
        sizes: &sizes,
    };
    // Stage 3: the rows expected.
    let (a, b) = (
        random.tensor::<T>(6 * lengths[0]),
        random.tensor::<T>(lengths[1] * num_rows.max(12)),
    );
    let zero = Complex::new(T::ZERO, T::ZERO);
    let mut expected = vec![zero; num_rows * lengths[2]];
    let scale = T::from_f64(0.5);
    obvious_rows(
        &modes,
        &pick,
        rows,
        Tensors {
            a: &a,
            b: &b,
            out: &mut expected,
            scale,
            workspace: &mut [],
        },
    );
    // Stage 4: the rows by the kernel, with one thread and with two.
    let kernel = RowKernel::<T>::compile(&modes, &pick, level);
    for threads in [1, 2] {
        let mut out = vec![zero; expected.len()];
        let mut workspace = vec![zero; kernel.workspace_len(threads)];
        let tensors = Tensors {
            a: &a,
            b: &b,
            out: &mut out,
            scale,
            workspace: &mut workspace,
        };
        kernel.run(tensors, threads.into(), rows);
        // Gaps in a row are undefined: only what the modes reach is compared.
        for row in 0..num_rows {
            for point in 0..volume(&modes) {
                let place = row * lengths[2] + reference::offsets(&modes, point).2;
                let (x, y) = (expected[place], out[place]);
                let error = (x.re.to_f64() - y.re.to_f64()).hypot(x.im.to_f64() - y.im.to_f64());
                assert!(
                    error < tolerance,
                    "row {row}: {x:?}, {y:?} at {level:?} of {modes:?}, {pick:?}"
                );
            }
        }
    }
}

#[test]
fn steps_by_rows_are_right() {
    for level in SimdLevel::available() {
        let mut random = Random(12);
        for _ in 0..60 {
            check_rows::<f32>(&mut random, level, 1e-4);
            check_rows::<f64>(&mut random, level, 1e-12);
        }
    }
}
