//! Matrices turned in squares of 8 x 8: what moves numbers between channels first and channels last.
//!
//! Not here: what the rows and columns are (`lanes.rs`).

use super::real::Real;

/// The side of a square.
pub(super) const SIDE: usize = 8;

/// The instructions of this machine that turn squares, if it has them.
#[cfg(target_arch = "x86_64")]
pub(super) type Avx = Option<pulp::x86::V3>;
/// No such instructions are known here.
#[cfg(not(target_arch = "x86_64"))]
pub(super) type Avx = Option<std::convert::Infallible>;

/// Looks at the machine.
#[inline(always)]
fn avx() -> Avx {
    #[cfg(target_arch = "x86_64")]
    return pulp::x86::V3::try_new();
    #[cfg(not(target_arch = "x86_64"))]
    return None;
}

/// Gives `store` the columns of a square of f32.
#[inline(always)]
pub(super) fn turn_f32(
    avx: Avx,
    rows: [&[f32; SIDE]; SIDE],
    store: impl FnMut(usize, &[f32; SIDE]),
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = avx {
        return turn_avx(simd, rows, store);
    }
    turn_plainly(rows, store);
}

/// Gives `store` the columns of a square, number by number.
#[inline(always)]
pub(super) fn turn_plainly<T: Real>(
    rows: [&[T; SIDE]; SIDE],
    mut store: impl FnMut(usize, &[T; SIDE]),
) {
    let mut column = [T::ZERO; SIDE];
    for j in 0..SIDE {
        column.iter_mut().zip(rows).for_each(|(to, row)| *to = row[j]);
        store(j, &column);
    }
}

/// The same with 24 vector instructions: pairs of rows, then fours, then halves.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn turn_avx(
    simd: pulp::x86::V3,
    rows: [&[f32; SIDE]; SIDE],
    mut store: impl FnMut(usize, &[f32; SIDE]),
) {
    use std::arch::x86_64::__m256;
    let avx = simd.avx;
    let zero = avx._mm256_setzero_ps();
    // The rows 0 to 3 give the low halves of the columns, the rows 4 to 7 the high ones.
    let mut fours = [[zero; 4]; 2];
    for half in 0..2 {
        let mut r = [zero; 4];
        for i in 0..4 {
            r[i] = pulp::cast::<[f32; SIDE], __m256>(*rows[4 * half + i]);
        }
        let low = [avx._mm256_unpacklo_ps(r[0], r[1]), avx._mm256_unpacklo_ps(r[2], r[3])];
        let high = [avx._mm256_unpackhi_ps(r[0], r[1]), avx._mm256_unpackhi_ps(r[2], r[3])];
        fours[half] = [
            avx._mm256_shuffle_ps::<0x44>(low[0], low[1]),
            avx._mm256_shuffle_ps::<0xEE>(low[0], low[1]),
            avx._mm256_shuffle_ps::<0x44>(high[0], high[1]),
            avx._mm256_shuffle_ps::<0xEE>(high[0], high[1]),
        ];
    }
    for (i, (low, high)) in fours[0].into_iter().zip(fours[1]).enumerate() {
        let column = avx._mm256_permute2f128_ps::<0x20>(low, high);
        store(i, &pulp::cast::<__m256, [f32; SIDE]>(column));
    }
    for (i, (low, high)) in fours[0].into_iter().zip(fours[1]).enumerate() {
        let column = avx._mm256_permute2f128_ps::<0x31>(low, high);
        store(4 + i, &pulp::cast::<__m256, [f32; SIDE]>(column));
    }
}

/// Turns a matrix whose row `r` begins at number `at(r)`: gives `store` the column, the first row and up to 8
/// numbers of that column.
#[inline(always)]
pub(super) fn turn<T: Real>(
    from: &[T],
    at: impl Fn(usize) -> usize,
    [rows, columns]: [usize; 2],
    mut store: impl FnMut(usize, usize, &[T]),
) {
    let avx = avx();
    let zeros = [T::ZERO; SIDE];
    for row in (0..rows).step_by(SIDE) {
        let starts: [usize; SIDE] = std::array::from_fn(|i| at((row + i).min(rows - 1)));
        let height = SIDE.min(rows - row);
        for column in (0..columns).step_by(SIDE) {
            let (mut square, mut inside) = ([&zeros; SIDE], true);
            for (numbers, start) in square.iter_mut().zip(starts) {
                match from[start + column..].first_chunk() {
                    Some(row) => *numbers = row,
                    None => inside = false,
                }
            }
            if inside && height > 1 {
                let whole = height == SIDE && column + SIDE <= columns;
                T::turn(
                    avx,
                    square,
                    #[inline(always)]
                    |j, line| {
                        if whole {
                            store(column + j, row, line);
                        } else if column + j < columns {
                            store(column + j, row, &line[..height]);
                        }
                    },
                );
                continue;
            }
            for j in column..columns.min(column + SIDE) {
                if height == 1 {
                    store(j, row, &[from[starts[0] + j]]);
                } else {
                    let line: [T; SIDE] = std::array::from_fn(|i| from[starts[i] + j]);
                    store(j, row, &line[..height]);
                }
            }
        }
    }
}
