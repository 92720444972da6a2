//! Coverage of pixels by one colour: smooth discs and strokes, and the PNG made of them.
//!
//! A cloud of 20,640 points is 2 MB of SVG; as a bitmap of one colour with 16 degrees of coverage it is
//! some tens of kilobytes. Read next: `svg.rs` and `raster.rs`, the two users.

use super::color::Color;
use crate::{Error, Result};

/// Degrees of coverage that a PNG keeps; fewer compress better, more are not seen.
const DEGREES: f32 = 15.0;

/// How much of each pixel is covered, 0 to 1, row by row.
pub(super) struct Mask {
    pub(super) width: usize,
    pub(super) height: usize,
    cover: Vec<f32>,
}

impl Mask {
    /// An empty mask.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, cover: vec![0.0; width * height] }
    }

    /// The coverage of a pixel.
    pub(super) fn at(&self, x: usize, y: usize) -> f32 {
        self.cover[y * self.width + x]
    }

    /// Lays a translucent disc over what is there. Its centre moves to the next corner of a pixel:
    /// equal discs make a PNG half as large.
    pub(super) fn add_disc(&mut self, (x, y): (f64, f64), radius: f64, alpha: f64) {
        let (x, y) = (x.round(), y.round());
        let (xs, ys) = (reach(x, radius, self.width), reach(y, radius, self.height));
        for row in ys {
            for column in xs.clone() {
                let (dx, dy) = (column as f64 + 0.5 - x, row as f64 + 0.5 - y);
                let distance = (dx * dx + dy * dy).sqrt();
                let ink = ((radius + 0.5 - distance).clamp(0.0, 1.0) * alpha) as f32;
                let cover = &mut self.cover[row * self.width + column];
                *cover += (1.0 - *cover) * ink;
            }
        }
    }

    /// Covers a stroke with round ends; where strokes cross, the coverage does not add up.
    pub(super) fn stroke(&mut self, a: (f64, f64), b: (f64, f64), radius: f64) {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).max(1e-12);
        for row in reach2(a.1, b.1, radius, self.height) {
            for column in self.columns(a, b, row, radius) {
                let (px, py) = (column as f64 + 0.5 - a.0, row as f64 + 0.5 - a.1);
                let t = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
                let (ox, oy) = (px - t * dx, py - t * dy);
                let distance = (ox * ox + oy * oy).sqrt();
                let ink = (radius + 0.5 - distance).clamp(0.0, 1.0) as f32;
                let cover = &mut self.cover[row * self.width + column];
                *cover = cover.max(ink);
            }
        }
    }

    /// The columns of a row that a stroke can touch.
    fn columns(
        &self,
        a: (f64, f64),
        b: (f64, f64),
        row: usize,
        radius: f64,
    ) -> std::ops::Range<usize> {
        let (lo, hi) = (row as f64 - radius - 1.0, row as f64 + radius + 2.0);
        let slope = (b.0 - a.0) / (b.1 - a.1);
        if !slope.is_finite() {
            return reach2(a.0, b.0, radius, self.width);
        }
        let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
        let at = |y: f64| a.0 + (y.clamp(top, bottom) - a.1) * slope;
        reach2(at(lo), at(hi), radius, self.width)
    }

    /// The mask in one colour as PNG: a palette of one colour with growing opacity.
    ///
    /// # Errors
    /// The mask has no pixels.
    pub(super) fn to_png(&self, color: Color) -> Result<Vec<u8>> {
        let levels = DEGREES as u8;
        let palette: Vec<u8> = (0..=levels).flat_map(|_| [color.0, color.1, color.2]).collect();
        let opacity: Vec<u8> =
            (0..=levels).map(|level| (f32::from(level) / DEGREES * 255.0).round() as u8).collect();
        let degree = |cover: &f32| (cover * DEGREES + 0.5) as u8;
        // Two pixels in a byte; each row starts with a new byte.
        let pixels: Vec<u8> = self
            .cover
            .chunks(self.width)
            .flat_map(|row| {
                row.chunks(2).map(|pair| degree(&pair[0]) << 4 | pair.get(1).map_or(0, degree))
            })
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Four);
        encoder.set_palette(palette);
        encoder.set_trns(opacity);
        encoder.set_compression(png::Compression::Balanced);
        encoder.set_filter(png::Filter::NoFilter);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&pixels)?;
            writer.finish()
        });
        written.map_err(|error| Error::Plot(format!("не удалось записать PNG: {error}")))?;
        Ok(bytes)
    }
}

