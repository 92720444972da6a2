//! The bundled font: measures text for the layout and draws it into bitmaps.
//!
//! A machine without fonts draws the same PNG. In SVG, text stays text and the viewer picks the font;
//! DejaVu Sans is asked for first, so that measured and shown widths agree where it is installed.
//! How the file was made is told in `assets/README.md`. Read next: `raster.rs`.

use std::sync::OnceLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _, point};

use crate::{Error, Result};

/// A subset of DejaVu Sans 2.37: Latin, Cyrillic, Greek, sub- and superscripts, common signs.
static BYTES: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");

/// The families that an SVG asks for.
pub(super) const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

/// The height of a lower-case x, as a part of the font size.
pub(super) const X_HEIGHT: f64 = 0.547;

/// The parsed font.
///
/// # Errors
/// Never, unless the bundled file is damaged.
fn font() -> Result<&'static FontRef<'static>> {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(BYTES).ok())
        .as_ref()
        .ok_or_else(|| Error::Plot("встроенный шрифт повреждён: пересоберите lab".into()))
}

/// The scale at which one em is `size` pixels.
fn scale(font: &FontRef, size: f64) -> PxScale {
    let em = font.units_per_em().unwrap_or(2048.0);
    PxScale::from(size as f32 * font.height_unscaled() / em)
}

/// The width of `text` in pixels, at `size` pixels for one em; 0 when the font is damaged.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let Ok(font) = font() else { return 0.0 };
    let scaled = font.as_scaled(scale(font, size));
    text.chars().map(|c| f64::from(scaled.h_advance(font.glyph_id(c)))).sum()
}

/// Calls `ink(x, y, coverage)` for the pixels of `text`, whose baseline starts at (0, 0); y grows downwards.
///
/// # Errors
/// The bundled font is damaged.
pub(super) fn draw(text: &str, size: f64, mut ink: impl FnMut(i32, i32, f32)) -> Result<()> {
    let font = font()?;
    let scale = scale(font, size);
    let mut x = 0.0;
    for c in text.chars() {
        let id = font.glyph_id(c);
        let glyph = id.with_scale_and_position(scale, point(x, 0.0));
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                ink(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, coverage);
            });
        }
        x += font.as_scaled(scale).h_advance(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pixels(text: &str) -> Vec<(i32, i32, u8)> {
        let mut pixels = Vec::new();
        draw(text, 24.0, |x, y, c| pixels.push((x, y, (c * 255.0) as u8))).unwrap();
        pixels
    }

    #[test]
    fn every_letter_of_a_label_has_its_own_picture() {
        let tofu = pixels("\u{10FFFF}");
        assert!(!tofu.is_empty(), "a missing letter must be visible");
        let letters = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ";
        let signs = "0123456789abcXYZαβγθλσ√∑∂∞≈≠≤≥±×·−–—…«»№₽²³¹⁰⁴⁵⁶⁷⁸⁹⁻₀₁₂%°";
        for letter in letters.chars().chain(signs.chars()) {
            assert_ne!(pixels(&letter.to_string()), tofu, "{letter}");
        }
        assert_ne!(pixels("ж"), pixels("ш"));
    }

    #[test]
    fn wider_text_measures_wider() {
        // DejaVu Sans: a digit advances 1303 of 2048 units.
        assert!((width("0", 2048.0) - 1303.0).abs() < 1.0, "{}", width("0", 2048.0));
        assert!(width("Шум", 12.0) > width("ил", 12.0));
        assert_eq!(width("", 12.0), 0.0);
    }

    #[test]
    fn the_font_stays_small() {
        assert!(BYTES.len() < 120_000, "{}", BYTES.len());
    }
}
