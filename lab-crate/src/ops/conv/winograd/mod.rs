//! 3x3 convolution with stride 1 by Winograd's method: a quarter of the multiplications.
//!
//! Shapes: `C` channels in, `K` channels out, `P` tiles of 4 x 4 results, 36 products per tile. The images
//! become `V (36, P, C)`, the weights `U (36, C, K)`; 36 products of matrices follow. The result differs from
//! the definition by rounding only (a few 1e-6 of the largest number in f32). Not here: other kernels
//! (`direct.rs`). Read next: `images.rs`, `tile.rs`, `gradient.rs`.

mod gradient;
mod images;
mod tile;

pub(super) use gradient::grad_weight;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use self::images::{Plan, apart, load_square, store, transform_images};
use self::tile::both;
use super::buffer::Buffer;
use super::finish::Finish;
use super::geometry::Geometry;
use super::kernel::{PAD, PANEL, Product, Rows};
use super::lanes::{Cell, strips, to_planes};
use super::real::{Real, dispatch};
use super::weights::{Lanes, Weights};
use crate::ops::pool;

/// Products per tile.
const POINTS: usize = 36;
/// A piece of work has about this many tiles ...
const TILES: usize = 96;
/// ... and transforms the weights of this many channels of the images at once.
const DEPTH: usize = 128;

/// Whether this way is possible and pays.
pub(super) fn fits(g: &Geometry) -> bool {
    let tiles = g.images * g.out[0].div_ceil(4) * g.out[1].div_ceil(4);
    g.kernel == [3, 3]
        && g.stride == 1
        && g.dilation == 1
        && g.groups == 1
        && g.padding <= 2
        && g.inputs.is_multiple_of(PAD)
        && g.outputs.is_multiple_of(PAD)
        && tiles >= 12
}

/// The result `(N, K, H, W)`.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) {
    let weights = Weights::of(g, weight, 0, Lanes::Outputs);
    let plan = Plan::new(g.images, [g.inputs, g.size[0], g.size[1]], g.padding, g.outputs, g.out);
    Job { plan, weights, finish }.run(x, y);
}

/// The gradient `(N, C, H, W)` of the images: the convolution of the gradient with the weights turned around.
pub(super) fn grad_input<T: Real>(g: &Geometry, grad: &[T], weight: &[T], out: &mut [T]) {
    let weights = Weights::of(g, weight, 0, Lanes::Inputs);
    let from = [g.outputs, g.out[0], g.out[1]];
    let plan = Plan::new(g.images, from, 2 - g.padding, g.inputs, g.size);
    let finish = Finish { bias: None, relu: false };
    Job { plan, weights, finish }.run(grad, out);
}

/// Images from images; for the gradient of the inputs the places of the kernel go backwards.
struct Job<'a, T> {
    plan: Plan,
    weights: Weights<'a, T>,
    finish: Finish<'a, T>,
}

impl<T: Real> Job<'_, T> {
    fn run(&self, from: &[T], to: &mut [T]) {
        let Plan { images, chunk, frame, .. } = self.plan;
        let channels = self.plan.from[0];
        let mut pixels = Buffer::new(chunk * frame.pixels() * channels);
        let mut v = Buffer::new(self.plan.transformed(chunk, channels));
        let sizes = [self.plan.from, self.plan.to].map(|size| size.iter().product::<usize>());
        for first in (0..images).step_by(chunk) {
            let count = chunk.min(images - first);
            let pixels = &mut pixels[..count * frame.pixels() * channels];
            let v = &mut v[..self.plan.transformed(count, channels)];
            transform_images(&self.plan, &from[first * sizes[0]..][..count * sizes[0]], pixels, v);
            self.multiply(v, &mut to[first * sizes[1]..][..count * sizes[1]]);
        }
    }

    /// The products and the results of a chunk, in pieces of some rows of tiles and some channels.
    fn multiply(&self, v: &[T], to: &mut [T]) {
        let [k, height, width] = self.plan.to;
        let lines = self.plan.lines(to.len() / (k * height * width));
        let planes = strips(to, height * width, 4 * width);
        let groups = lines.div_ceil((TILES / self.plan.tiles[1]).max(1));
        let each = lines.div_ceil(groups.max(1));
        let blocks = k.div_ceil(PANEL);
        pool::for_each(lines.div_ceil(each.max(1)) * blocks, &|piece| {
            let first = piece / blocks * each;
            let column = piece % blocks * PANEL;
            dispatch(Piece {
                job: self,
                v,
                lines: first..lines.min(first + each),
                columns: column..k.min(column + PANEL),
                planes: &planes,
            });
        });
    }
}

