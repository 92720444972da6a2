//! Tests of `decode.rs` and `png_pixels.rs`: the pixels of Pillow.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::Rng;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The kind of a JPEG file, the file, some pixels and the sum of all bytes.
type Jpeg = (&'static str, &'static str, [[u8; 3]; 3], i64);

// import numpy as np, io, base64; from PIL import Image
// y, x, c = np.mgrid[:6, :9, :3]
// a = np.clip(40 + x * 18 + y * 9 - c * 20, 0, 255).astype(np.uint8)
// rgb = Image.fromarray(a); b = io.BytesIO()
// rgb.save(b, "JPEG", optimize=True, quality=90)  # subsampling=0, progressive=True; rgb.convert("L"); exif
// d = np.asarray(Image.open(b).convert("RGB")); d[[0, 2, 5], [0, 4, 8]], d.astype(int).sum()
// CMYK: the planes a[..., 0], a[..., 1] // 2, 255 - a[..., 2], a[..., 0] // 3
const JPEGS: [Jpeg; 5] = [
    (
        "colour 4:2:0",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAGAAkDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAYI/8QAHhAAAQMEAwAAAAAAAAAAAAAAAAIEQQcIFyEkUZH/xAAUAQEAAAAAAAAAAAAAAAAAAAAG/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AnbW6ftuJtMQbYx+27T4AHCB//9k=",
        [[42, 21, 2], [131, 110, 91], [229, 208, 189]],
        18675,
    ),
    (
        "colour 4:4:4, progressive",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAGAAkDAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABQf/xAAVAQEBAAAAAAAAAAAAAAAAAAAABf/aAAwDAQACEAMQAAABOm0LYf/EABgQAAIDAAAAAAAAAAAAAAAAAAACBQYV/9oACAEBAAEFAqtHqZ6n/8QAFBEBAAAAAAAAAAAAAAAAAAAAEP/aAAgBAwEBPwE//8QAFBEBAAAAAAAAAAAAAAAAAAAAEP/aAAgBAgEBPwE//8QAFRABAQAAAAAAAAAAAAAAAAAAAhD/2gAIAQEABj8CM//EABYQAQEBAAAAAAAAAAAAAAAAAABRcf/aAAgBAQABPyGCwf/aAAwDAQACAAMAAAAQS//EABQRAQAAAAAAAAAAAAAAAAAAABD/2gAIAQMBAT8QP//EABQRAQAAAAAAAAAAAAAAAAAAABD/2gAIAQIBAT8QP//EABcQAQEBAQAAAAAAAAAAAAAAAEEAYZH/2gAIAQEAAT8QTBa8X//Z",
        [[42, 21, 2], [131, 110, 91], [229, 208, 189]],
        18675,
    ),
    (
        "grey",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAGAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABgj/xAAeEAAABAcAAAAAAAAAAAAAAAAAAgRBBwgXISRRkf/aAAgBAQAAPwA7K3D9NiXKzC2Kfptl4P/Z",
        [[25, 25, 25], [114, 114, 114], [212, 212, 212]],
        19215,
    ),
    (
        "CMYK",
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgABgAJBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAgHBP/EACYQAAAEAgoDAAAAAAAAAAAAAAACBEEDBwYIFyEjJDFRYZEFFRb/2gAOBEMATQBZAEsAAD8AyVpJgKc3cZ3C/mlSCLjauI7Vbl+myl5WYN+m/lT4moE9oCnY3Yif0EXkNiz9NuXoTf2p+R//2Q==",
        [[203, 233, 1], [104, 165, 75], [19, 106, 132]],
        18506,
    ),
    (
        "EXIF orientation 6",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAGAAkDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAYI/8QAHhAAAQMEAwAAAAAAAAAAAAAAAAIEQQcIFyEkUZH/xAAUAQEAAAAAAAAAAAAAAAAAAAAG/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AnbW6ftuJtMQbYx+27T4AHCB//9k=",
        [[42, 21, 2], [131, 110, 91], [229, 208, 189]],
        18675,
    ),
];

fn base64(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

/// A JPEG file of 9 by 6 pixels, for other tests.
pub(in crate::vision) fn a_jpeg() -> Vec<u8> {
    base64(JPEGS[0].1)
}

/// A PNG file of the given samples, for other tests.
pub(in crate::vision) fn a_png(
    (width, height): (u32, u32),
    (color, depth): (png::ColorType, png::BitDepth),
    samples: &[u8],
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette(vec![1, 2, 3, 4, 5, 6]);
        encoder.set_trns(vec![0, 255]);
    }
    encoder.write_header().unwrap().write_image_data(samples).unwrap();
    out
}

