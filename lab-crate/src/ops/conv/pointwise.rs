//! Convolution with kernel 1 x 1 and stride 1: a product of matrices for each image, nothing is turned or copied.
//!
//! Shapes: images `(C, P)` with `P` pixels, weights `(K, C)`. Read next: `ops/gemm.rs`.

use candle_core::Result;

use super::finish::Finish;
use super::geometry::Geometry;
use super::lanes::{cells, fill};
use super::real::Real;
use crate::ops::gemm::{Matrix, add_product};
use crate::ops::pool;

/// Whether a convolution is of this kind.
pub(super) fn fits(g: &Geometry) -> bool {
    g.kernel == [1, 1] && g.stride == 1 && g.padding == 0 && g.groups == 1
}

/// The result `(N, K, P)`; `y` holds zeros.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) -> Result<()> {
    let weight = Matrix::new(weight, g.outputs, g.inputs)?;
    each_image(y, g.outputs * g.pixels(), &|image, y| {
        add_product(y, weight, images(g, x, image)?)?;
        for (channel, plane) in y.chunks_exact_mut(g.pixels().max(1)).enumerate() {
            finish.run_plane(plane, channel);
        }
        Ok(())
    })
}

/// The gradient `(N, C, P)` of the images; `out` holds zeros.
pub(super) fn grad_input<T: Real>(
    g: &Geometry,
    grad: &[T],
    weight: &[T],
    out: &mut [T],
) -> Result<()> {
    let weight = Matrix::new(weight, g.outputs, g.inputs)?.t();
    each_image(out, g.inputs * g.pixels(), &|image, out| {
        add_product(out, weight, results(g, grad, image)?)
    })
}

/// The gradient `(K, C)` of the weights, image after image; `out` holds zeros.
pub(super) fn grad_weight<T: Real>(g: &Geometry, x: &[T], grad: &[T], out: &mut [T]) -> Result<()> {
    (0..g.images)
        .try_for_each(|image| add_product(out, results(g, grad, image)?, images(g, x, image)?.t()))
}

/// Image `image` of `x`, `(C, P)`.
fn images<'a, T: Real>(g: &Geometry, x: &'a [T], image: usize) -> Result<Matrix<'a, T>> {
    let size = g.inputs * g.pixels();
    Matrix::new(&x[image * size..][..size], g.inputs, g.pixels())
}

/// Image `image` of a result, `(K, P)`.
fn results<'a, T: Real>(g: &Geometry, y: &'a [T], image: usize) -> Result<Matrix<'a, T>> {
    let size = g.outputs * g.pixels();
    Matrix::new(&y[image * size..][..size], g.outputs, g.pixels())
}

/// Calls `f` with the number and the numbers of every image, shared by the threads; the first error is returned.
fn each_image<T: Real>(
    numbers: &mut [T],
    size: usize,
    f: &(dyn Fn(usize, &mut [T]) -> Result<()> + Sync),
) -> Result<()> {
    let failed = std::sync::Mutex::new(Ok(()));
    let cells = cells(numbers, size);
    pool::for_each(cells.len(), &|image| {
        if let Err(error) = fill(&cells[image], |numbers| f(image, numbers)) {
            *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Err(error);
        }
    });
    failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
