//! Products of matrices in slices, with `unsafe` for the pointers of the `gemm` crate.
//!
//! The `gemm` crate multiplies on the calling thread; a big product is cut into blocks of the result,
//! shared by the threads of `pool.rs`. The cut depends on the shapes only, so the number of
//! threads does not change a bit. Not here: tensors (`linear.rs`).

#![allow(
    unsafe_code,
    reason = "the `gemm` crate takes pointers, and threads write disjoint blocks of one slice"
)]

use candle_core::{DType, Result, WithDType, bail};
use gemm::Parallelism;

use super::pool;

/// Products below this many multiplications and additions stay whole: waking a thread costs more.
const SPLIT_FLOP: usize = 8_000_000;
/// A product has at most this many blocks: each block packs its operands anew.
const MAX_BLOCKS: usize = 16;
/// Blocks begin at multiples of this number of rows or columns, the width of the kernels.
const STEP: usize = 16;

/// A matrix that borrows its numbers.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// The matrix whose rows lie one after another in `data`.
    ///
    /// # Errors
    /// `data` has not `rows * columns` numbers.
    pub(crate) fn new(data: &'a [T], rows: usize, columns: usize) -> Result<Self> {
        if Some(data.len()) != rows.checked_mul(columns) {
            bail!("матрица {rows} x {columns} не получится из {} чисел", data.len());
        }
        Ok(Self { data, rows, columns, row_stride: columns, column_stride: 1 })
    }

    /// The transposed matrix, of the same numbers.
    pub(crate) fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Adds the product `a * b` to `out`, whose rows lie one after another.
///
/// # Errors
/// The shapes do not fit, or the numbers are neither f32 nor f64.
pub(crate) fn add_product<T: WithDType>(
    out: &mut [T],
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
) -> Result<()> {
    if a.columns != b.rows || Some(out.len()) != a.rows.checked_mul(b.columns) {
        let (m, k, l, n) = (a.rows, a.columns, b.rows, b.columns);
        bail!("произведение {m} x {k} на {l} x {n} в {} чисел невозможно", out.len());
    }
    if !matches!(T::DTYPE, DType::F32 | DType::F64) {
        bail!("произведение матриц: нужен тип f32 или f64, дан {}", T::DTYPE.as_str());
    }
    let whole = Block { first_row: 0, rows: a.rows, first_column: 0, columns: b.columns };
    let out = Out { start: out.as_mut_ptr(), columns: b.columns };
    let (count, length) = cut(a.rows, b.columns, a.columns);
    if count <= 1 {
        // SAFETY: the shapes were checked above, and the exclusive borrow of `out` lasts.
        unsafe { add_block(out, a, b, whole) };
        return Ok(());
    }
    let by_rows = a.rows >= b.columns;
    let copy;
    let b = if by_rows && b.column_stride != 1 && b.row_stride == 1 {
        // Each block would pack all of `b` across its rows, many times slower than one copy.
        copy = copy_by_rows(b);
        Matrix::new(&copy, b.rows, b.columns)?
    } else {
        b
    };
    pool::for_each(count, &|i| {
        let first = i * length;
        let block = if by_rows {
            Block { first_row: first, rows: length.min(a.rows - first), ..whole }
        } else {
            Block { first_column: first, columns: length.min(b.columns - first), ..whole }
        };
        // SAFETY: as above; two blocks share no number of `out`, and `for_each` returns after all.
        unsafe { add_block(out, a, b, block) };
    });
    Ok(())
}

/// How many blocks a product has and how many rows or columns, whichever are more, a block has.
fn cut(rows: usize, columns: usize, inner: usize) -> (usize, usize) {
    let flop = rows.saturating_mul(columns).saturating_mul(inner).saturating_mul(2);
    let side = rows.max(columns);
    if flop < SPLIT_FLOP {
        return (1, side);
    }
    let wanted = (flop / (SPLIT_FLOP / 2)).clamp(2, MAX_BLOCKS);
    let length = side.div_ceil(wanted).next_multiple_of(STEP);
    (side.div_ceil(length), length)
}

/// The numbers of a matrix that lies column by column, row by row.
fn copy_by_rows<T: WithDType>(matrix: Matrix<'_, T>) -> Vec<T> {
    const TILE: usize = 8;
    let Matrix { data, rows, columns, .. } = matrix;
    let mut copy = vec![T::zero(); data.len()];
    let (whole_rows, whole_columns) = (rows - rows % TILE, columns - columns % TILE);
    for row in (0..whole_rows).step_by(TILE) {
        for column in (0..whole_columns).step_by(TILE) {
            let mut tile = [[T::zero(); TILE]; TILE];
            for (j, numbers) in tile.iter_mut().enumerate() {
                numbers.copy_from_slice(&data[(column + j) * rows + row..][..TILE]);
            }
            for i in 0..TILE {
                let line = &mut copy[(row + i) * columns + column..][..TILE];
                line.iter_mut().zip(&tile).for_each(|(to, from)| *to = from[i]);
            }
        }
    }
    for row in 0..rows {
        let first = if row < whole_rows { whole_columns } else { 0 };
        for column in first..columns {
            copy[row * columns + column] = data[column * rows + row];
        }
    }
    copy
}

/// Where the result lies, known to all threads.
#[derive(Clone, Copy)]
struct Out<T> {
    start: *mut T,
    columns: usize,
}