/// Some rows of tiles, some channels of the result.
struct Piece<'a, 'b, T> {
    job: &'a Job<'a, T>,
    v: &'a [T],
    lines: Range<usize>,
    columns: Range<usize>,
    planes: &'a [Cell<'b, T>],
}

impl<T: Real> WithSimd for Piece<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Plan { from: [c, ..], tiles, .. } = self.job.plan;
        let (columns, count) = (self.columns.len(), self.lines.len() * tiles[1]);
        // From one of the 36 numbers of a tile to the next.
        let in_v = self.v.len() / POINTS;
        let (in_weights, in_products) = (apart(DEPTH.min(c) * columns), apart(count * columns));
        let mut weights = Buffer::new(POINTS * in_weights);
        let mut products = Buffer::new(POINTS * in_products);
        for first in (0..c).step_by(DEPTH) {
            let depth = DEPTH.min(c - first);
            self.transform_weights(simd, first..first + depth, &mut weights);
            for point in 0..POINTS {
                Product {
                    a: &self.v[point * in_v + self.lines.start * tiles[1] * c + first..],
                    rows: Rows::At(|tile| tile * c),
                    count,
                    b: &weights[point * in_weights..],
                    b_stride: columns,
                    panel: PANEL,
                    segments: &[(0, 0)],
                    depth,
                    columns,
                    out: &mut products[point * in_products..][..count * columns],
                    out_at: |tile| tile * columns,
                    add: first > 0,
                }
                .run(simd);
            }
        }
        self.results(simd, &products);
    }
}

impl<T: Real> Piece<'_, '_, T> {
    /// `U (36, depth, columns)` of some channels of the images and the columns of this piece.
    #[inline(always)]
    fn transform_weights<S: Simd>(&self, simd: S, channels: Range<usize>, to: &mut [T]) {
        let (columns, depth, step) = (self.columns.len(), channels.len(), to.len() / POINTS);
        let mut turned = Buffer::new(9 * depth * PANEL);
        self.job.weights.turn(self.columns.clone(), channels, [9 * PANEL, PANEL], &mut turned);
        for i in 0..depth {
            for column in (0..columns).step_by(T::lanes::<S>()) {
                let at = i * 9 * PANEL + column;
                let mut w: [[_; 3]; 3] = load_square(simd, &turned, at, [3 * PANEL, PANEL]);
                if self.job.weights.lanes == Lanes::Inputs {
                    w.reverse();
                    w.iter_mut().for_each(|row| row.reverse());
                }
                let u = both(
                    w,
                    #[inline(always)]
                    |w| tile::weight::<S, T>(simd, w),
                );
                for point in 0..POINTS {
                    let at = point * step + i * columns + column;
                    store(simd, to, at, u[point / 6][point % 6]);
                }
            }
        }
    }

    /// The results from the products `(36, tiles, columns)`.
    #[inline(always)]
    fn results<S: Simd>(&self, simd: S, products: &[T]) {
        let Plan { tiles, to: [k, height, width], .. } = self.job.plan;
        let (columns, step) = (self.columns.len(), products.len() / POINTS);
        let mut pixels = Buffer::new(4 * width * columns);
        for (i, line) in self.lines.clone().enumerate() {
            let (n, row) = (line / tiles[0], line % tiles[0]);
            let rows = 4.min(height - 4 * row);
            for tile in 0..tiles[1] {
                for column in (0..columns).step_by(T::lanes::<S>()) {
                    let at = (i * tiles[1] + tile) * columns + column;
                    let m = load_square(simd, products, at, [6 * step, step]);
                    let out = both(
                        m,
                        #[inline(always)]
                        |m| tile::result::<S, T>(simd, m),
                    );
                    for (y, out) in out.into_iter().enumerate().take(rows) {
                        for (x, out) in out.into_iter().enumerate().take(width - 4 * tile) {
                            let pixel = y * width + 4 * tile + x;
                            store(simd, &mut pixels, pixel * columns + column, out);
                        }
                    }
                }
            }
            let pixels = &mut pixels[..rows * width * columns];
            self.job.finish.run(pixels, columns, self.columns.start, columns);
            let plane = |k_| &self.planes[(n * k + k_) * tiles[0] + row];
            let planes: Vec<_> = self.columns.clone().map(plane).collect();
            to_planes(pixels, columns, &planes);
        }
    }
}
