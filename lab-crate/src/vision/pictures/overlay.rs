//! A map of what a model looks at, in colour over its image. Read next: `scale.rs`.

use candle_core::{DType, Device, Tensor};

use super::grid::{FONT, GAP, GridOptions, Tiles};
use super::occlusion::sides;
use super::scale;
use crate::plot::{Anchor, BLACK as INK, Picture};
use crate::{Error, Figure, Result};

/// The width of the bar of colours in pixels, and the room for its numbers.
const BAR: f64 = 14.0;
const NUMBERS: f64 = 44.0;
/// How much of a pixel is the colour of the map; the rest is the image in grey.
const SHARE: f32 = 0.6;

/// Shows an image `(3, H, W)`, f32 or f64, and beside it the same in grey under the colours of a map `(h, w)`, with a bar
/// that says which colour is which number: black is the lowest (at most 0), yellow the highest (at least 0).
///
/// The map is stretched over the whole image, smoothly (bilinear, as `F.interpolate(align_corners=False)`). Of the
/// options `side`, `mean` and `std` are used; a `side` of 280 fills a notebook's column.
///
/// # Errors
/// A shape or dtype is wrong, the map is empty or has NaN, or an option is out of its range.
///
/// ```
/// use lab::{Rng, candle_core::{Device, Tensor}, vision::pictures::{GridOptions, overlay}};
/// let image = Rng::seed(1).randn((3, 32, 32), &Device::Cpu)?;
/// let map = Tensor::new(&[[0f32, 0.2], [0.9, 0.1]], &Device::Cpu)?;
/// assert!(overlay(&image, &map, &GridOptions::default())?.to_svg()?.contains("0.90"));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn overlay(image: &Tensor, map: &Tensor, options: &GridOptions) -> Result<Figure> {
    sides("overlay", image)?;
    let map = Map::of(map)?;
    let plain = Tiles::of("overlay", &image.unsqueeze(0)?, 0, options)?;
    let picture = Picture::of(&options.colours(image)?)?;
    let painted = painted(&picture, &map);
    let corners = plain.corners(0);
    let (width, height) = (corners[1].0 - corners[0].0, corners[1].1 - corners[0].1);
    let moved = |x: f64| [(corners[0].0 + x, corners[0].1), (corners[1].0 + x, corners[1].1)];
    let second = moved(width + GAP);
    let left = second[1].0 + GAP;
    let bar = [(left, corners[0].1), (left + BAR, corners[1].1)];
    let number = |value: f32| format!("{value:.2}").replace('-', "\u{2212}");
    let text = |figure: Figure, value: f32, y: f64| {
        figure.text(number(value), (left + BAR + 5.0, y), FONT, Anchor::Left, INK)
    };
    let size = (left + BAR + 5.0 + NUMBERS, height + 2.0 * GAP);
    let figure = Figure::canvas(size.0, size.1)
        .picture(picture, corners)
        .picture(painted, second)
        .picture(colours_of_bar(height), bar);
    let figure = text(figure, map.highest, corners[0].1 + FONT / 2.0);
    Ok(text(figure, map.lowest, corners[1].1 - FONT / 2.0))
}

/// The numbers of a map and the ends of its scale.
struct Map {
    rows: Vec<Vec<f32>>,
    lowest: f32,
    highest: f32,
}

impl Map {
    /// # Errors
    /// The tensor is not `(h, w)` of f32 or f64, is empty or has a number that is not finite.
    fn of(map: &Tensor) -> Result<Self> {
        let fine = map.rank() == 2 && matches!(map.dtype(), DType::F32 | DType::F64);
        if !fine || map.elem_count() == 0 {
            return Err(Error::Argument(format!(
                "overlay: дана карта формы {:?} типа {}, а нужна (h, w), f32 или f64, от occlusion или grad_cam",
                map.dims(),
                map.dtype().as_str()
            )));
        }
        let rows = map.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        if rows.iter().flatten().any(|number| !number.is_finite()) {
            return Err(Error::Argument("overlay: в карте есть NaN или бесконечность".into()));
        }
        let lowest = rows.iter().flatten().copied().fold(0.0, f32::min);
        let highest = rows.iter().flatten().copied().fold(0.0, f32::max);
        Ok(Self { rows, lowest, highest })
    }

    /// The number at a place, both parts from 0 to 1, as a part of the scale.
    fn at(&self, y: f32, x: f32) -> f32 {
        let (top, bottom, down) = neighbours(y, self.rows.len());
        let (left, right, across) = neighbours(x, self.rows[0].len());
        let along = |row: &[f32]| row[left] * (1.0 - across) + row[right] * across;
        let number = along(&self.rows[top]) * (1.0 - down) + along(&self.rows[bottom]) * down;
        (number - self.lowest) / (self.highest - self.lowest).max(f32::MIN_POSITIVE)
    }
}

