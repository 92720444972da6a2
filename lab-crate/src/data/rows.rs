//! Rows of comma-separated numbers, with the place of whatever is wrong.
//!
//! Not here: what the columns mean (`california.rs`, `boston.rs`).

use csv::{ReaderBuilder, Trim};

use crate::{Error, Result};

/// A file's header (empty without one) and its rows, each with its line number.
pub(crate) struct Rows {
    /// Names of the columns.
    pub(crate) header: Vec<String>,
    /// Line number in the file and the numbers there.
    pub(crate) rows: Vec<(u64, Vec<f64>)>,
}

/// Reads the rows of `text`; `title` names the data set in errors.
///
/// # Errors
/// A field is not a number, or a row has not `width` fields.
pub(crate) fn read(title: &str, text: &str, has_header: bool, width: usize) -> Result<Rows> {
    let mut reader = ReaderBuilder::new()
        .has_headers(has_header)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let broken = |error: csv::Error| Error::Data(format!("{title}: {error}"));
    let header = match has_header {
        true => reader.headers().map_err(broken)?.iter().map(str::to_owned).collect(),
        false => Vec::new(),
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, |position| position.line());
        let fields: Vec<f64> =
            record.iter().map(|field| number(title, line, field)).collect::<Result<_>>()?;
        if fields.len() != width {
            let found = fields.len();
            return Err(Error::Data(format!(
                "{title}: строка {line}: полей {found}, а нужно {width}"
            )));
        }
        rows.push((line, fields));
    }
    Ok(Rows { header, rows })
}

fn number(title: &str, line: u64, field: &str) -> Result<f64> {
    field
        .parse()
        .map_err(|_| Error::Data(format!("{title}: строка {line}: «{field}» вместо числа")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn header_and_rows_are_read_with_their_lines() {
        let found = read("Проба", "\"a\",\"b\"\n1, 2.5\n-3,4e2\n", true, 2).unwrap();
        assert_eq!(found.header, ["a", "b"]);
        assert_eq!(found.rows, [(2, vec![1.0, 2.5]), (3, vec![-3.0, 400.0])]);
    }

    #[test]
    fn what_is_no_number_is_shown_with_its_place() {
        let error = read("Проба", "1,2\n1,x\n", false, 2).err().unwrap().to_string();
        assert_eq!(error, "Проба: строка 2: «x» вместо числа");
        let error = read("Проба", "1,2\n1\n", false, 2).err().unwrap().to_string();
        assert_eq!(error, "Проба: строка 2: полей 1, а нужно 2");
    }
}
