//! Brightness, contrast, saturation and hue with PIL's arithmetic, in place.
//!
//! A factor of 1 (of 0 for the hue) changes nothing. The rounding is that of `Blend.c` and `Convert.c` of
//! Pillow. Not here: the factors (`color_jitter.rs`).

use crate::vision::Image;

/// Between black and the image, or beyond (`ImageEnhance.Brightness`).
pub(super) fn brightness(image: &mut Image, factor: f32) {
    let table: [u8; 256] = std::array::from_fn(|byte| blend(0, byte as u8, factor));
    image.pixels_mut().iter_mut().for_each(|byte| *byte = table[usize::from(*byte)]);
}

/// Between the mean grey and the image, or beyond (`ImageEnhance.Contrast`).
pub(super) fn contrast(image: &mut Image, factor: f32) {
    let pixels = image.pixels().chunks_exact(3);
    let count = pixels.len() as f64;
    let sum: u64 = pixels.map(|pixel| u64::from(grey(pixel))).sum();
    let mean = (sum as f64 / count + 0.5) as u8;
    let table: [u8; 256] = std::array::from_fn(|byte| blend(mean, byte as u8, factor));
    image.pixels_mut().iter_mut().for_each(|byte| *byte = table[usize::from(*byte)]);
}

/// Between each pixel's grey and the pixel, or beyond (`ImageEnhance.Color`).
pub(super) fn saturation(image: &mut Image, factor: f32) {
    for pixel in image.pixels_mut().chunks_exact_mut(3) {
        let grey = grey(pixel);
        pixel.iter_mut().for_each(|byte| *byte = blend(grey, *byte, factor));
    }
}

/// Turns the circle of hues by `factor` of a whole turn, from -0.5 to 0.5 (torchvision's `adjust_hue`).
pub(super) fn hue(image: &mut Image, factor: f64) {
    let turn = (factor * 255.0) as i32 as u8;
    for pixel in image.pixels_mut().chunks_exact_mut(3) {
        let [hue, saturation, value] = to_hsv(pixel[0], pixel[1], pixel[2]);
        pixel.copy_from_slice(&to_rgb(hue.wrapping_add(turn), saturation, value));
    }
}

/// `from + factor * (to - from)`, cut to a byte.
fn blend(from: u8, to: u8, factor: f32) -> u8 {
    let difference = i32::from(to) - i32::from(from);
    (f32::from(from) + factor * difference as f32) as u8
}

/// The brightness of a pixel (PIL's mode `L`: ITU-R 601-2).
fn grey(pixel: &[u8]) -> u8 {
    let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16) as u8
}

/// Hue, saturation and value, all from 0 to 255 (PIL's mode `HSV`).
fn to_hsv(r: u8, g: u8, b: u8) -> [u8; 3] {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most == least {
        return [0, 0, most];
    }
    let range = f32::from(most - least);
    let saturation = range / f32::from(most);
    let [red, green, blue] = [r, g, b].map(|c| f32::from(most - c) / range);
    let sixths = if r == most {
        f64::from(blue - green)
    } else if g == most {
        2.0 + f64::from(red) - f64::from(blue)
    } else {
        4.0 + f64::from(green) - f64::from(red)
    };
    // PIL keeps the intermediate results as f32.
    let hue = ((f64::from(sixths as f32) / 6.0 + 1.0) % 1.0) as f32;
    [(f64::from(hue) * 255.0) as u8, (f64::from(saturation) * 255.0) as u8, most]
}

/// The way back.
fn to_rgb(hue: u8, saturation: u8, value: u8) -> [u8; 3] {
    if saturation == 0 {
        return [value; 3];
    }
    let sixths = f32::from(hue) * 6.0 / 255.0;
    let sector = sixths.floor();
    let rest = sixths - sector;
    let share = f32::from(saturation) / 255.0;
    let v = f64::from(value);
    let byte = |number: f64| number.round() as u8;
    let p = byte(v * (1.0 - f64::from(share)));
    let q = byte(v * (1.0 - f64::from(share * rest)));
    let t = byte(v * (1.0 - f64::from(share) * (1.0 - f64::from(rest))));
    match sector as u8 % 6 {
        0 => [value, t, p],
        1 => [q, value, p],
        2 => [p, value, t],
        3 => [p, q, value],
        4 => [t, p, value],
        _ => [value, p, q],
    }
}

#[cfg(test)]
#[path = "color_tests.rs"]
mod tests;