#[test]
fn jpeg_files_of_all_kinds_are_those_of_pillow() {
    for (kind, file, pixels, sum) in JPEGS {
        let found = image(&base64(file), MAX_PIXELS).unwrap();
        assert_eq!((found.width(), found.height()), (9, 6), "{kind}");
        for ((x, y), expected) in [(0, 0), (4, 2), (8, 5)].into_iter().zip(pixels) {
            let pixel = &found.pixels()[(y * 9 + x) * 3..][..3];
            let near = pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 2);
            assert!(near, "{kind}: {pixel:?} {expected:?}");
        }
        let total: i64 = found.pixels().iter().map(|&byte| i64::from(byte)).sum();
        assert!((total - sum).abs() <= 60, "{kind}: {total} {sum}");
    }
}

#[test]
fn png_files_of_all_kinds_are_those_of_pillow() {
    use png::{BitDepth as B, ColorType as C};
    // Image.open(...).convert("RGB") of the same samples.
    type Png = (C, B, u32, &'static [u8], &'static [u8]);
    let cases: [Png; 10] = [
        (C::Rgb, B::Eight, 1, &[9, 8, 7], &[9, 8, 7]),
        (C::Rgba, B::Eight, 1, &[10, 20, 30, 0], &[10, 20, 30]),
        (C::GrayscaleAlpha, B::Eight, 1, &[10, 0], &[10, 10, 10]),
        (C::Rgb, B::Sixteen, 1, &[1, 2, 255, 254, 3, 4], &[1, 255, 3]),
        (C::Rgba, B::Sixteen, 1, &[1, 2, 255, 254, 3, 4, 5, 6], &[1, 255, 3]),
        (C::GrayscaleAlpha, B::Sixteen, 1, &[200, 100, 5, 6], &[200; 3]),
        (C::Grayscale, B::Sixteen, 2, &[0, 77, 1, 0], &[77, 77, 77, 255, 255, 255]),
        (C::Grayscale, B::One, 2, &[0b1000_0000], &[255, 255, 255, 0, 0, 0]),
        (C::Grayscale, B::Four, 2, &[0x5a], &[85, 85, 85, 170, 170, 170]),
        (C::Indexed, B::Eight, 2, &[1, 0], &[4, 5, 6, 1, 2, 3]),
    ];
    for (color, depth, width, samples, expected) in cases {
        let file = a_png((width, 1), (color, depth), samples);
        let found = image(&file, MAX_PIXELS).unwrap();
        assert_eq!(found.pixels(), expected, "{color:?} {depth:?}");
    }
}

#[test]
fn large_images_are_refused_before_they_are_decoded() {
    let png = a_png((9, 6), (png::ColorType::Grayscale, png::BitDepth::Eight), &[0; 54]);
    for file in [a_jpeg(), png] {
        assert!(image(&file, 54).is_ok());
        let error = image(&file, 53).unwrap_err();
        assert!(error.contains("размер 9 x 6, а разрешено не больше 53"), "{error}");
    }
    // Two billion by two billion pixels in a file of a hundred bytes.
    let mut bomb = a_png((1, 1), (png::ColorType::Rgb, png::BitDepth::Eight), &[0; 3]);
    bomb[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    assert!(image(&bomb, MAX_PIXELS).is_err());
}

#[test]
fn damaged_files_are_told() {
    assert_eq!(image(b"", MAX_PIXELS).unwrap_err(), "файл пуст");
    assert!(image(b"GIF89a", MAX_PIXELS).unwrap_err().contains("это не JPEG и не PNG"));
    let jpeg = a_jpeg();
    let error = image(&jpeg[..jpeg.len() - 20], MAX_PIXELS).unwrap_err();
    assert_eq!(error, "файл JPEG обрывается раньше конца");
    let png = a_png((2, 1), (png::ColorType::Rgb, png::BitDepth::Eight), &[1; 6]);
    assert!(image(&png[..png.len() - 20], MAX_PIXELS).unwrap_err().contains("PNG повреждён"));
}

#[test]
fn no_bytes_make_it_panic() {
    let mut rng = Rng::seed(8);
    let png = a_png((5, 4), (png::ColorType::Rgb, png::BitDepth::Eight), &[7; 60]);
    for file in [a_jpeg(), base64(JPEGS[1].1), base64(JPEGS[3].1), png] {
        for _ in 0..300 {
            let mut bytes = file.clone();
            for _ in 0..1 + rng.below(4) {
                let place = rng.below(bytes.len());
                bytes[place] = rng.below(256) as u8;
            }
            bytes.truncate(1 + rng.below(2 * bytes.len()).min(bytes.len() - 1));
            // Either is right; it must come back, and an image must have its pixels.
            if let Ok(image) = image(&bytes, 100_000) {
                assert_eq!(image.pixels().len(), image.width() * image.height() * 3);
            }
        }
    }
}
