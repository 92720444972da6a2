//! Round numbers for an axis, and how they are written.
//!
//! Read next: `view.rs`, which places them.

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// Marks at round numbers of `lo..=hi`: about `wanted` of them, with a step of 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn linear(lo: f64, hi: f64, wanted: usize) -> Vec<Tick> {
    let step = step(hi - lo, wanted);
    if !(step > 0.0 && step.is_finite()) {
        return Vec::new();
    }
    // The small allowance keeps a mark that rounding put just outside.
    let (first, last) = ((lo / step - 1e-9).ceil(), (hi / step + 1e-9).floor());
    let count = (last - first).clamp(0.0, 100.0) as usize;
    let largest = lo.abs().max(hi.abs());
    (0..=count)
        .map(|i| (first + i as f64) * step)
        .map(|value| Tick { value, label: label(value, step, largest) })
        .collect()
}

/// Marks of a logarithmic axis between `10^lo` and `10^hi`; `value` is the exponent. Powers of ten; over
/// fewer than three of them also their multiples by 2 and 5; within one, round numbers.
pub(super) fn logarithmic(lo: f64, hi: f64, wanted: usize) -> Vec<Tick> {
    let (first, last) = ((lo - 1e-9).ceil() as i32, (hi + 1e-9).floor() as i32);
    if last - first < 1 {
        let ticks = linear(10f64.powf(lo), 10f64.powf(hi), wanted).into_iter();
        let positive = ticks.filter(|tick| tick.value > 0.0);
        return positive.map(|t| Tick { value: t.value.log10(), label: t.label }).collect();
    }
    if last - first < 3 && (-4..5).contains(&first) {
        return (first - 1..=last)
            .flat_map(|exponent| [1, 2, 5].map(|digit| f64::from(digit) * 10f64.powi(exponent)))
            .map(|number| Tick { value: number.log10(), label: label(number, number, number) })
            .filter(|tick| (lo - 1e-9..=hi + 1e-9).contains(&tick.value))
            .collect();
    }
    let stride = ((last - first) as usize / wanted.max(1) + 1) as i32;
    (first..=last)
        .filter(|exponent| exponent.rem_euclid(stride) == 0)
        .map(|exponent| Tick {
            value: f64::from(exponent),
            label: format!("10{}", superscript(exponent)),
        })
        .collect()
}

/// The round step that cuts `span` into at most `wanted` pieces or slightly more.
fn step(span: f64, wanted: usize) -> f64 {
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|n| n * power);
    nice.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power)
}

/// A value with the decimals that its step needs; far from one, with a power of ten.
fn label(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 || value.abs() < step * 1e-6 {
        return "0".into();
    }
    if (1e-4..1e6).contains(&largest) {
        return minus(format!("{value:.*}", decimals(step)));
    }
    let exponent = largest.log10().floor();
    let (mantissa, step) = (value / 10f64.powf(exponent), step / 10f64.powf(exponent));
    minus(format!("{mantissa:.*}·10{}", decimals(step), superscript(exponent as i32)))
}

/// The number of decimals that write every multiple of `step` exactly.
fn decimals(step: f64) -> usize {
    (0..12)
        .find(|d| {
            let s = step * 10f64.powi(*d);
            (s - s.round()).abs() < 1e-6 * s
        })
        .unwrap_or(12) as usize
}

/// The sign of a negative number as a minus, which is as wide as a plus.
fn minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// A whole number in superior digits.
fn superscript(number: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32(0x2070 + c as u32 - '0' as u32).unwrap_or(c),
    };
    number.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn marks_are_round_numbers_inside_the_range() {
        assert_eq!(labels(linear(-0.3, 1.05, 6)), ["−0.25", "0", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(
            labels(linear(-124.6, -113.9, 6)),
            ["−124", "−122", "−120", "−118", "−116", "−114"]
        );
        assert_eq!(labels(linear(0.0, 100.0, 5)), ["0", "20", "40", "60", "80", "100"]);
    }

    #[test]
    fn huge_and_tiny_numbers_get_a_power_of_ten() {
        assert_eq!(labels(linear(0.0, 4.2e6, 4)), ["0", "2·10⁶", "4·10⁶"]);
        assert_eq!(labels(linear(0.0, 1e-5, 2)), ["0", "0.5·10⁻⁵", "1.0·10⁻⁵"]);
        assert_eq!(labels(linear(-1e300, 1e300, 2)).len(), 3);
    }

    #[test]
    fn a_logarithmic_axis_marks_powers_of_ten() {
        assert_eq!(labels(logarithmic(-1.2, 2.3, 6)), ["10⁻¹", "10⁰", "10¹", "10²"]);
        assert_eq!(labels(logarithmic(0.0, 12.0, 5)), ["10⁰", "10³", "10⁶", "10⁹", "10¹²"]);
        let few = labels(logarithmic(-1.5, 0.8, 6));
        assert_eq!(few, ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"]);
        assert_eq!(labels(logarithmic(0.31, 0.69, 3)), ["3", "4"]);
    }

    #[test]
    fn a_range_without_width_has_no_marks_and_no_loop() {
        assert!(linear(1.0, 1.0, 6).is_empty());
        assert!(linear(f64::NAN, 1.0, 6).is_empty());
    }
}
