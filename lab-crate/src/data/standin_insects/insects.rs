//! The two insects, seen from above. Read next: `mod.rs`, which puts them into scenes.
//!
//! An insect is drawn in its own units: it is about 1 long, its head looks along x. Proportions after photos of
//! a black garden ant and of a honey bee.

use std::f64::consts::PI;

use super::paint::{Paint, Point, Rgb, lit, mixed};
use crate::Rng;

/// Where an insect sits: its middle, its length in pixels, and where it looks (radians).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pose {
    pub(super) middle: Point,
    pub(super) length: f64,
    pub(super) turn: f64,
}

impl Pose {
    /// A place of the insect in pixels.
    fn at(&self, (x, y): Point) -> Point {
        let (cos, sin) = (libm::cos(self.turn), libm::sin(self.turn));
        let (x, y) = (x * self.length, y * self.length);
        (self.middle.0 + x * cos - y * sin, self.middle.1 + x * sin + y * cos)
    }

    /// Lays an ellipse whose axis is turned by `turn` from the insect's own.
    fn part(
        &self,
        paint: &mut Paint,
        (center, radii): (Point, Point),
        turn: f64,
        alpha: f64,
        color: impl Fn(f64, f64) -> Rgb,
    ) {
        let radii = (radii.0 * self.length, radii.1 * self.length);
        paint.ellipse(self.at(center), radii, self.turn + turn, alpha, color);
    }

    /// Lays a limb of several straight pieces, thinner towards its end.
    fn limb(&self, paint: &mut Paint, joints: &[Point], radius: f64, color: Rgb) {
        let pieces = joints.len().saturating_sub(1) as f64;
        let radius = |i: usize| (radius * self.length * (1.0 - 0.6 * i as f64 / pieces)).max(0.45);
        for (i, pair) in joints.windows(2).enumerate() {
            let radii = (radius(i), radius(i + 1));
            paint.stroke(self.at(pair[0]), self.at(pair[1]), radii, 1.0, color);
        }
    }

    /// The shadow of a body of the given radii on the ground.
    fn shadow(&self, paint: &mut Paint, radii: Point) {
        let away = (self.middle.0 + 0.06 * self.length, self.middle.1 + 0.08 * self.length);
        let pose = Self { middle: away, ..*self };
        for step in 0..3 {
            let grown = 1.0 + 0.12 * f64::from(step);
            let radii = (radii.0 * grown, radii.1 * grown);
            pose.part(paint, ((0.0, 0.0), radii), 0.0, 0.16, |_, _| [0.02; 3]);
        }
    }
}

/// A body that shines where the light from the upper left meets it.
fn shining(color: Rgb, shine: f64) -> impl Fn(f64, f64) -> Rgb {
    move |u, v| {
        let edge = 1.0 - 0.45 * (u * u + v * v);
        let (du, dv) = (u - 0.1, v + 0.4);
        let spot = (1.0 - 5.0 * (du * du + dv * dv)).max(0.0) * shine;
        mixed(lit(color, edge), [1.0; 3], spot)
    }
}

/// The six legs: from the body at `x` 0.1 around `start`, to the given distance from its axis.
fn legs(
    paint: &mut Paint,
    pose: &Pose,
    rng: &mut Rng,
    (start, far, radius): (f64, f64, f64),
    color: Rgb,
) {
    for side in [-1.0, 1.0] {
        for (i, lean) in [(0.0, 0.20), (1.0, 0.02), (2.0, -0.24)] {
            let sway = 0.07 * (rng.uniform() - 0.5);
            let from = (start + 0.08 - 0.08 * i, 0.05 * side);
            let knee = (from.0 + lean * 0.6 + sway, far * (0.52 + 0.08 * rng.uniform()) * side);
            let foot =
                (from.0 + lean * 1.5 + 2.0 * sway, far * (0.9 + 0.15 * rng.uniform()) * side);
            pose.limb(paint, &[from, knee, foot], radius, color);
        }
    }
}