/// The two cells of `count` around a place and the part of the way between their middles.
fn neighbours(place: f32, count: usize) -> (usize, usize, f32) {
    let place = (place * count as f32 - 0.5).clamp(0.0, (count - 1) as f32);
    let first = place as usize;
    (first, (first + 1).min(count - 1), place - first as f32)
}

/// The picture in grey under the colours of the map.
fn painted(picture: &Picture, map: &Map) -> Picture {
    let (width, height) = (picture.width, picture.height);
    let middle = |i: usize, side: usize| (i as f32 + 0.5) / side as f32;
    let one = |(i, pixel): (usize, &[u8; 3])| {
        let [red, green, blue] = pixel.map(f32::from);
        let grey = 0.299 * red + 0.587 * green + 0.114 * blue;
        let color = scale::color(map.at(middle(i / width, height), middle(i % width, width)));
        color.map(|part| (part * SHARE + grey * (1.0 - SHARE)).round() as u8)
    };
    Picture { width, height, pixels: picture.pixels.iter().enumerate().map(one).collect() }
}

/// The bar: the highest number on top, mixed with a middle grey as the map is.
fn colours_of_bar(height: f64) -> Picture {
    let (width, height) = (BAR as usize, (height.round() as usize).max(2));
    let one = |i: usize| {
        let color = scale::color(1.0 - (i / width) as f32 / (height - 1) as f32);
        color.map(|part| (part * SHARE + 128.0 * (1.0 - SHARE)).round() as u8)
    };
    Picture { width, height, pixels: (0..width * height).map(one).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;

    fn map(rows: &[&[f32]]) -> Tensor {
        let numbers: Vec<f32> = rows.concat();
        Tensor::from_vec(numbers, (rows.len(), rows[0].len()), &Device::Cpu).unwrap()
    }

    // m = torch.tensor([[0, .2], [.9, .1]])[None, None]
    // F.interpolate(m, size=(4, 3), mode="bilinear", align_corners=False)
    #[test]
    fn a_map_is_stretched_as_pytorch_does() {
        let expected = [[0.0, 0.1, 0.2], [0.225, 0.2, 0.175], [0.675, 0.4, 0.125], [0.9, 0.5, 0.1]];
        let map = Map::of(&map(&[&[0.0, 0.2], &[0.9, 0.1]])).unwrap();
        for (i, row) in expected.iter().enumerate() {
            for (j, expected) in row.iter().enumerate() {
                let part = map.at((i as f32 + 0.5) / 4.0, (j as f32 + 0.5) / 3.0);
                assert!((part * 0.9 - expected).abs() < 1e-6, "{i} {j}: {part}");
            }
        }
    }

    #[test]
    fn the_scale_holds_zero_and_all_numbers() {
        let ends = |rows: &[&[f32]]| {
            let map = Map::of(&map(rows)).unwrap();
            (map.lowest, map.highest)
        };
        assert_eq!(ends(&[&[0.3, 0.5]]), (0.0, 0.5));
        assert_eq!(ends(&[&[-0.25], &[0.5]]), (-0.25, 0.5));
        assert_eq!(ends(&[&[-0.25, -0.5]]), (-0.5, 0.0));
        // Of zeros nothing is NaN: all of it is black.
        let flat = Map::of(&map(&[&[0.0, 0.0]])).unwrap();
        assert_eq!((flat.highest, flat.at(0.5, 0.5)), (0.0, 0.0));
    }

    #[test]
    fn a_white_picture_is_dark_where_the_map_is_low() {
        let white = Picture { width: 2, height: 1, pixels: vec![[255; 3]; 2] };
        let map = Map::of(&map(&[&[0.0, 1.0]])).unwrap();
        // 0.4 * 255 = 102 of grey, and 0.6 of (0, 0, 4) or of (252, 255, 164).
        assert_eq!(painted(&white, &map).pixels, [[102, 102, 104], [253, 255, 200]]);
    }

    #[test]
    fn the_bar_says_its_ends_and_wrong_maps_are_told() {
        let image = Rng::seed(1).randn((3, 20, 30), &Device::Cpu).unwrap();
        let options = GridOptions::default();
        let figure = overlay(&image, &map(&[&[-0.254, 0.5]]), &options).unwrap();
        let svg = figure.to_svg().unwrap();
        assert!(svg.contains("\u{2212}0.25") && svg.contains("0.50"), "{svg}");
        assert_eq!(svg.matches("<image").count(), 3);
        let error = |map: &Tensor| overlay(&image, map, &options).unwrap_err().to_string();
        assert!(error(&image).contains("карта формы [3, 20, 30]"), "{}", error(&image));
        assert!(error(&map(&[&[f32::NAN]])).contains("NaN"));
        let batch = image.unsqueeze(0).unwrap();
        let error = overlay(&batch, &map(&[&[1.0]]), &options).unwrap_err().to_string();
        assert!(error.contains("[1, 3, 20, 30]"), "{error}");
    }
}
