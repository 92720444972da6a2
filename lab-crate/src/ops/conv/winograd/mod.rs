//! 3x3 convolution with stride 1 by Winograd's method: a quarter of the multiplications.
//!
//! Shapes: `C` channels in, `K` channels out, `P` tiles of 4 x 4 results, 36 products per tile. The images
//! become `V (36, P, C)`, the weights `U (36, C, K)`; 36 products of matrices follow. The result differs from
//! the definition by rounding only (a few 1e-6 of the largest number in f32). Not here: other kernels
//! (`direct.rs`). Read next: `tile.rs`, `gradient.rs`.

mod gradient;
mod tile;

pub(super) use gradient::grad_weight;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use self::tile::both;
use super::buffer::Buffer;
use super::direct::Finish;
use super::geometry::Geometry;
use super::kernel::{PAD, Product, Real, Rows, dispatch};
use super::lanes::{
    Cell, Frame, cells, fill_all, strips, to_pixels, to_planes, weights_by_input, weights_by_output,
};
use crate::ops::pool;

/// Products per tile.
const POINTS: usize = 36;
/// Images are transformed in chunks of about this many numbers, which stay in the cache of the machine.
const CHUNK: usize = 1 << 20;
/// A piece of work has about this many tiles ...
const TILES: usize = 96;
/// ... this many channels of the result ...
const COLUMNS: usize = 32;
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
    let mut filters = Buffer::new(9 * g.inputs * g.outputs);
    weights_by_output(weight, [g.outputs, g.inputs, 9], &mut filters);
    let plan = Plan::new(g.images, [g.inputs, g.size[0], g.size[1]], g.padding, g.outputs, g.out);
    Job { plan, filters: &filters, turned: false, finish }.run(x, y);
}

/// The gradient `(N, C, H, W)` of the images: the convolution of the gradient with the weights turned around.
pub(super) fn grad_input<T: Real>(g: &Geometry, grad: &[T], weight: &[T], out: &mut [T]) {
    let mut filters = Buffer::new(9 * g.inputs * g.outputs);
    weights_by_input(weight, [g.outputs, g.inputs, 9], &mut filters);
    let from = [g.outputs, g.out[0], g.out[1]];
    let plan = Plan::new(g.images, from, 2 - g.padding, g.inputs, g.size);
    let finish = Finish { bias: None, relu: false };
    Job { plan, filters: &filters, turned: true, finish }.run(grad, out);
}

/// The sizes of one way from images to images.
#[derive(Clone, Copy)]
struct Plan {
    images: usize,
    /// Channels, height, width.
    from: [usize; 3],
    to: [usize; 3],
    /// Rows and columns of tiles of an image.
    tiles: [usize; 2],
    frame: Frame,
    /// Images that are transformed at once.
    chunk: usize,
}

impl Plan {
    fn new(images: usize, from: [usize; 3], padding: usize, k: usize, to: [usize; 2]) -> Self {
        let tiles = to.map(|size| size.div_ceil(4));
        let frame = Frame { border: [padding; 2], size: tiles.map(|tiles| 4 * tiles + 2) };
        let image = POINTS * tiles[0] * tiles[1] * from[0];
        let chunk = (CHUNK / image.max(1)).clamp(1, images.max(1));
        Self { images, from, to: [k, to[0], to[1]], tiles, frame, chunk }
    }

    /// The tiles of a chunk.
    fn chunk_tiles(&self) -> usize {
        self.chunk * self.tiles[0] * self.tiles[1]
    }
}

/// Turns images and transforms them to `V (36, P, C)`; the numbers of `v` fit the number of images.
fn transform_images<T: Real>(plan: &Plan, images: &[T], pixels: &mut [T], v: &mut [T]) {
    let channels = plan.from[0];
    to_pixels(images, plan.from.iter().product(), plan.from, plan.frame, pixels);
    let lines = v.len() / POINTS / (plan.tiles[1] * channels);
    let cells = cells(v, plan.tiles[1] * channels);
    let row = plan.frame.size[1] * channels;
    pool::for_each(lines, &|i| {
        let (n, y) = (i / plan.tiles[0], i % plan.tiles[0]);
        let pixels = &pixels[n * plan.frame.pixels() * channels + 4 * y * row..][..6 * row];
        fill_all(&cells, i, lines, |out| dispatch(ImageTiles { pixels, row, channels, out }));
    });
}

/// A row of tiles of one image.
struct ImageTiles<'a, 'b, T> {
    pixels: &'a [T],
    row: usize,
    channels: usize,
    out: &'a mut [&'b mut [T]],
}

impl<T: Real> WithSimd for ImageTiles<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = T::lanes::<S>();
        let tiles = self.out[0].len() / self.channels;
        for tile in 0..tiles {
            for c in (0..self.channels).step_by(lanes) {
                let at = 4 * tile * self.channels + c;
                let x = load_square(simd, self.pixels, at, [self.row, self.channels]);
                let v = both(
                    x,
                    #[inline(always)]
                    |x| tile::image::<S, T>(simd, x),
                );
                for (point, out) in self.out.iter_mut().enumerate() {
                    store(simd, out, tile * self.channels + c, v[point / 6][point % 6]);
                }
            }
        }
    }
}

/// The vector of the numbers from `at` on.
#[inline(always)]
fn load<S: Simd, T: Real>(_simd: S, from: &[T], at: usize) -> T::Vector<S> {
    T::vectors::<S>(&from[at..][..T::lanes::<S>()])[0]
}