// SAFETY: the pointer comes from an exclusive borrow of plain numbers; `add_product` keeps the blocks apart.
unsafe impl<T: Send> Send for Out<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Out<T> {}

/// A rectangle of the result.
#[derive(Clone, Copy)]
struct Block {
    first_row: usize,
    rows: usize,
    first_column: usize,
    columns: usize,
}

/// Adds one block of `a * b`.
///
/// # Safety
/// `out` points to `a.rows * b.columns` numbers, `a.columns == b.rows`, the block lies inside, and
/// nobody else touches its numbers meanwhile. `T` is f32 or f64.
unsafe fn add_block<T: WithDType>(out: Out<T>, a: Matrix<'_, T>, b: Matrix<'_, T>, block: Block) {
    if block.rows == 0 || block.columns == 0 || a.columns == 0 {
        return;
    }
    let one = T::from_f64(1.0);
    // SAFETY: a `Matrix` is made by `new` and `t` only, so its strides stay inside its numbers; the
    // block begins inside the matrices, none of which is empty here.
    unsafe {
        gemm::gemm(
            block.rows,
            block.columns,
            a.columns,
            out.start.add(block.first_row * out.columns + block.first_column),
            1,
            out.columns as isize,
            true,
            a.data.as_ptr().add(block.first_row * a.row_stride),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr().add(block.first_column * b.column_stride),
            b.column_stride as isize,
            b.row_stride as isize,
            one,
            one,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;

    fn numbers(rng: &mut Rng, n: usize) -> Vec<f64> {
        (0..n).map(|_| rng.normal()).collect()
    }

    /// The product by its definition.
    fn slow(a: &[f64], b: &[f64], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
        let cell = |i: usize, j: usize| (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum::<f64>();
        (0..m * n).map(|index| cell(index / n, index % n)).collect()
    }

    #[test]
    fn small_odd_and_empty_shapes() {
        let mut rng = Rng::seed(1);
        for _ in 0..200 {
            let (m, k, n) = (rng.below(20), rng.below(20), rng.below(20));
            let (a, b) = (numbers(&mut rng, m * k), numbers(&mut rng, k * n));
            let mut out = vec![1.0; m * n];
            let (left, right) = (Matrix::new(&a, m, k).unwrap(), Matrix::new(&b, k, n).unwrap());
            add_product(&mut out, left, right).unwrap();
            let expected = slow(&a, &b, (m, k, n));
            assert!(out.iter().zip(&expected).all(|(x, y)| (x - y - 1.0).abs() < 1e-12));
            // (a b)^T = b^T a^T, with both operands given by strides.
            let mut turned = vec![0.0; m * n];
            add_product(&mut turned, right.t(), left.t()).unwrap();
            let same = |i: usize| (turned[(i % n) * m + i / n] - expected[i]).abs() < 1e-12;
            assert!((0..m * n).all(same));
        }
    }

    #[test]
    fn blocks_cover_big_products_of_both_kinds() {
        let mut rng = Rng::seed(2);
        for (m, k, n) in [(1000, 70, 70), (70, 70, 1000), (333, 129, 130)] {
            let (a, b) = (numbers(&mut rng, m * k), numbers(&mut rng, k * n));
            assert!(cut(m, n, k).0 > 1, "{m} {k} {n} is too small for this test");
            let mut out = vec![0.0; m * n];
            let (left, right) = (Matrix::new(&a, m, k).unwrap(), Matrix::new(&b, k, n).unwrap());
            add_product(&mut out, left, right).unwrap();
            let expected = slow(&a, &b, (m, k, n));
            assert!(out.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-10));
        }
    }

    #[test]
    fn a_transposed_operand_is_copied_right_at_every_size() {
        let mut rng = Rng::seed(3);
        for _ in 0..100 {
            let (rows, columns) = (rng.below(40), rng.below(40));
            let data = numbers(&mut rng, rows * columns);
            let copy = copy_by_rows(Matrix::new(&data, columns, rows).unwrap().t());
            let same = |i: usize| copy[i] == data[(i % columns) * rows + i / columns];
            assert!((0..rows * columns).all(same), "{rows} {columns}");
        }
        let (m, k, n) = (400, 90, 130);
        let (a, b) = (numbers(&mut rng, m * k), numbers(&mut rng, k * n));
        let mut out = vec![0.0; m * n];
        let by_columns = copy_by_rows(Matrix::new(&b, k, n).unwrap().t());
        let right = Matrix::new(&by_columns, n, k).unwrap().t();
        add_product(&mut out, Matrix::new(&a, m, k).unwrap(), right).unwrap();
        assert!(out.iter().zip(&slow(&a, &b, (m, k, n))).all(|(x, y)| (x - y).abs() < 1e-10));
    }

    #[test]
    fn wrong_shapes_are_errors() {
        let a = [1.0f32; 6];
        assert!(Matrix::new(&a, 2, 4).is_err());
        assert!(Matrix::new(&a, usize::MAX, 2).is_err());
        let matrix = Matrix::new(&a, 2, 3).unwrap();
        assert!(add_product(&mut [0.0; 4], matrix, matrix).is_err());
        assert!(add_product(&mut [0.0; 5], matrix, matrix.t()).is_err());
        assert!(add_product(&mut [0.0; 4], matrix, matrix.t()).is_ok());
        let whole = Matrix::new(&[1i64; 4], 2, 2).unwrap();
        assert!(add_product(&mut [0i64; 4], whole, whole).is_err());
    }
}