/// The pixels of `0..size` within `radius` of `center`.
fn reach(center: f64, radius: f64, size: usize) -> std::ops::Range<usize> {
    reach2(center, center, radius, size)
}

/// The pixels of `0..size` within `radius` of the stretch from `a` to `b`.
fn reach2(a: f64, b: f64, radius: f64, size: usize) -> std::ops::Range<usize> {
    let lo = (a.min(b) - radius - 1.0).floor().max(0.0) as usize;
    let hi = ((a.max(b) + radius + 1.0).ceil().max(0.0) as usize).min(size);
    lo.min(hi)..hi
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_disc_covers_its_area() {
        let mut mask = Mask::new(40, 40);
        mask.add_disc((20.0, 20.0), 8.0, 1.0);
        let area: f32 = mask.cover.iter().sum();
        let expected = std::f32::consts::PI * 64.0;
        assert!((area - expected).abs() < 2.0, "{area}, expected {expected}");
        assert_eq!((mask.at(20, 20), mask.at(2, 2)), (1.0, 0.0));
    }

    #[test]
    fn translucent_discs_add_up_and_strokes_do_not() {
        let mut mask = Mask::new(20, 20);
        mask.add_disc((10.0, 10.0), 5.0, 0.5);
        mask.add_disc((10.0, 10.0), 5.0, 0.5);
        assert_eq!(mask.at(10, 10), 0.75);
        let mut mask = Mask::new(20, 20);
        mask.stroke((0.0, 10.0), (20.0, 10.0), 0.25);
        mask.stroke((0.0, 10.0), (20.0, 10.0), 0.25);
        assert!((mask.at(10, 9) - 0.25).abs() < 1e-6, "{}", mask.at(10, 9));
    }

    #[test]
    fn strokes_in_all_directions_cover_length_times_width() {
        for (x, y) in [(90.0, 50.0), (50.0, 90.0), (80.0, 73.0), (10.0, 41.0), (49.0, 10.0)] {
            let mut mask = Mask::new(100, 100);
            mask.stroke((50.0, 50.0), (x, y), 2.0);
            let area: f32 = mask.cover.iter().sum();
            let expected = 4.0 * f64::hypot(x - 50.0, y - 50.0) + std::f64::consts::PI * 4.0;
            assert!((f64::from(area) - expected).abs() < 3.0, "{x} {y}: {area}, {expected}");
        }
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let mut mask = Mask::new(10, 10);
        mask.add_disc((-50.0, 5.0), 3.0, 1.0);
        mask.add_disc((1e9, 5.0), 3.0, 1.0);
        mask.stroke((-100.0, -100.0), (-5.0, -50.0), 2.0);
        assert!(mask.cover.iter().all(|cover| *cover == 0.0));
    }

    #[test]
    fn a_png_keeps_colour_and_coverage() {
        let mut mask = Mask::new(9, 7);
        mask.add_disc((4.5, 3.5), 2.0, 1.0);
        let bytes = mask.to_png(Color(1, 2, 3)).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let at = |x: usize, y: usize| &pixels[(y * 9 + x) * 4..][..4];
        assert_eq!(at(4, 3), [1, 2, 3, 255]);
        assert_eq!(at(0, 0)[3], 0);
    }
}
