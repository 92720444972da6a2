//! A figure as PNG: a backend of plotters with smooth strokes and the bundled font.
//!
//! plotters' own bitmap backend leaves edges of thick lines jagged and looks for fonts in the system.
//! Read next: `mask.rs`, `font.rs`.

use plotters::style::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::color::Color;
use super::draw::{self, LINE_PER_EM, Pen};
use super::figure::Figure;
use super::font;
use super::layer::Kind;
use super::mask::Mask;
use super::picture::Picture;
use super::view::View;
use crate::{Error, Result};

/// Pixels of the PNG for each pixel of the figure.
const SCALE: f64 = 2.0;

/// Draws the figure.
///
/// # Errors
/// The figure has no ranges (see `view.rs`).
pub(super) fn render(figure: &Figure) -> Result<Vec<u8>> {
    let view = View::of(figure)?;
    let mut canvas = Canvas::new(figure.size.0 as usize * 2, figure.size.1 as usize * 2);
    draw::ground(figure, &view, &mut Pen { backend: &mut canvas, scale: SCALE })?;
    for layer in &figure.layers {
        if let Kind::Image(picture, corners) = &layer.kind {
            canvas.picture(picture, *corners, &view);
        }
        if !layer.is_dense() {
            continue;
        }
        let mut mask = Mask::new(canvas.width, canvas.height);
        let places = layer.points().iter().filter_map(|&point| view.place(point));
        for (x, y) in places.filter(|&place| view.contains(place)) {
            mask.add_disc((x * SCALE, y * SCALE), layer.marker_size() / 2.0 * SCALE, layer.alpha());
        }
        canvas.lay(&mask, (0, 0), layer.color, 1.0);
    }
    draw::figures(figure, &view, &mut Pen { backend: &mut canvas, scale: SCALE })?;
    canvas.into_png()
}

/// A picture in memory: red, green and blue of each pixel, row by row.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[255; 3]; width * height] }
    }

    /// Mixes a colour into a pixel; pixels outside are left out.
    fn mix(&mut self, (x, y): (i32, i32), (r, g, b): (u8, u8, u8), alpha: f64) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.width || y >= self.height {
            return;
        }
        // Sums of 256ths; `round` of floating point would be a call for each of a million pixels.
        let part = (alpha * 256.0 + 0.5) as u32;
        for (old, new) in self.pixels[y * self.width + x].iter_mut().zip([r, g, b]) {
            *old = ((u32::from(*old) * (256 - part) + u32::from(new) * part + 128) >> 8) as u8;
        }
    }

    /// Lays a colour over the pixels that a mask covers; the mask's corner lies at `origin`.
    fn lay(&mut self, mask: &Mask, origin: (usize, usize), color: Color, alpha: f64) {
        for y in 0..mask.height {
            for x in 0..mask.width {
                let cover = f64::from(mask.at(x, y));
                if cover > 0.0 {
                    let place = ((x + origin.0) as i32, (y + origin.1) as i32);
                    self.mix(place, (color.0, color.1, color.2), cover * alpha);
                }
            }
        }
    }

    /// Lays a picture between its corners; a part outside of the plot is cut off.
    fn picture(&mut self, picture: &Picture, corners: [(f64, f64); 2], view: &View) {
        let Some((a, b)) = view.rectangle(corners) else { return };
        let whole = |length: f64| (length * SCALE).round() as i64;
        let (left, top) = (whole(a.0), whole(a.1));
        let sides = (whole(b.0) - left, whole(b.1) - top);
        if sides.0 < 1 || sides.1 < 1 {
            return;
        }
        // A picture of which the plot shows a small part is not enlarged as a whole.
        let fits = sides.0.saturating_mul(sides.1) <= self.pixels.len() as i64;
        let small =
            if fits { Some(picture.resized(sides.0 as usize, sides.1 as usize)) } else { None };
        let source = small.as_ref().unwrap_or(picture);
        let from = |place: i64, side: i64, count: usize| {
            (i128::from(place) * count as i128 / i128::from(side)) as usize
        };
        for y in top.max(whole(view.top))..(top + sides.1).min(whole(view.bottom)) {
            let row = from(y - top, sides.1, source.height) * source.width;
            for x in left.max(whole(view.left))..(left + sides.0).min(whole(view.right)) {
                let [r, g, b] = source.pixels[row + from(x - left, sides.0, source.width)];
                self.mix((x as i32, y as i32), (r, g, b), 1.0);
            }
        }
    }

    /// An empty mask that holds all points with a margin around, and where its corner lies.
    fn mask_around(&self, points: &[(f64, f64)], margin: f64) -> ((usize, usize), Mask) {
        let bounds = |of: fn(&(f64, f64)) -> f64, size: usize| {
            let lo = points.iter().map(of).fold(f64::INFINITY, f64::min) - margin;
            let hi = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max) + margin;
            let lo = lo.clamp(0.0, size as f64) as usize;
            (lo, (hi.ceil().clamp(0.0, size as f64) as usize).saturating_sub(lo))
        };
        let (left, width) = bounds(|point| point.0, self.width);
        let (top, height) = bounds(|point| point.1, self.height);
        ((left, top), Mask::new(width, height))
    }

    fn into_png(self) -> Result<Vec<u8>> {
        Picture { width: self.width, height: self.height, pixels: self.pixels }.to_png()
    }
}

