//! Tests of `color.rs`: the bytes of Pillow and torchvision.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::vision::view::View;

/// The function's name, its factor, some pixels after it and the sum of all bytes.
type Case = (&'static str, f64, [[u8; 3]; 5], u64);

// import numpy as np; from PIL import Image; import torchvision.transforms.functional as F
// y, x, c = np.mgrid[:17, :23, :3]
// im = Image.fromarray(((x * x * 7 + y * 13 + c * 50 + x * y) % 256).astype(np.uint8))
// r = F.adjust_brightness(im, 0.6)  # adjust_contrast, adjust_saturation, adjust_hue
// [r.getpixel(p) for p in ((3, 2), (10, 9), (22, 16), (0, 0), (7, 5))], np.asarray(r).astype(int).sum()
const CASES: [Case; 16] = [
    (
        "brightness",
        0.6,
        [[57, 87, 117], [83, 113, 143], [64, 94, 124], [0, 30, 60], [112, 142, 18]],
        89080,
    ),
    (
        "brightness",
        1.37,
        [[130, 198, 255], [190, 255, 255], [147, 216, 255], [0, 68, 137], [255, 255, 42]],
        189237,
    ),
    ("brightness", 0.0, [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]], 0),
    (
        "brightness",
        1.0,
        [[95, 145, 195], [139, 189, 239], [108, 158, 208], [0, 50, 100], [187, 237, 31]],
        149273,
    ),
    (
        "contrast",
        0.6,
        [[107, 137, 167], [134, 164, 194], [115, 145, 175], [50, 80, 110], [163, 193, 69]],
        148678,
    ),
    (
        "contrast",
        1.37,
        [[83, 151, 220], [143, 211, 255], [100, 169, 237], [0, 21, 90], [209, 255, 0]],
        149077,
    ),
    (
        "contrast",
        0.0,
        [[127, 127, 127], [127, 127, 127], [127, 127, 127], [127, 127, 127], [127, 127, 127]],
        148971,
    ),
    (
        "contrast",
        1.0,
        [[95, 145, 195], [139, 189, 239], [108, 158, 208], [0, 50, 100], [187, 237, 31]],
        149273,
    ),
    (
        "saturation",
        0.6,
        [[111, 141, 171], [155, 185, 215], [124, 154, 184], [16, 46, 76], [191, 221, 98]],
        148536,
    ),
    (
        "saturation",
        1.37,
        [[79, 148, 216], [123, 192, 255], [92, 161, 229], [0, 53, 121], [182, 251, 0]],
        149877,
    ),
    (
        "saturation",
        0.0,
        [[136, 136, 136], [180, 180, 180], [149, 149, 149], [41, 41, 41], [199, 199, 199]],
        148869,
    ),
    (
        "saturation",
        1.0,
        [[95, 145, 195], [139, 189, 239], [108, 158, 208], [0, 50, 100], [187, 237, 31]],
        149273,
    ),
    (
        "hue",
        -0.5,
        [[195, 145, 96], [239, 189, 140], [208, 158, 108], [100, 49, 0], [85, 32, 237]],
        150058,
    ),
    (
        "hue",
        -0.1,
        [[96, 195, 184], [140, 239, 228], [108, 208, 197], [0, 100, 89], [237, 162, 32]],
        166660,
    ),
    (
        "hue",
        0.07,
        [[96, 107, 195], [140, 151, 239], [108, 120, 208], [0, 12, 100], [109, 237, 32]],
        132600,
    ),
    (
        "hue",
        0.5,
        [[195, 140, 96], [239, 184, 140], [208, 153, 108], [100, 45, 0], [75, 32, 237]],
        147472,
    ),
];

fn image() -> Image {
    let byte = |i: usize| {
        let (c, x, y) = (i % 3, i / 3 % 23, i / 69);
        ((x * x * 7 + y * 13 + c * 50 + x * y) % 256) as u8
    };
    Image::new(23, 17, (0..23 * 17 * 3).map(byte).collect()).unwrap()
}

fn pixel(image: &Image, x: usize, y: usize) -> [u8; 3] {
    let part = View::of(image).crop(x, y, 1, 1).into_image().unwrap();
    part.pixels().try_into().unwrap()
}

#[test]
fn the_bytes_are_those_of_pillow() {
    for (name, factor, pixels, sum) in CASES {
        let mut image = image();
        match name {
            "brightness" => brightness(&mut image, factor as f32),
            "contrast" => contrast(&mut image, factor as f32),
            "saturation" => saturation(&mut image, factor as f32),
            _ => hue(&mut image, factor),
        }
        let places = [(3, 2), (10, 9), (22, 16), (0, 0), (7, 5)];
        assert_eq!(places.map(|(x, y)| pixel(&image, x, y)), pixels, "{name} {factor}");
        let found: u64 = image.pixels().iter().map(|&byte| u64::from(byte)).sum();
        assert_eq!(found, sum, "{name} {factor}");
    }
}

#[test]
fn grey_pixels_keep_their_colour_under_a_turn_of_the_hue() {
    let mut image = Image::new(2, 1, vec![0, 0, 0, 77, 77, 77]).unwrap();
    hue(&mut image, 0.3);
    assert_eq!(image.pixels(), [0, 0, 0, 77, 77, 77]);
}