/// A square of vectors: the first at `at`, the next row after `steps[0]`, the next column after `steps[1]`.
#[inline(always)]
fn load_square<S: Simd, T: Real, const N: usize>(
    simd: S,
    from: &[T],
    at: usize,
    steps: [usize; 2],
) -> [[T::Vector<S>; N]; N] {
    let mut square = [[T::splat(simd, T::zero()); N]; N];
    for (i, row) in square.iter_mut().enumerate() {
        for (j, vector) in row.iter_mut().enumerate() {
            *vector = load(simd, from, at + i * steps[0] + j * steps[1]);
        }
    }
    square
}

/// Stores a vector from number `at` on.
#[inline(always)]
fn store<S: Simd, T: Real>(_simd: S, to: &mut [T], at: usize, vector: T::Vector<S>) {
    T::vectors_mut::<S>(&mut to[at..][..T::lanes::<S>()])[0] = vector;
}

/// Images from images with weights `(9, C, K)`, whose places go backwards if `turned`.
struct Job<'a, T> {
    plan: Plan,
    filters: &'a [T],
    turned: bool,
    finish: Finish<'a, T>,
}

impl<T: Real> Job<'_, T> {
    fn run(&self, from: &[T], to: &mut [T]) {
        let Plan { images, chunk, frame, .. } = self.plan;
        let channels = self.plan.from[0];
        let mut pixels = Buffer::new(chunk * frame.pixels() * channels);
        let mut v = Buffer::new(POINTS * self.plan.chunk_tiles() * channels);
        let sizes = [self.plan.from, self.plan.to].map(|size| size.iter().product::<usize>());
        for first in (0..images).step_by(chunk) {
            let count = chunk.min(images - first);
            let pixels = &mut pixels[..count * frame.pixels() * channels];
            let v = &mut v[..POINTS * count * self.plan.tiles[0] * self.plan.tiles[1] * channels];
            transform_images(&self.plan, &from[first * sizes[0]..][..count * sizes[0]], pixels, v);
            self.multiply(v, &mut to[first * sizes[1]..][..count * sizes[1]]);
        }
    }

    /// The products and the results of a chunk, in pieces of some rows of tiles and some channels.
    fn multiply(&self, v: &[T], to: &mut [T]) {
        let [c, k] = [self.plan.from[0], self.plan.to[0]];
        let [height, width] = [self.plan.to[1], self.plan.to[2]];
        let planes = strips(to, height * width, 4 * width);
        let lines = v.len() / (POINTS * self.plan.tiles[1] * c);
        let groups = lines.div_ceil((TILES / self.plan.tiles[1]).max(1));
        let each = lines.div_ceil(groups.max(1));
        let blocks = k.div_ceil(COLUMNS);
        pool::for_each(lines.div_ceil(each.max(1)) * blocks, &|piece| {
            let first = piece / blocks * each;
            let column = piece % blocks * COLUMNS;
            dispatch(Piece {
                job: self,
                v,
                lines: first..lines.min(first + each),
                columns: column..k.min(column + COLUMNS),
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
        let all = self.v.len() / POINTS;
        let mut weights = Buffer::new(POINTS * DEPTH.min(c) * columns);
        let mut products = Buffer::new(POINTS * count * columns);
        for first in (0..c).step_by(DEPTH) {
            let depth = DEPTH.min(c - first);
            self.transform_weights(simd, first..first + depth, &mut weights);
            for point in 0..POINTS {
                Product {
                    a: &self.v[point * all + self.lines.start * tiles[1] * c + first..],
                    rows: Rows::At(|tile| tile * c),
                    count,
                    b: &weights[point * depth * columns..],
                    b_stride: columns,
                    segments: &[(0, 0)],
                    depth,
                    columns,
                    out: &mut products[point * count * columns..][..count * columns],
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
    /// `U (36, depth, columns)` of some channels of the images.
    #[inline(always)]
    fn transform_weights<S: Simd>(&self, simd: S, channels: Range<usize>, to: &mut [T]) {
        let [c, k] = [self.job.plan.from[0], self.job.plan.to[0]];
        let (columns, depth) = (self.columns.len(), channels.len());
        for (i, channel) in channels.enumerate() {
            for column in (0..columns).step_by(T::lanes::<S>()) {
                let at = channel * k + self.columns.start + column;
                let mut w: [[_; 3]; 3] =
                    load_square(simd, self.job.filters, at, [3 * c * k, c * k]);
                if self.job.turned {
                    w.reverse();
                    w.iter_mut().for_each(|row| row.reverse());
                }
                let u = both(
                    w,
                    #[inline(always)]
                    |w| tile::weight::<S, T>(simd, w),
                );
                for point in 0..POINTS {
                    let at = (point * depth + i) * columns + column;
                    store(simd, to, at, u[point / 6][point % 6]);
                }
            }
        }
    }

    /// The results from the products `(36, tiles, columns)`.
    #[inline(always)]
    fn results<S: Simd>(&self, simd: S, products: &[T]) {
        let Plan { tiles, to: [k, height, width], .. } = self.job.plan;
        let columns = self.columns.len();
        let count = products.len() / POINTS / columns;
        let mut pixels = Buffer::new(4 * width * columns);
        for (i, line) in self.lines.clone().enumerate() {
            let (n, row) = (line / tiles[0], line % tiles[0]);
            let rows = 4.min(height - 4 * row);
            for tile in 0..tiles[1] {
                for column in (0..columns).step_by(T::lanes::<S>()) {
                    let at = (i * tiles[1] + tile) * columns + column;
                    let step = count * columns;
                    let m = load_square(simd, products, at, [6 * step, step]);
                    let out = both(
                        m,
                        #[inline(always)]
                        |m| tile::result::<S, T>(simd, m),
                    );
                    for y in 0..rows {
                        for x in 0..4.min(width - 4 * tile) {
                            let pixel = y * width + 4 * tile + x;
                            store(simd, &mut pixels, pixel * columns + column, out[y][x]);
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
