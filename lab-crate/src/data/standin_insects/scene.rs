//! What lies behind and around the insects: soil, bark, leaves, flowers. Read next: `insects.rs`.

use std::f64::consts::PI;

use super::paint::{Paint, Point, Rgb, lit, mixed};
use crate::Rng;

/// The ground of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ground {
    Soil,
    Bark,
    Leaf,
    Flower,
    Meadow,
}

impl Ground {
    /// A ground: ants are mostly on soil, bees mostly on flowers, but each is met on every ground.
    pub(super) fn drawn(rng: &mut Rng, for_ants: bool) -> Self {
        let shares = if for_ants { [0.34, 0.16, 0.24, 0.16] } else { [0.14, 0.08, 0.24, 0.38] };
        let grounds = [Self::Soil, Self::Bark, Self::Leaf, Self::Flower];
        let mut left = rng.uniform();
        for (ground, share) in grounds.into_iter().zip(shares) {
            if left < share {
                return ground;
            }
            left -= share;
        }
        Self::Meadow
    }

    /// The two colours between which the ground varies.
    fn colors(self, rng: &mut Rng) -> (Rgb, Rgb) {
        let (a, b) = match self {
            Self::Soil => ([0.30, 0.21, 0.14], [0.66, 0.54, 0.40]),
            Self::Bark => ([0.26, 0.22, 0.20], [0.60, 0.55, 0.50]),
            Self::Leaf => ([0.12, 0.33, 0.09], [0.45, 0.66, 0.24]),
            Self::Flower => ([0.08, 0.20, 0.07], [0.38, 0.52, 0.22]),
            Self::Meadow => ([0.20, 0.36, 0.15], [0.78, 0.80, 0.55]),
        };
        let shift = [0; 3].map(|_| 0.08 * (rng.uniform() - 0.5));
        let shifted = |color: Rgb| [0, 1, 2].map(|c| color[c] + shift[c]);
        (shifted(a), shifted(b))
    }
}

/// Smooth random numbers over the plane, 0 to 1: a turned grid of them, mixed between its knots.
struct Noise {
    columns: usize,
    cell: Point,
    /// Cosine and sine of the grid's turn, 0 to 90 degrees.
    turn: Point,
    /// How far the grid is moved so that no place of the picture lies before its start.
    start: f64,
    knots: Vec<f64>,
}

impl Noise {
    fn new(rng: &mut Rng, (width, height): (usize, usize), cell: Point, turn: Point) -> Self {
        let (width, height) = (width as f64, height as f64);
        let start = width * turn.1;
        let columns = ((width * turn.0 + height * turn.1) / cell.0) as usize + 3;
        let rows = ((height * turn.0 + start) / cell.1) as usize + 3;
        let knots = (0..rows * columns).map(|_| rng.uniform()).collect();
        Self { columns, cell, turn, start, knots }
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let (cos, sin) = self.turn;
        let (along, across) = (x * cos + y * sin, y * cos - x * sin + self.start);
        let (x, y) = (along / self.cell.0, across / self.cell.1);
        let (i, j) = (x as usize, y as usize);
        let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
        let (s, t) = (smooth(x - i as f64), smooth(y - j as f64));
        let knot = |di, dj| self.knots[(j + dj) * self.columns + i + di];
        let upper = knot(0, 0) + s * (knot(1, 0) - knot(0, 0));
        let lower = knot(0, 1) + s * (knot(1, 1) - knot(0, 1));
        upper + t * (lower - upper)
    }
}

/// Paints the ground and what lies on it.
pub(super) fn paint(paint: &mut Paint, rng: &mut Rng, ground: Ground) {
    let size = (paint.width, paint.height);
    let (dark, bright) = ground.colors(rng);
    // Bark has streaks, a meadow is out of focus, soil is rough.
    let (coarse, fine, rough) = match ground {
        Ground::Bark => ((60.0, 9.0), (22.0, 2.5), 0.5),
        Ground::Soil => ((26.0, 26.0), (2.6, 2.6), 0.5),
        Ground::Leaf => ((45.0, 45.0), (7.0, 7.0), 0.2),
        Ground::Flower | Ground::Meadow => ((34.0, 34.0), (14.0, 14.0), 0.25),
    };
    let turn = [(1.0, 0.0), (0.8, 0.6), (0.6, 0.8), (0.0, 1.0)][rng.below(4)];
    let coarse = Noise::new(rng, size, coarse, turn);
    let fine = Noise::new(rng, size, fine, if ground == Ground::Bark { turn } else { (0.8, 0.6) });
    paint.fill(|x, y| mixed(dark, bright, (1.0 - rough) * coarse.at(x, y) + rough * fine.at(x, y)));
    match ground {
        Ground::Soil => pebbles(paint, rng, 26),
        Ground::Bark => pebbles(paint, rng, 4),
        Ground::Leaf => veins(paint, rng, bright),
        Ground::Flower => flower(paint, rng),
        Ground::Meadow => {
            for _ in 0..7 {
                let (place, color) = (anywhere(paint, rng), petal_color(rng));
                let radius = 4.0 + 12.0 * rng.uniform();
                for step in 0..4 {
                    let radius = radius * (1.0 - 0.2 * f64::from(step));
                    paint.ellipse(place, (radius, radius), 0.0, 0.25, |_, _| color);
                }
            }
        }
    }
    for _ in 0..rng.below(4) {
        twig(paint, rng);
    }
}

