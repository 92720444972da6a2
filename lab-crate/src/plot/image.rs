//! Pictures in a figure: `plt.imshow`, and the pieces of which grids of pictures are made.
//!
//! Not here: the pixels (`picture.rs`), the grids (`vision/pictures`). Read next: `draw.rs`.

use std::sync::Arc;

use candle_core::Tensor;
use plotters::style::text_anchor::HPos;

use super::color::Color;
use super::figure::Figure;
use super::font;
use super::layer::{Kind, Layer};
use super::picture::Picture;
use crate::{Error, Result};

/// The largest sides that a picture alone takes, in pixels of the figure.
const LARGEST: (f64, f64) = (640.0, 440.0);
/// How many times a small picture is enlarged at most.
const ENLARGED: f64 = 10.0;

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Center,
    /// Its right end.
    Right,
}

impl Anchor {
    /// The same for plotters.
    pub(super) fn side(self) -> HPos {
        match self {
            Self::Left => HPos::Left,
            Self::Center => HPos::Center,
            Self::Right => HPos::Right,
        }
    }
}

impl Figure {
    /// Shows a picture as the whole figure, without axes, its first row on top (as `plt.imshow` with `plt.axis("off")`).
    ///
    /// The picture is `(3, H, W)`, `(1, H, W)` or `(H, W)`: f32 or f64 in [0, 1] (clipped), or u8. Series added later
    /// stand in its pixels: `x` from 0 to `W`, `y` from 0 on top to `H`. The figure takes the picture's shape; a later
    /// [`Figure::size`] changes it. Numbers of another range first need a scale, and a photo that was
    /// normalised for a model is shown by `vision::pictures::grid`.
    ///
    /// # Errors
    /// Another shape or dtype, no pixels, or NaN.
    ///
    /// ```
    /// use lab::{Figure, candle_core::{Device, Tensor}};
    /// let image = Tensor::new(&[[0f32, 1.0], [1.0, 0.0]], &Device::Cpu)?;
    /// assert!(Figure::new().image(&image)?.to_svg()?.contains("data:image/png"));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn image(mut self, image: &Tensor) -> Result<Self> {
        let picture = Picture::of(image)?;
        let (width, height) = (picture.width as f64, picture.height as f64);
        let scale = (LARGEST.0 / width).min(LARGEST.1 / height).min(ENLARGED);
        let side = |length: f64| (length * scale).round().clamp(160.0, 4000.0) as u32;
        let (title, x_name, y_name) = (self.title.take(), self.x_label.take(), self.y_label.take());
        self.size = (side(width), side(height));
        self.bare = Some((width, height));
        let mut figure = self.picture(picture, [(0.0, 0.0), (width, height)]);
        // Set anew, so that the figure grows by their room.
        figure = title.into_iter().fold(figure, Self::title);
        figure = x_name.into_iter().fold(figure, Self::x_label);
        Ok(y_name.into_iter().fold(figure, Self::y_label))
    }

    /// Adds a picture to a plot with axes: it covers `x` from `x.0` to `x.1` and `y` from `y.0` below to `y.1` on top
    /// (as `plt.imshow(…, extent=…)`; the shape of its pixels follows the axes).
    ///
    /// # Errors
    /// As for [`Figure::image`], or a range is empty or not finite.
    ///
    /// ```
    /// use lab::{Figure, candle_core::{Device, Tensor}};
    /// let heat = Tensor::new(&[[0f32, 0.5], [0.5, 1.0]], &Device::Cpu)?;
    /// let figure = Figure::new().image_at(&heat, (-1.0, 1.0), (0.0, 5.0))?.line(&[-1.0, 1.0], &[0.0, 5.0])?;
    /// assert!(figure.to_svg()?.contains("data:image/png"));
    /// assert!(Figure::new().image_at(&heat, (1.0, 1.0), (0.0, 5.0)).is_err()); // an empty range
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn image_at(self, image: &Tensor, x: (f64, f64), y: (f64, f64)) -> Result<Self> {
        let fine = |(from, to): (f64, f64)| from < to && (to - from).is_finite();
        if !fine(x) || !fine(y) {
            return Err(Error::Plot(format!(
                "image_at: x от {} до {}, y от {} до {}, а нужны конечные числа, первое меньше второго",
                x.0, x.1, y.0, y.1
            )));
        }
        Ok(self.picture(Picture::of(image)?, [(x.0, y.1), (x.1, y.0)]))
    }

    /// An empty figure without axes, in whose data units of one pixel `(0, 0)` is the upper left corner.
    pub(crate) fn canvas(width: f64, height: f64) -> Self {
        let side = |length: f64| length.round().clamp(160.0, 4000.0) as u32;
        let mut figure = Self::new().size(side(width), side(height));
        figure.bare = Some((width, height));
        figure
    }

    /// Adds a picture between its upper left and lower right corners.
    pub(crate) fn picture(self, picture: Picture, corners: [(f64, f64); 2]) -> Self {
        self.with(Kind::Image(Arc::new(picture), corners))
    }

    /// Adds a box: filled, or its edge of some width in pixels.
    pub(crate) fn rect(
        mut self,
        corners: [(f64, f64); 2],
        color: Color,
        edge: Option<f64>,
    ) -> Self {
        let layer = Layer::new(Kind::Rect { corners, filled: edge.is_none() }, color);
        self.layers.push(Layer { width: edge, ..layer });
        self
    }

    /// Adds a text whose place is in the middle of its height; `size` is the font's, in units of the vertical axis.
    pub(crate) fn text(
        mut self,
        text: impl Into<String>,
        place: (f64, f64),
        size: f64,
        anchor: Anchor,
        color: Color,
    ) -> Self {
        let kind = Kind::Text { text: text.into(), place, size, anchor };
        self.layers.push(Layer::new(kind, color));
        self
    }
}