/// Three dark parts with a thin waist, long legs and bent feelers.
pub(super) fn ant(paint: &mut Paint, rng: &mut Rng, pose: &Pose) {
    let colors = [[0.09, 0.07, 0.07], [0.17, 0.10, 0.07], [0.36, 0.15, 0.07], [0.55, 0.33, 0.14]];
    let color = lit(colors[rng.below(colors.len())], 0.8 + 0.4 * rng.uniform());
    let rear = if rng.uniform() < 0.4 { lit(color, 0.55) } else { color };
    let shine = 0.15 + 0.35 * rng.uniform();
    pose.shadow(paint, (0.5, 0.16));
    legs(paint, pose, rng, (0.04, 0.40, 0.020), lit(color, 0.9));
    for side in [-1.0, 1.0] {
        let sway = 0.08 * (rng.uniform() - 0.5);
        let joints =
            [(0.38, 0.05 * side), (0.47, (0.14 + sway) * side), (0.64, (0.17 + sway) * side)];
        pose.limb(paint, &joints, 0.016, color);
        pose.limb(paint, &[(0.40, 0.05 * side), (0.47, 0.02 * side)], 0.018, color);
    }
    let bend = 0.5 * (rng.uniform() - 0.5);
    let tail = (-0.12 - 0.26 * libm::cos(bend), -0.26 * libm::sin(bend));
    let size = 0.9 + 0.25 * rng.uniform();
    pose.part(paint, ((-0.11, 0.0), (0.05, 0.045)), 0.0, 1.0, shining(color, shine));
    pose.part(paint, (tail, (0.24 * size, 0.165 * size)), bend, 1.0, shining(rear, shine));
    pose.part(paint, ((0.06, 0.0), (0.15, 0.08)), 0.0, 1.0, shining(color, shine));
    pose.part(paint, ((0.31, 0.0), (0.125, 0.115)), 0.0, 1.0, shining(color, shine));
}

/// A thick striped rear, a furry breast and two pairs of clear wings.
pub(super) fn bee(paint: &mut Paint, rng: &mut Rng, pose: &Pose) {
    let golds = [[0.88, 0.64, 0.14], [0.75, 0.48, 0.14], [0.60, 0.42, 0.20], [0.42, 0.27, 0.12]];
    let gold = lit(golds[rng.below(golds.len())], 0.85 + 0.3 * rng.uniform());
    let dark = lit([0.14, 0.10, 0.07], 0.7 + 0.6 * rng.uniform());
    pose.shadow(paint, (0.52, 0.24));
    legs(paint, pose, rng, (0.08, 0.32, 0.028), dark);
    for side in [-1.0, 1.0] {
        let joints = [(0.40, 0.05 * side), (0.47, 0.10 * side), (0.55, 0.13 * side)];
        pose.limb(paint, &joints, 0.017, dark);
    }
    let bands = 2.2 + rng.uniform();
    let start = rng.uniform();
    pose.part(paint, ((-0.25, 0.0), (0.30, 0.185)), 0.0, 1.0, |u, v| {
        // Bands are bent around the body, with soft edges; the tip is dark.
        let wave = libm::sin(2.0 * PI * (u * bands * 0.5 + start + 0.12 * v * v));
        let part = if u < -0.8 { 1.0 } else { (0.5 + 2.5 * wave).clamp(0.0, 1.0) };
        lit(mixed(gold, dark, part), 1.05 - 0.4 * (v * v + 0.5 * u * u))
    });
    let fur = mixed(gold, [0.42, 0.32, 0.20], 0.6);
    pose.part(paint, ((0.13, 0.0), (0.165, 0.17)), 0.0, 1.0, shining(fur, 0.0));
    for _ in 0..70 {
        let (turn, far) = (2.0 * PI * rng.uniform(), 0.17 * rng.uniform().sqrt());
        let out = |far: f64| (0.13 + far * libm::cos(turn), far * libm::sin(turn));
        let light = 0.6 + 0.8 * rng.uniform();
        let radii = (0.5, 0.4);
        paint.stroke(pose.at(out(far)), pose.at(out(far + 0.05)), radii, 0.7, lit(fur, light));
    }
    pose.part(paint, ((0.34, 0.0), (0.10, 0.125)), 0.0, 1.0, shining(dark, 0.1));
    for side in [-1.0, 1.0] {
        pose.part(
            paint,
            ((0.36, 0.085 * side), (0.065, 0.04)),
            0.3 * side,
            1.0,
            shining([0.06; 3], 0.4),
        );
    }
    wings(paint, rng, pose);
}

/// Two pairs of wings, laid back or spread.
fn wings(paint: &mut Paint, rng: &mut Rng, pose: &Pose) {
    let spread = 0.25 + 0.85 * rng.uniform();
    let alpha = 0.28 + 0.25 * rng.uniform();
    let tint = [0.86, 0.88, 0.90];
    for side in [-1.0, 1.0] {
        for (length, wide, more) in [(0.17, 0.075, -0.3), (0.26, 0.10, 0.0)] {
            let turn = PI - (spread + more).max(0.12) * side;
            let (cos, sin) = (libm::cos(turn), libm::sin(turn));
            let root = (0.12, 0.09 * side);
            let middle = (root.0 + length * cos, root.1 + length * sin);
            pose.part(paint, (middle, (length, wide)), turn, alpha, |u, v| {
                lit(tint, 1.0 - 0.25 * (u * u + v * v) - if v < -0.6 { 0.25 } else { 0.0 })
            });
            let tip = (root.0 + 1.9 * length * cos, root.1 + 1.9 * length * sin);
            let (from, to) = (pose.at(root), pose.at(tip));
            paint.stroke(from, to, (0.7, 0.4), alpha, [0.35, 0.28, 0.22]);
        }
    }
}
