//! Colours for the numbers of a map: the higher, the lighter, also in grey print. Read next: `overlay.rs`.

/// The map "inferno" of matplotlib (Smith and van der Walt, 2015, CC0) at ninths of its range: black, purple, red, yellow.
const INFERNO: [[u8; 3]; 10] = [
    [0x00, 0x00, 0x04],
    [0x1b, 0x0c, 0x41],
    [0x4a, 0x0c, 0x6b],
    [0x78, 0x1c, 0x6d],
    [0xa5, 0x2c, 0x60],
    [0xcf, 0x44, 0x46],
    [0xed, 0x69, 0x25],
    [0xfb, 0x9b, 0x06],
    [0xf7, 0xd1, 0x3d],
    [0xfc, 0xff, 0xa4],
];

/// The colour of a number from 0 to 1; others count as the nearest of these.
pub(super) fn color(number: f32) -> [f32; 3] {
    let place = number.clamp(0.0, 1.0) * (INFERNO.len() - 1) as f32;
    let first = (place as usize).min(INFERNO.len() - 2);
    let part = place - first as f32;
    let (a, b) = (INFERNO[first], INFERNO[first + 1]);
    [0, 1, 2].map(|c| f32::from(a[c]) * (1.0 - part) + f32::from(b[c]) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_numbers_are_lighter() {
        let light = |i: u8| {
            let [red, green, blue] = color(f32::from(i) / 100.0);
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        assert!((0..100).all(|i| light(i) < light(i + 1)));
        assert_eq!((color(-1.0), color(2.0)), ([0.0, 0.0, 4.0], [252.0, 255.0, 164.0]));
    }
}
