//! Matrices turned in squares of 8 x 8: what moves numbers between channels first and channels last.
//!
//! Not here: what the rows and columns are (`lanes.rs`).

use super::kernel::Real;

/// The side of a square.
pub(super) const SIDE: usize = 8;

/// The instructions of this machine that turn squares, if it has them.
#[derive(Clone, Copy)]
pub(super) struct Turner {
    #[cfg(target_arch = "x86_64")]
    simd: Option<pulp::x86::V3>,
}

impl Turner {
    /// Looks at the machine.
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            simd: pulp::x86::V3::try_new(),
        }
    }

    /// Turns a square of f32.
    #[inline(always)]
    pub(super) fn turn(self, square: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.simd {
            return turn_avx(simd, square);
        }
        turn_plainly(square)
    }
}

/// Turns a square number by number.
#[inline(always)]
pub(super) fn turn_plainly<T: Real>(square: [[T; SIDE]; SIDE]) -> [[T; SIDE]; SIDE] {
    let mut turned = square;
    for (i, row) in square.iter().enumerate() {
        for (j, number) in row.iter().enumerate() {
            turned[j][i] = *number;
        }
    }
    turned
}

/// Turns a square with 24 vector instructions: pairs of rows, then fours, then halves.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn turn_avx(simd: pulp::x86::V3, square: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    use std::arch::x86_64::__m256;
    let (avx, r) = (simd.avx, pulp::cast::<_, [__m256; SIDE]>(square));
    let low = [
        avx._mm256_unpacklo_ps(r[0], r[1]),
        avx._mm256_unpacklo_ps(r[2], r[3]),
        avx._mm256_unpacklo_ps(r[4], r[5]),
        avx._mm256_unpacklo_ps(r[6], r[7]),
    ];
    let high = [
        avx._mm256_unpackhi_ps(r[0], r[1]),
        avx._mm256_unpackhi_ps(r[2], r[3]),
        avx._mm256_unpackhi_ps(r[4], r[5]),
        avx._mm256_unpackhi_ps(r[6], r[7]),
    ];
    let (top, bottom) = (0, 2);
    let mut fours = [[r[0]; 4]; 2];
    for (half, first) in [top, bottom].into_iter().enumerate() {
        fours[half] = [
            avx._mm256_shuffle_ps::<0x44>(low[first], low[first + 1]),
            avx._mm256_shuffle_ps::<0xEE>(low[first], low[first + 1]),
            avx._mm256_shuffle_ps::<0x44>(high[first], high[first + 1]),
            avx._mm256_shuffle_ps::<0xEE>(high[first], high[first + 1]),
        ];
    }
    let mut turned = r;
    for i in 0..4 {
        turned[i] = avx._mm256_permute2f128_ps::<0x20>(fours[0][i], fours[1][i]);
        turned[i + 4] = avx._mm256_permute2f128_ps::<0x31>(fours[0][i], fours[1][i]);
    }
    pulp::cast(turned)
}

/// Turns a matrix whose row `r` begins at number `at(r)`: gives `store` the column, the first row and up to 8
/// numbers of that column.
#[inline(always)]
pub(super) fn turn<T: Real>(
    turner: Turner,
    from: &[T],
    at: impl Fn(usize) -> usize,
    [rows, columns]: [usize; 2],
    mut store: impl FnMut(usize, usize, &[T]),
) {
    for row in (0..rows).step_by(SIDE) {
        let starts: [usize; SIDE] = std::array::from_fn(|i| at((row + i).min(rows - 1)));
        let height = SIDE.min(rows - row);
        for column in (0..columns).step_by(SIDE) {
            let mut square = [[T::ZERO; SIDE]; SIDE];
            for (numbers, start) in square.iter_mut().zip(starts) {
                *numbers = first_numbers(&from[start + column..]);
            }
            let turned = T::turn(turner, square);
            for (j, line) in turned.iter().enumerate().take(columns - column) {
                match height {
                    SIDE => store(column + j, row, line),
                    _ => store(column + j, row, &line[..height]),
                }
            }
        }
    }
}

/// The first 8 numbers, zeros after the last.
#[inline(always)]
fn first_numbers<T: Real>(from: &[T]) -> [T; SIDE] {
    if let Some(numbers) = from.first_chunk() {
        return *numbers;
    }
    let mut numbers = [T::ZERO; SIDE];
    numbers.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    numbers
}