/// `text`, or as much of its beginning as fits into `width` with an ellipsis.
pub(crate) fn fitted(text: &str, size: f64, width: f64) -> String {
    if font::width(text, size) <= width {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |n: usize| letters[..n].iter().collect::<String>().trim_end().to_owned() + "…";
    let fits = |n: &usize| font::width(&cut(*n), size) <= width;
    (1..letters.len()).rev().find(fits).map_or_else(|| "…".into(), cut)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::view::View;
    use super::*;
    use candle_core::Device;

    /// A picture with a red upper left pixel, blue else.
    fn corner(width: usize, height: usize) -> Tensor {
        let area = width * height;
        let is_lit = |i: usize| i == 0 || i > 2 * area;
        let bytes: Vec<u8> = (0..3 * area).map(|i| if is_lit(i) { 255 } else { 0 }).collect();
        Tensor::from_vec(bytes, (3, height, width), &Device::Cpu).unwrap()
    }

    fn pixel(figure: &Figure, x: f64, y: f64) -> [u8; 3] {
        let bytes = figure.to_png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let width = reader.next_frame(&mut pixels).unwrap().width as usize;
        let at = ((y * 2.0) as usize * width + (x * 2.0) as usize) * 3;
        [pixels[at], pixels[at + 1], pixels[at + 2]]
    }

    #[test]
    fn the_first_row_is_on_top_and_the_shape_is_kept() {
        let figure = Figure::new().image(&corner(40, 20)).unwrap();
        assert_eq!(figure.size, (400, 200));
        assert_eq!(pixel(&figure, 5.0, 5.0), [255, 0, 0]);
        for place in [(15.0, 5.0), (5.0, 15.0), (395.0, 195.0)] {
            assert_eq!(pixel(&figure, place.0, place.1), [0, 0, 255], "{place:?}");
        }
        let large = Figure::new().image(&corner(1280, 640)).unwrap();
        assert_eq!(large.size, (640, 320));
        // In a square figure there is paper above and below.
        let square = figure.size(400, 400);
        assert_eq!(pixel(&square, 5.0, 50.0), [255; 3]);
        assert_eq!(pixel(&square, 5.0, 105.0), [255, 0, 0]);
    }

    #[test]
    fn texts_make_the_figure_grow_in_any_order() {
        let image = corner(40, 20);
        let before = Figure::new().title("Фото").y_label("y").image(&image).unwrap();
        let after = Figure::new().image(&image).unwrap().y_label("y").title("Фото").title("Фото");
        assert_eq!((before.size, after.size), ((425, 233), (425, 233)));
        let view = View::of(&after).unwrap();
        assert_eq!((view.left, view.top, view.right, view.bottom), (25.0, 33.0, 425.0, 233.0));
        assert_eq!(before.to_svg().unwrap(), after.to_svg().unwrap());
    }

    #[test]
    fn series_stand_in_the_pixels_of_the_picture() {
        let figure = Figure::new().image(&corner(40, 20)).unwrap();
        let figure = figure.scatter(&[20.5], &[0.5]).unwrap().marker_size(8.0);
        assert_eq!(figure.layers[1].color, Color::in_turn(0), "a picture takes no colour");
        assert_eq!(pixel(&figure, 205.0, 5.0), [0x1f, 0x77, 0xb4]);
        let (x, y) = View::of(&figure).unwrap().place((20.5, 0.5)).unwrap();
        assert!((x - 205.0).abs() < 1e-9 && (y - 5.0).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn a_picture_between_axes_is_cut_at_the_frame() {
        let figure = Figure::new().image_at(&corner(2, 2), (0.0, 2.0), (0.0, 2.0)).unwrap();
        let view = View::of(&figure).unwrap();
        let at = |figure: &Figure, view: &View, x, y| {
            let place = view.place((x, y)).unwrap();
            pixel(figure, place.0, place.1)
        };
        assert_eq!(at(&figure, &view, 0.5, 1.5), [255, 0, 0]);
        assert_eq!(at(&figure, &view, 0.5, 0.5), [0, 0, 255]);
        assert_eq!(figure.to_svg().unwrap().matches("<svg").count(), 1);
        let part = figure.x_range(1.0, 4.0);
        let view = View::of(&part).unwrap();
        assert_eq!(at(&part, &view, 1.5, 1.5), [0, 0, 255]);
        assert_eq!(pixel(&part, view.left - 6.0, 150.0), [255; 3]);
        let svg = part.to_svg().unwrap();
        assert_eq!((svg.matches("<svg").count(), svg.matches("</svg>").count()), (2, 2));
        // A thousandth of the picture fills the plot.
        let near = Figure::new().image_at(&corner(2, 2), (0.0, 2.0), (0.0, 2.0)).unwrap();
        let near = near.x_range(0.999, 1.001).y_range(1.9, 1.902);
        let view = View::of(&near).unwrap();
        assert_eq!(at(&near, &view, 0.9995, 1.901), [255, 0, 0]);
        assert_eq!(at(&near, &view, 1.0005, 1.901), [0, 0, 255]);
        let error = Figure::new().image_at(&corner(2, 2), (1.0, 1.0), (0.0, 1.0)).unwrap_err();
        assert!(error.to_string().contains("x от 1 до 1"), "{error}");
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis() {
        assert_eq!(fitted("пчёлы", 12.0, 100.0), "пчёлы");
        let short = fitted("очень длинное имя класса", 12.0, 60.0);
        assert!(short.ends_with('…') && font::width(&short, 12.0) <= 60.0, "{short}");
        assert!(short.chars().count() > 4, "{short}");
        assert_eq!(
            (fitted("пчёлы", 12.0, 1.0), fitted("", 12.0, 0.0)),
            ("…".into(), String::new())
        );
    }
}
