//! Colours by name, by number and in turn.
//!
//! Read next: `layer.rs`, which carries a colour.

use crate::{Error, Result};

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const BLACK: Color = Color(0x26, 0x26, 0x26);
pub(crate) const GRAY: Color = Color(0x80, 0x80, 0x80);
pub(crate) const GRID: Color = Color(0xe4, 0xe4, 0xe4);
pub(crate) const WHITE: Color = Color(0xff, 0xff, 0xff);

/// The colours that series take in turn; those of matplotlib ("tab10"), which students know.
const CYCLE: [Color; 10] = [
    Color(0x1f, 0x77, 0xb4),
    Color(0xff, 0x7f, 0x0e),
    Color(0x2c, 0xa0, 0x2c),
    Color(0xd6, 0x27, 0x28),
    Color(0x94, 0x67, 0xbd),
    Color(0x8c, 0x56, 0x4b),
    Color(0xe3, 0x77, 0xc2),
    Color(0x7f, 0x7f, 0x7f),
    Color(0xbc, 0xbd, 0x22),
    Color(0x17, 0xbe, 0xcf),
];

const NAMES: [(&str, Color); 13] = [
    ("blue", CYCLE[0]),
    ("orange", CYCLE[1]),
    ("green", CYCLE[2]),
    ("red", CYCLE[3]),
    ("purple", CYCLE[4]),
    ("brown", CYCLE[5]),
    ("pink", CYCLE[6]),
    ("gray", GRAY),
    ("grey", GRAY),
    ("olive", CYCLE[8]),
    ("cyan", CYCLE[9]),
    ("black", Color(0, 0, 0)),
    ("white", WHITE),
];

impl Color {
    /// The colour of the series number `index`.
    pub(crate) fn in_turn(index: usize) -> Self {
        CYCLE[index % CYCLE.len()]
    }

    /// A colour by its English name, or as `#rrggbb`.
    ///
    /// # Errors
    /// There is no such colour; the error lists the names.
    pub(crate) fn named(name: &str) -> Result<Self> {
        if let Some(digits) = name.strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii()) {
            let part = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16);
            if let (Ok(r), Ok(g), Ok(b)) = (part(0), part(2), part(4)) {
                return Ok(Self(r, g, b));
            }
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, color)| *color).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            Error::Plot(format!(
                "нет цвета «{name}». Есть: {}, и любой цвет вида #1f77b4",
                names.join(", ")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(Color::named("orange").unwrap(), Color(0xff, 0x7f, 0x0e));
        assert_eq!(Color::named("#0a0B0c").unwrap(), Color(10, 11, 12));
        assert_eq!(Color::in_turn(10), Color::in_turn(0));
    }

    #[test]
    fn an_unknown_colour_lists_the_known_ones() {
        for name in ["оранжевый", "#12345", "#zzzzzz", "#ффф"] {
            let error = Color::named(name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("blue, orange"), "{error}");
        }
    }
}
