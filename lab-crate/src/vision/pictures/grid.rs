//! Images side by side, each with its title. Read next: `gallery.rs`, where the titles are answers.

use candle_core::{DType, Device, Tensor};

use crate::plot::{Anchor, BLACK as INK, Picture, fitted};
use crate::{Error, Figure, Result};

/// More images than this are not looked at one by one, and the figure would be too large.
const MOST: usize = 64;
/// The space between images, in pixels.
pub(super) const GAP: f64 = 12.0;
/// The font size of titles in pixels.
pub(super) const FONT: f64 = 12.0;
/// The height of a line of a title.
pub(super) const LINE: f64 = 17.0;

/// How images are laid out, and how their numbers become colours.
///
/// ```
/// use lab::vision::pictures::GridOptions;
/// let options = GridOptions { columns: 2, ..GridOptions::plain() };
/// assert_eq!((options.mean, options.std), ([0.0; 3], [1.0; 3])); // the numbers are colours already
/// assert_eq!(GridOptions::default().mean, [0.485, 0.456, 0.406]); // those of ImageNet
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridOptions {
    /// Images in a row, 1 to 16. 4: with sides of 150 pixels they fill a notebook's column.
    pub columns: usize,
    /// The longer side of an image in pixels, 16 to 600. 150: an insect is recognised.
    pub side: u32,
    /// The means that were taken away, by channel. Those of ImageNet, which pretrained networks expect.
    pub mean: [f32; 3],
    /// The standard deviations that were divided by. Those of ImageNet.
    pub std: [f32; 3],
}

impl Default for GridOptions {
    fn default() -> Self {
        Self { columns: 4, side: 150, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
    }
}

impl GridOptions {
    /// For images whose numbers are colours from 0 to 1 already.
    pub fn plain() -> Self {
        Self { mean: [0.0; 3], std: [1.0; 3], ..Self::default() }
    }

    /// # Errors
    /// A field is out of its range.
    fn check(&self) -> Result<()> {
        let wrong = |field: String| Err(Error::Argument(format!("GridOptions: {field}")));
        if !(1..=16).contains(&self.columns) {
            return wrong(format!("columns = {}, а нужно от 1 до 16", self.columns));
        }
        if !(16..=600).contains(&self.side) {
            return wrong(format!("side = {}, а нужно от 16 до 600 точек", self.side));
        }
        let finite = self.mean.iter().chain(&self.std).all(|number| number.is_finite());
        if !finite || self.std.iter().any(|&std| std <= 0.0) {
            return wrong(format!(
                "mean = {:?}, std = {:?}, а нужны конечные числа, std больше 0",
                self.mean, self.std
            ));
        }
        Ok(())
    }

    /// An image `(3, H, W)` as it was before it was normalised: f32 in [0, 1], clipped.
    pub(super) fn colours(&self, image: &Tensor) -> Result<Tensor> {
        let by_channel =
            |numbers: [f32; 3]| Tensor::new(&numbers, &Device::Cpu)?.reshape((3, 1, 1));
        let image = image.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let image = image.broadcast_mul(&by_channel(self.std)?)?;
        Ok(image.broadcast_add(&by_channel(self.mean)?)?.clamp(0f32, 1f32)?)
    }
}

/// Shows images `(N, 3, H, W)`, or grey ones `(N, 1, H, W)`, f32 or f64, each with its title below; no titles
/// (`&[""; 0]`) leave no room for them.
///
/// The numbers become colours with `mean` and `std` of the options (as the cell `imshow(inp, title)` of PyTorch's
/// tutorial on transfer learning).
///
/// # Errors
/// The shape is wrong, there are no images or more than 64, the titles are not one for each image, or an option is
/// out of its range.
///
/// ```
/// use lab::{Rng, candle_core::Device, vision::pictures::{GridOptions, grid}};
/// let images = Rng::seed(1).randn((2, 3, 32, 32), &Device::Cpu)?;
/// let figure = grid(&images, &["муравей", "пчела"], &GridOptions::default())?;
/// assert!(figure.to_svg()?.contains("пчела"));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn grid(images: &Tensor, titles: &[impl AsRef<str>], options: &GridOptions) -> Result<Figure> {
    let images = &match images.dims() {
        &[count, 1, height, width] => images.broadcast_as((count, 3, height, width))?,
        _ => images.clone(),
    };
    let count = images.dims().first().copied().unwrap_or(0);
    if !titles.is_empty() && titles.len() != count {
        return Err(Error::Argument(format!(
            "grid: картинок {count}, а подписей {}; нужна подпись каждой картинке или ни одной",
            titles.len()
        )));
    }
    let tiles = Tiles::of("grid", images, usize::from(!titles.is_empty()), options)?;
    let mut figure = tiles.figure(images, options)?;
    for (i, title) in titles.iter().enumerate() {
        let [(left, _), (right, bottom)] = tiles.corners(i);
        let text = fitted(title.as_ref(), FONT, tiles.room());
        let place = ((left + right) / 2.0, bottom + LINE * 0.6);
        figure = figure.text(text, place, FONT, Anchor::Center, INK);
    }
    Ok(figure)
}

