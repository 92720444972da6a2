//! The cells of a table as text: which of them are shown, and how numbers and indices are written.
//!
//! Not here: the table itself (`table.rs`).

/// The indices to show of `0..n`: all, or the first and the last with a gap (`None`) between.
pub(crate) fn picked(n: usize, max: usize) -> Vec<Option<usize>> {
    if n <= max {
        return (0..n).map(Some).collect();
    }
    let half = max / 2;
    (0..half).map(Some).chain([None]).chain((n - half..n).map(Some)).collect()
}

/// The index of a row over the leading dimensions, as in `1` or `0, 2`.
pub(crate) fn index_text(mut row: usize, lead: &[usize]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for &size in lead.iter().rev() {
        parts.push((row % size).to_string());
        row /= size;
    }
    parts.reverse();
    parts.join(", ")
}

/// How the numbers of one table are written: all alike, so that a column can be read downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    /// With that many decimals.
    Fixed(usize),
    /// With a power of ten.
    Scientific,
}

impl Format {
    /// For numbers of a whole type.
    pub(crate) const WHOLE: Self = Self::Fixed(0);

    /// Five significant digits of the largest number; one decimal where all numbers are whole.
    pub(crate) fn of(values: &[f64]) -> Self {
        let finite = || values.iter().filter(|value| value.is_finite());
        let largest = finite().fold(0.0f64, |largest, value| largest.max(value.abs()));
        if largest != 0.0 && !(1e-3..1e5).contains(&largest) {
            return Self::Scientific;
        }
        if finite().all(|value| value.fract() == 0.0) {
            return Self::Fixed(1);
        }
        let power = largest.log10().floor() as i32;
        Self::Fixed((4 - power.max(0)).clamp(1, 4) as usize + (-power).clamp(0, 3) as usize)
    }

    /// A number as a cell.
    pub(crate) fn write(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => value.to_string(),
            Self::Fixed(decimals) => format!("{value:.decimals$}"),
            Self::Scientific => format!("{value:.3e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_range_keeps_its_ends() {
        assert_eq!(picked(2, 4), [Some(0), Some(1)]);
        assert_eq!(picked(9, 4), [Some(0), Some(1), None, Some(7), Some(8)]);
    }

    #[test]
    fn the_index_of_a_row_counts_the_last_dimension_fastest() {
        assert_eq!(index_text(7, &[2, 3, 2]), "1, 0, 1");
        assert_eq!(index_text(0, &[]), "");
    }

    #[test]
    fn numbers_of_a_table_are_written_alike() {
        let write = |values: &[f64]| -> Vec<String> {
            values.iter().map(|&value| Format::of(values).write(value)).collect()
        };
        assert_eq!(write(&[0.5, -2.71999, 0.0]), ["0.5000", "-2.7200", "0.0000"]);
        assert_eq!(write(&[1.5, 12345.0]), ["1.5", "12345.0"]);
        assert_eq!(write(&[0.0123, 0.5]), ["0.01230", "0.50000"]);
        assert_eq!(write(&[8.0, 9.0]), ["8.0", "9.0"]);
        assert_eq!(write(&[1e9, 1.5]), ["1.000e9", "1.500e0"]);
        assert_eq!(write(&[f64::NAN, 1.5, f64::INFINITY]), ["NaN", "1.5000", "inf"]);
        assert_eq!(Format::of(&[]), Format::Fixed(1));
    }
}