/// A place of the picture.
fn anywhere(paint: &Paint, rng: &mut Rng) -> Point {
    (rng.uniform() * paint.width as f64, rng.uniform() * paint.height as f64)
}

/// Small stones and seeds, some of them as dark as an ant.
fn pebbles(paint: &mut Paint, rng: &mut Rng, most: usize) {
    for _ in 0..=rng.below(most + 1) {
        let place = anywhere(paint, rng);
        let radius = 1.0 + 5.0 * rng.uniform() * rng.uniform();
        let grey = 0.1 + 0.7 * rng.uniform();
        let color = [grey + 0.06, grey, grey - 0.06];
        let (shape, turn) = (0.6 + 0.4 * rng.uniform(), PI * rng.uniform());
        let below = (place.0 + 1.0, place.1 + 1.0);
        paint.ellipse(below, (radius, radius * shape), turn, 0.4, |_, _| [0.05; 3]);
        paint.ellipse(place, (radius, radius * shape), turn, 1.0, |u, v| {
            lit(color, 1.0 - 0.25 * (u + v))
        });
    }
}

/// The ribs of a leaf.
fn veins(paint: &mut Paint, rng: &mut Rng, bright: Rgb) {
    let color = lit(bright, 1.15);
    let turn = PI * rng.uniform();
    let (dx, dy) = (libm::cos(turn), libm::sin(turn));
    let middle = anywhere(paint, rng);
    let along = |t: f64| (middle.0 + t * dx, middle.1 + t * dy);
    paint.stroke(along(-220.0), along(220.0), (1.6, 1.2), 0.7, color);
    let gap = 13.0 + 10.0 * rng.uniform();
    for i in -12..=12 {
        for side in [-1.0, 1.0] {
            let from = along(f64::from(i) * gap);
            let turn = turn + side * 0.9;
            let to = (from.0 + 90.0 * libm::cos(turn), from.1 + 90.0 * libm::sin(turn));
            paint.stroke(from, to, (0.9, 0.4), 0.5, color);
        }
    }
}

/// Yellow, white, pink or violet.
fn petal_color(rng: &mut Rng) -> Rgb {
    let colors = [[0.93, 0.78, 0.16], [0.93, 0.92, 0.88], [0.88, 0.50, 0.66], [0.60, 0.45, 0.80]];
    lit(colors[rng.below(colors.len())], 0.8 + 0.25 * rng.uniform())
}

/// A flower that fills much of the picture.
fn flower(paint: &mut Paint, rng: &mut Rng) {
    let (width, height) = (paint.width as f64, paint.height as f64);
    let middle = (width * (0.3 + 0.4 * rng.uniform()), height * (0.3 + 0.4 * rng.uniform()));
    let size = width.min(height) * (0.28 + 0.3 * rng.uniform());
    let (color, count, start) = (petal_color(rng), 5 + rng.below(12), PI * rng.uniform());
    for i in 0..count {
        let turn = start + 2.0 * PI * i as f64 / count as f64;
        let far = size * (0.62 + 0.08 * rng.uniform());
        let place = (middle.0 + far * libm::cos(turn), middle.1 + far * libm::sin(turn));
        let wide = size * (1.5 / count as f64).clamp(0.12, 0.3);
        let light = 0.85 + 0.2 * rng.uniform();
        paint.ellipse(place, (size * 0.55, wide), turn, 1.0, |u, v| {
            lit(color, light * (0.86 + 0.12 * u - 0.16 * v.abs()))
        });
    }
    let heart = [[0.80, 0.58, 0.10], [0.45, 0.28, 0.10], [0.66, 0.70, 0.24]][rng.below(3)];
    let radius = size * (0.22 + 0.16 * rng.uniform());
    paint.ellipse(middle, (radius, radius), 0.0, 1.0, |u, v| lit(heart, 1.0 - 0.2 * (u + v)));
    for _ in 0..60 {
        let (turn, far) = (2.0 * PI * rng.uniform(), radius * rng.uniform().sqrt());
        let place = (middle.0 + far * libm::cos(turn), middle.1 + far * libm::sin(turn));
        let light = 0.6 + 0.7 * rng.uniform();
        paint.ellipse(place, (1.1, 1.1), 0.0, 0.7, |_, _| lit(heart, light));
    }
}

/// A thin dry stalk or a blade of grass; from afar it is like a leg.
fn twig(paint: &mut Paint, rng: &mut Rng) {
    let (from, turn) = (anywhere(paint, rng), 2.0 * PI * rng.uniform());
    let length = 15.0 + 60.0 * rng.uniform();
    let to = (from.0 + length * libm::cos(turn), from.1 + length * libm::sin(turn));
    let colors = [[0.20, 0.14, 0.09], [0.55, 0.45, 0.25], [0.30, 0.48, 0.16], [0.75, 0.66, 0.30]];
    let (color, radius) = (colors[rng.below(colors.len())], 0.6 + 1.4 * rng.uniform());
    let shadow = |(x, y): Point| (x + 1.5, y + 2.0);
    paint.stroke(shadow(from), shadow(to), (radius, radius * 0.6), 0.3, [0.04; 3]);
    paint.stroke(from, to, (radius, radius * 0.6), 1.0, color);
}
