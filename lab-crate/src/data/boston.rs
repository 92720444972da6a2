//! Boston housing: suburbs of Boston in 1970 (Harrison and Rubinfeld, "Hedonic prices and the demand
//! for clean air", Journal of Environmental Economics and Management 5, 1978).
//!
//! The column `B` is built on the share of Black residents; scikit-learn removed the set for that
//! reason. The lab uses `LSTAT` only. Not here: a substitute; there is none. Read next: `housing.rs`.

use std::path::Path;

use ndarray::{Array1, Array2};

use super::file::{self, DataFile};
use super::housing::{Housing, Source};
use super::rows;
use crate::{Error, Result};

/// The header of the file: 13 features and the target.
const COLUMNS: [&str; 14] = [
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B",
    "LSTAT", "MEDV",
];

const FILE: DataFile = DataFile {
    title: "Boston housing",
    path: "boston/boston_house_prices.csv",
    size: 35_230,
    sha256: "04ea3ed0aa63691cfedf388349eafc1213e91e00f8e4d31747534692c0f1ce02",
};

/// Boston housing: `x` (506, 13), `y` (506,), the median price `MEDV` of a home in 1,000 dollars.
///
/// The features are CRIM, ZN, INDUS, CHAS, NOX, RM, AGE, DIS, RAD, TAX, PTRATIO, B and
/// LSTAT (the share of poor residents in per cent).
///
/// # Errors
/// The file is missing (the error names the command that brings it), damaged, or another one.
///
/// ```
/// match lab::data::boston() {
///     Ok(homes) => assert_eq!((homes.x.dim(), homes.column("LSTAT")?.len()), ((506, 13), 506)),
///     Err(error) => assert!(error.to_string().contains("cargo lab data")), // how to get the file
/// }
/// # Ok::<(), lab::Error>(())
/// ```
pub fn boston() -> Result<Housing> {
    boston_in(&file::directory())
}

/// [`boston`] from the data directory `directory`, which holds `boston/boston_house_prices.csv`.
///
/// # Errors
/// As for [`boston`].
///
/// ```
/// let nowhere = std::path::Path::new("no/such/folder");
/// let told = lab::data::boston_in(nowhere).map(|_| ()).map_err(|error| error.to_string());
/// assert!(told.is_err_and(|text| text.contains("cargo lab data")));
/// ```
pub fn boston_in(directory: &Path) -> Result<Housing> {
    let path = directory.join(FILE.path);
    let Some(text) = FILE.read(directory)? else {
        return Err(Error::Data(format!(
            "{}: нет файла «{}». Чтобы его получить, выполните в терминале: cargo lab data",
            FILE.title,
            path.display()
        )));
    };
    let (x, y) = parse(&text)?;
    let features = &COLUMNS[..COLUMNS.len() - 1];
    Ok(Housing {
        x,
        y,
        feature_names: features.iter().map(|name| name.to_string()).collect(),
        target_name: "MEDV".into(),
        source: Source::Real(path),
    })
}

/// Rows after the quoted header; the target is the last column.
fn parse(text: &str) -> Result<(Array2<f64>, Array1<f64>)> {
    let rows::Rows { header, rows } = rows::read(FILE.title, text, true, COLUMNS.len())?;
    if header != COLUMNS {
        return Err(Error::Data(format!(
            "{}: столбцы {}, а нужны {}",
            FILE.title,
            header.join(", "),
            COLUMNS.join(", ")
        )));
    }
    let features = COLUMNS.len() - 1;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (_, fields) in rows {
        x.extend_from_slice(&fields[..features]);
        y.push(fields[features]);
    }
    Ok((Array2::from_shape_vec((y.len(), features), x)?, Array1::from(y)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The header and the first row of the published file.
    const HEAD: &str = r#""CRIM","ZN","INDUS","CHAS","NOX","RM","AGE","DIS","RAD","TAX","PTRATIO","B","LSTAT","MEDV"
0.00632,18,2.31,0,0.538,6.575,65.2,4.09,1,296,15.3,396.9,4.98,24
"#;

    #[test]
    fn the_target_is_the_last_column() {
        let (x, y) = parse(HEAD).unwrap();
        assert_eq!(x.dim(), (1, 13));
        assert_eq!((x[[0, 0]], x[[0, 12]], y[0]), (0.00632, 4.98, 24.0));
    }

    #[test]
    fn wrong_columns_and_short_rows_are_told() {
        let error = parse(&HEAD.replace("CRIM", "A")).unwrap_err().to_string();
        assert!(error.starts_with("Boston housing: столбцы A, ZN, "), "{error}");
        let error = parse(&HEAD.replace(",24\n", "\n")).unwrap_err().to_string();
        assert_eq!(error, "Boston housing: строка 2: полей 13, а нужно 14");
    }

    #[test]
    fn a_missing_file_names_the_command() {
        let error = boston_in(Path::new("no-such-folder")).unwrap_err().to_string();
        assert!(error.contains("no-such-folder"), "{error}");
        assert!(error.ends_with("cargo lab data"), "{error}");
    }
}