/// The answer of a drawing call. Rectangles and circles of a figure are always filled.
type Drawn = std::result::Result<(), DrawingErrorKind<Error>>;

impl DrawingBackend for Canvas {
    type ErrorType = Error;

    fn get_size(&self) -> (u32, u32) {
        (self.width as u32, self.height as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, place: BackendCoord, color: BackendColor) -> Drawn {
        self.mix(place, color.rgb, color.alpha);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<(f64, f64)> =
            path.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
        let radius = f64::from(style.stroke_width()) / 2.0;
        let (origin, mut mask) = self.mask_around(&points, radius + 1.0);
        let shift = |(x, y): (f64, f64)| (x - origin.0 as f64, y - origin.1 as f64);
        for pair in points.windows(2) {
            mask.stroke(shift(pair[0]), shift(pair[1]), radius);
        }
        let color = style.color();
        self.lay(&mask, origin, Color(color.rgb.0, color.rgb.1, color.rgb.2), color.alpha);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let color = style.color();
        for y in upper_left.1..bottom_right.1 {
            for x in upper_left.0..bottom_right.0 {
                self.mix((x, y), color.rgb, color.alpha);
            }
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let (radius, color) = (radius as i32, style.color());
        for dy in -radius - 1..=radius {
            for dx in -radius - 1..=radius {
                let distance = (f64::from(dx) + 0.5).hypot(f64::from(dy) + 0.5);
                let cover = (f64::from(radius) + 0.5 - distance).clamp(0.0, 1.0);
                self.mix((center.0 + dx, center.1 + dy), color.rgb, color.alpha * cover);
            }
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        place: BackendCoord,
    ) -> Drawn {
        let size = style.size() / LINE_PER_EM;
        let width = font::width(text, size);
        let start = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        }
        .round() as i32;
        let middle = (size * font::X_HEIGHT / 2.0 + size * 0.09).round() as i32;
        let color = style.color();
        let upward = matches!(style.transform(), FontTransform::Rotate270);
        let drawn = font::draw(text, size, |x, y, cover| {
            let (x, y) = (x + start, y + middle);
            let (x, y) = if upward { (y, -x) } else { (x, y) };
            self.mix((place.0 + x, place.1 + y), color.rgb, color.alpha * f64::from(cover));
        });
        drawn.map_err(DrawingErrorKind::DrawingError)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pixels(figure: &Figure) -> (usize, Vec<u8>) {
        let bytes = render(figure).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width as usize, pixels)
    }

    #[test]
    fn a_point_has_its_colour_at_its_place() {
        let figure =
            Figure::new().scatter(&[0.0], &[0.0]).unwrap().color("#ff0000").marker_size(20.0);
        let view = View::of(&figure).unwrap();
        let (x, y) = view.place((0.0, 0.0)).unwrap();
        let (width, pixels) = pixels(&figure);
        assert_eq!(width, 1280);
        let at = ((y * 2.0) as usize * width + (x * 2.0) as usize) * 3;
        assert_eq!(&pixels[at..at + 3], [255, 0, 0]);
        assert_eq!(&pixels[..3], [255; 3], "the paper is white");
    }

    #[test]
    fn a_title_in_cyrillic_leaves_ink() {
        let plain = Figure::new().title(" ").scatter(&[0.0], &[0.0]).unwrap();
        let titled = Figure::new().title("Ошибка").scatter(&[0.0], &[0.0]).unwrap();
        let other = Figure::new().title("Оценка").scatter(&[0.0], &[0.0]).unwrap();
        let [(_, plain), (_, titled), (_, other)] = [plain, titled, other].map(|f| pixels(&f));
        let differ = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
        assert!(differ(&plain, &titled) > 500);
        assert!(differ(&titled, &other) > 100);
    }
}
