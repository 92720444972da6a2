//! Smooth shapes laid over each other. Not here: what they show (`insects.rs`, `scene.rs`).
//!
//! Only portable arithmetic (`libm`, no fused steps), so that every machine draws the same bytes.

/// Red, green and blue, 0 to 1.
pub(super) type Rgb = [f64; 3];
/// A place in pixels, x to the right, y down.
pub(super) type Point = (f64, f64);

/// A picture in work, its first row on top.
pub(super) struct Paint {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Rgb>,
}

impl Paint {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[0.0; 3]; width * height] }
    }

    /// Gives every pixel the colour of its place.
    pub(super) fn fill(&mut self, color: impl Fn(f64, f64) -> Rgb) {
        for (i, pixel) in self.pixels.iter_mut().enumerate() {
            *pixel = color((i % self.width) as f64 + 0.5, (i / self.width) as f64 + 0.5);
        }
    }

    /// Lays an ellipse turned by `turn` (radians); `color` gets the place in it, both numbers -1 to 1 along its axes.
    pub(super) fn ellipse(
        &mut self,
        center: Point,
        radii: Point,
        turn: f64,
        alpha: f64,
        color: impl Fn(f64, f64) -> Rgb,
    ) {
        let (cos, sin) = (libm::cos(turn), libm::sin(turn));
        let reach = radii.0.max(radii.1) + 1.0;
        self.cover(center, reach, alpha, |x, y| {
            let (dx, dy) = (x - center.0, y - center.1);
            let (u, v) = ((dx * cos + dy * sin) / radii.0, (dy * cos - dx * sin) / radii.1);
            // The distance to the edge to first order: the value through its slope.
            let f = (u * u + v * v).sqrt();
            let slope = ((u / radii.0) * (u / radii.0) + (v / radii.1) * (v / radii.1)).sqrt();
            let distance = if f < 1e-6 { -radii.0.min(radii.1) } else { (f - 1.0) * f / slope };
            (distance, color(u, v))
        });
    }

    /// Lays a stroke with round ends that goes from radius `radii.0` at `a` to `radii.1` at `b`.
    pub(super) fn stroke(&mut self, a: Point, b: Point, radii: Point, alpha: f64, color: Rgb) {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).max(1e-9);
        let center = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
        let reach = length.sqrt() / 2.0 + radii.0.max(radii.1) + 1.0;
        self.cover(center, reach, alpha, |x, y| {
            let (px, py) = (x - a.0, y - a.1);
            let t = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
            let (ox, oy) = (px - t * dx, py - t * dy);
            ((ox * ox + oy * oy).sqrt() - (radii.0 + t * (radii.1 - radii.0)), color)
        });
    }

    /// Mixes colours into the pixels within `reach` of a place, by their signed distance to a shape's edge.
    fn cover(
        &mut self,
        center: Point,
        reach: f64,
        alpha: f64,
        shape: impl Fn(f64, f64) -> (f64, Rgb),
    ) {
        let span = |middle: f64, size: usize| {
            let from = (middle - reach).max(0.0) as usize;
            let to = ((middle + reach).max(0.0) as usize + 1).min(size);
            from.min(to)..to
        };
        let columns = span(center.0, self.width);
        for y in span(center.1, self.height) {
            for x in columns.clone() {
                let (distance, color) = shape(x as f64 + 0.5, y as f64 + 0.5);
                let part = (0.5 - distance).clamp(0.0, 1.0) * alpha;
                if part > 0.0 {
                    let pixel = &mut self.pixels[y * self.width + x];
                    *pixel = mixed(*pixel, color, part);
                }
            }
        }
    }
}

/// `a`, or `b`, or between them.
pub(super) fn mixed(a: Rgb, b: Rgb, part: f64) -> Rgb {
    [0, 1, 2].map(|c| a[c] + part * (b[c] - a[c]))
}

/// A colour times a brightness.
pub(super) fn lit(color: Rgb, light: f64) -> Rgb {
    color.map(|part| part * light)
}
