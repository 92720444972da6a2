//! The four ways to convolve, chosen by the sizes. The numbers of a result are zeros at first.
//!
//! Read next: `direct.rs`, then `pointwise.rs`, `winograd/mod.rs` and `depthwise/mod.rs`.

use candle_core::Result;

use super::finish::Finish;
use super::geometry::Geometry;
use super::real::Real;
use super::{depthwise, direct, gradient, pointwise, winograd};

/// The result `(N, G K, H, W)` from images `(N, G C, H, W)` and weights `(G K, C, kh, kw)`.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) -> Result<()> {
    if pointwise::fits(g) {
        return pointwise::forward(g, x, weight, finish, y);
    }
    if winograd::fits(g) {
        winograd::forward(g, x, weight, finish, y);
    } else if is_depthwise(g) {
        depthwise::forward(g, x, weight, finish, y);
    } else {
        direct::forward(g, x, weight, finish, y);
    }
    Ok(())
}

/// The gradient of the images from the gradient of the result.
pub(super) fn grad_input<T: Real>(
    g: &Geometry,
    grad: &[T],
    weight: &[T],
    out: &mut [T],
) -> Result<()> {
    if pointwise::fits(g) {
        return pointwise::grad_input(g, grad, weight, out);
    }
    if winograd::fits(g) {
        winograd::grad_input(g, grad, weight, out);
    } else if is_depthwise(g) {
        depthwise::grad_input(g, grad, weight, out);
    } else {
        direct::grad_input(g, grad, weight, out);
    }
    Ok(())
}

/// The gradient of the weights from the images and the gradient of the result.
pub(super) fn grad_weight<T: Real>(g: &Geometry, x: &[T], grad: &[T], out: &mut [T]) -> Result<()> {
    if pointwise::fits(g) {
        return pointwise::grad_weight(g, x, grad, out);
    }
    if winograd::fits(g) {
        winograd::grad_weight(g, x, grad, out);
    } else if is_depthwise(g) {
        depthwise::grad_weight(g, x, grad, out);
    } else {
        gradient::grad_weight(g, x, grad, out);
    }
    Ok(())
}

fn is_depthwise(g: &Geometry) -> bool {
    g.inputs == 1 && g.groups > 1
}