/// Where the images of a grid stand.
pub(super) struct Tiles {
    count: usize,
    columns: usize,
    /// The sides of an image in pixels.
    shown: (f64, f64),
    /// The lines of text below each image.
    lines: usize,
}

impl Tiles {
    /// The places for `images` `(N, 3, H, W)`.
    ///
    /// # Errors
    /// As for [`grid`].
    pub(super) fn of(
        name: &str,
        images: &Tensor,
        lines: usize,
        options: &GridOptions,
    ) -> Result<Self> {
        options.check()?;
        let (count, height, width) = match images.dims() {
            &[count, 3, height, width] if images.elem_count() > 0 => (count, height, width),
            dims => {
                return Err(Error::Argument(format!(
                    "{name}: даны картинки формы {dims:?}, а нужна (N, 3, H, W); к одной картинке добавьте \
                     измерение: x.unsqueeze(0)?"
                )));
            }
        };
        if count > MOST {
            return Err(Error::Argument(format!(
                "{name}: картинок {count}, а в рисунке помещается не больше {MOST}; возьмите часть: \
                 images.narrow(0, 0, {MOST})?"
            )));
        }
        let scale = f64::from(options.side) / width.max(height) as f64;
        let shown = (width as f64 * scale, height as f64 * scale);
        Ok(Self { count, columns: options.columns.min(count), shown, lines })
    }

    /// The upper left and lower right corner of image `i`.
    pub(super) fn corners(&self, i: usize) -> [(f64, f64); 2] {
        let (column, row) = ((i % self.columns) as f64, (i / self.columns) as f64);
        let left = GAP + column * (self.room() + GAP) + (self.room() - self.shown.0) / 2.0;
        let top = GAP + row * (self.shown.1 + self.text() + GAP);
        [(left, top), (left + self.shown.0, top + self.shown.1)]
    }

    /// The width of a column: of an image, and of some letters below a narrow one.
    pub(super) fn room(&self) -> f64 {
        self.shown.0.max(if self.lines > 0 { 80.0 } else { 0.0 })
    }

    /// The height of the text below an image.
    fn text(&self) -> f64 {
        self.lines as f64 * LINE + if self.lines > 0 { 2.0 } else { 0.0 }
    }

