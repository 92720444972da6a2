//! The gradient of the weights by Winograd's method.
//!
//! `dU = (A g At) * (Bt x B)` summed over the tiles, then `dw = Gt dU G`. Not here: the transforms (`tile.rs`).

use pulp::{Simd, WithSimd};

use super::super::buffer::Buffer;
use super::super::geometry::Geometry;
use super::super::kernel::{PANEL, Product, Rows};
use super::super::lanes::{Frame, cells, fill, fill_all, strips, to_pixels};
use super::super::real::{Real, dispatch};
use super::super::turn::turn;
use super::POINTS;
use super::images::{Plan, apart, load_square, store, transform_images};
use super::tile::{self, both};
use crate::ops::pool;

/// A piece of work has this many outputs.
const ROWS: usize = 16;

/// The gradient `(K, C, 3, 3)` of the weights from the images and the gradient of the result.
pub(in super::super) fn grad_weight<T: Real>(g: &Geometry, x: &[T], grad: &[T], out: &mut [T]) {
    let [c, k] = [g.inputs, g.outputs];
    let plan = Plan::new(g.images, [c, g.size[0], g.size[1]], g.padding, k, g.out);
    let frame = Frame { border: [0; 2], size: plan.tiles.map(|tiles| 4 * tiles) };
    let mut pixels = Buffer::new(plan.chunk * (plan.frame.pixels() * c).max(frame.pixels() * k));
    let mut v = Buffer::new(plan.transformed(plan.chunk, c));
    let mut m = Buffer::new(plan.transformed(plan.chunk, k));
    for first in (0..g.images).step_by(plan.chunk) {
        let count = plan.chunk.min(g.images - first);
        let tiles = plan.lines(count) * plan.tiles[1];
        let (x_size, y_size) = (c * g.pixels(), k * g.out_pixels());
        let x = &x[first * x_size..][..count * x_size];
        let v = &mut v[..plan.transformed(count, c)];
        transform_images(&plan, x, &mut pixels[..count * plan.frame.pixels() * c], v);
        let m = &mut m[..plan.transformed(count, k)];
        let turned = &mut pixels[..count * frame.pixels() * k];
        to_pixels(&grad[first * y_size..], y_size, [k, g.out[0], g.out[1]], frame, turned);
        transform_grad(&plan, turned, m);
        let cells = cells(out, ROWS * c * 9);
        pool::for_each(cells.len(), &|piece| {
            fill(&cells[piece], |out| {
                dispatch(Piece { v, m: &m[piece * ROWS..], tiles, channels: [c, k], out });
            });
        });
    }
}

/// Transforms the turned gradient to `(36, P, K)`.
fn transform_grad<T: Real>(plan: &Plan, pixels: &[T], m: &mut [T]) {
    let channels = plan.to[0];
    let (line, each) = (plan.tiles[1] * channels, m.len() / POINTS);
    let cells = strips(m, each, line);
    let row = 4 * plan.tiles[1] * channels;
    pool::for_each(pixels.len() / (4 * row), &|i| {
        let pixels = &pixels[4 * i * row..][..4 * row];
        fill_all(&cells, i, each.div_ceil(line), |out| {
            dispatch(GradTiles { pixels, row, channels, out })
        });
    });
}

/// A row of tiles of the gradient of one image.
struct GradTiles<'a, 'b, T> {
    pixels: &'a [T],
    row: usize,
    channels: usize,
    out: &'a mut [&'b mut [T]],
}

impl<T: Real> WithSimd for GradTiles<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tiles = self.out[0].len() / self.channels;
        for tile in 0..tiles {
            for k in (0..self.channels).step_by(T::lanes::<S>()) {
                let at = 4 * tile * self.channels + k;
                let g = load_square(simd, self.pixels, at, [self.row, self.channels]);
                let m = both(
                    g,
                    #[inline(always)]
                    |g| tile::result_back::<S, T>(simd, g),
                );
                for (point, out) in self.out.iter_mut().enumerate() {
                    store(simd, out, tile * self.channels + k, m[point / 6][point % 6]);
                }
            }
        }
    }
}

/// The gradient of the weights of some outputs, added to `out (ROWS, C, 9)`.
struct Piece<'a, T> {
    v: &'a [T],
    m: &'a [T],
    tiles: usize,
    /// C and K.
    channels: [usize; 2],
    out: &'a mut [T],
}

impl<T: Real> WithSimd for Piece<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [c, k] = self.channels;
        let step = apart(ROWS * PANEL);
        let mut products = Buffer::new(POINTS * step);
        for first in (0..c).step_by(PANEL) {
            let columns = PANEL.min(c - first);
            for point in 0..POINTS {
                Product {
                    a: &self.m[point * apart(self.tiles * k)..],
                    rows: Rows::<fn(usize) -> usize>::Columns(k),
                    count: ROWS,
                    b: &self.v[point * apart(self.tiles * c) + first..],
                    b_stride: c,
                    panel: PANEL,
                    segments: &[(0, 0)],
                    depth: self.tiles,
                    columns,
                    out: &mut products[point * step..][..ROWS * columns],
                    out_at: |row| row * columns,
                    add: false,
                }
                .run(simd);
            }
            for (row, out) in self.out.chunks_exact_mut(9 * c).enumerate() {
                let out = &mut out[9 * first..][..9 * columns];
                add_weights(simd, &products[row * columns..], step, columns, out);
            }
        }
    }
}

/// Adds the weights that belong to `dU` of one output, `columns` numbers every `step`, to `out (columns, 9)`.
#[inline(always)]
fn add_weights<S: Simd, T: Real>(
    simd: S,
    products: &[T],
    step: usize,
    columns: usize,
    out: &mut [T],
) {
    let mut line = [T::ZERO; 9 * PANEL];
    for column in (0..columns).step_by(T::lanes::<S>()) {
        let u = load_square(simd, products, column, [6 * step, step]);
        let w = both(
            u,
            #[inline(always)]
            |u| tile::weight_back::<S, T>(simd, u),
        );
        for tap in 0..9 {
            store(simd, &mut line, tap * PANEL + column, w[tap / 3][tap % 3]);
        }
    }
    turn(
        &line,
        |tap| tap * PANEL,
        [9, columns],
        #[inline(always)]
        |column, tap, numbers| {
            let out = &mut out[column * 9 + tap..][..numbers.len()];
            out.iter_mut().zip(numbers).for_each(|(to, from)| *to += *from);
        },
    );
}