    /// A figure with the images at their places.
    pub(super) fn figure(&self, images: &Tensor, options: &GridOptions) -> Result<Figure> {
        let rows = self.count.div_ceil(self.columns) as f64;
        let width = GAP + self.columns as f64 * (self.room() + GAP);
        let height = GAP + rows * (self.shown.1 + self.text() + GAP);
        if width.max(height) > 4000.0 {
            return Err(Error::Argument(format!(
                "рисунок вышел бы {width:.0} x {height:.0} точек, а больше 4000 нельзя: уменьшите side \
                 или columns"
            )));
        }
        let mut figure = Figure::canvas(width, height);
        for i in 0..self.count {
            let picture = Picture::of(&options.colours(&images.get(i)?)?)?;
            figure = figure.picture(picture, self.corners(i));
        }
        Ok(figure)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;
    use crate::data::standin_insects::{Insect, draw};

    const NONE: [&str; 0] = [];

    fn images(n: usize, height: usize, width: usize) -> Tensor {
        Rng::seed(1).randn((n, 3, height, width), &Device::Cpu).unwrap()
    }

    #[test]
    fn numbers_become_the_colours_they_were() {
        // (0.5 - 0.485) / 0.229, (0.25 - 0.456) / 0.224, and a blue far above 1.
        let image = Tensor::new(&[0.065_502_18f32, -0.919_642_86, 9.0], &Device::Cpu).unwrap();
        let colours = GridOptions::default().colours(&image.reshape((3, 1, 1)).unwrap()).unwrap();
        let colours = colours.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!((colours[0] - 0.5).abs() < 1e-6 && (colours[1] - 0.25).abs() < 1e-6, "{colours:?}");
        assert_eq!(colours[2], 1.0);
    }

    #[test]
    fn a_figure_of_eight_photos_is_small() {
        let photo = |i: usize| {
            let image = draw(Insect::ALL[i % 2], i, 42);
            let shape = (image.height, image.width, 3);
            let x = Tensor::from_vec(image.pixels, shape, &Device::Cpu).unwrap();
            let x = x.permute((2, 0, 1)).unwrap().to_dtype(DType::F32).unwrap();
            // As large as a network gets it.
            let x = x.unsqueeze(0).unwrap().interpolate2d(224, 224).unwrap();
            (x.squeeze(0).unwrap() / 255.0).unwrap()
        };
        let photos: Vec<Tensor> = (0..8).map(photo).collect();
        let images = Tensor::stack(&photos, 0).unwrap();
        let svg = grid(&images, &NONE, &GridOptions::plain()).unwrap().to_svg().unwrap();
        assert_eq!(svg.matches("data:image/jpeg").count(), 8);
        assert!((50_000..300_000).contains(&svg.len()), "{}", svg.len());
    }

    #[test]
    fn images_stand_in_rows_and_columns() {
        let options = GridOptions { columns: 3, side: 100, ..GridOptions::default() };
        let tiles = Tiles::of("grid", &images(5, 10, 20), 1, &options).unwrap();
        assert_eq!(tiles.corners(0), [(12.0, 12.0), (112.0, 62.0)]);
        assert_eq!(tiles.corners(4)[0], (12.0 + 112.0, 12.0 + 50.0 + LINE + 2.0 + GAP));
        // A narrow image stands in the middle of room for its title.
        let tiles = Tiles::of("grid", &images(1, 20, 10), 1, &options).unwrap();
        assert_eq!((tiles.room(), tiles.corners(0)[0].0), (80.0, 12.0 + 15.0));
    }

    #[test]
    fn wrong_arguments_are_told() {
        let error = |images: &Tensor, titles: &[&str], options: GridOptions| {
            grid(images, titles, &options).unwrap_err().to_string()
        };
        let fine = GridOptions::default();
        let two = images(2, 8, 8);
        assert!(error(&two, &["один"], fine).contains("картинок 2, а подписей 1"));
        let one = two.get(0).unwrap();
        assert!(error(&one, &NONE, fine).contains("x.unsqueeze(0)?"));
        assert!(error(&two.narrow(0, 0, 0).unwrap(), &NONE, fine).contains("[0, 3, 8, 8]"));
        assert!(error(&images(65, 2, 2), &NONE, fine).contains("не больше 64"));
        assert!(error(&two, &NONE, GridOptions { columns: 0, ..fine }).contains("columns = 0"));
        assert!(error(&two, &NONE, GridOptions { side: 5, ..fine }).contains("side = 5"));
        assert!(error(&two, &NONE, GridOptions { std: [0.0; 3], ..fine }).contains("std"));
        let huge = GridOptions { columns: 16, side: 600, ..fine };
        assert!(error(&images(16, 8, 8), &NONE, huge).contains("больше 4000"));
        let nan = (two * f64::NAN).unwrap();
        assert!(error(&nan, &NONE, fine).contains("NaN"));
    }
}
