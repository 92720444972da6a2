//! California housing: districts of the census of 1990 (Pace and Barry, "Sparse Spatial
//! Autoregressions", Statistics & Probability Letters 33, 1997).
//!
//! Not here: the drawn substitute (`standin.rs`). Read next: `housing.rs`.

use std::path::Path;

use ndarray::{Array1, Array2};

use super::file::{self, DataFile};
use super::housing::{Housing, Source};
use super::rows;
use super::standin;
use crate::{Error, Result};

/// The names of the features.
pub(super) const FEATURES: [&str; 8] = [
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
];
/// The name of the target, as scikit-learn calls it.
pub(super) const TARGET: &str = "MedHouseVal";
/// The number of columns of the file.
const COLUMNS: usize = 9;
/// The number of districts.
pub(super) const ROWS: usize = 20_640;

const FILE: DataFile = DataFile {
    title: "California housing",
    path: "california/cal_housing.data",
    size: 2_092_122,
    sha256: "d3d8a1a722ae78f91134862727d27a70b1415e7d512a89140406248687f4b902",
};

/// California housing: `x` (20640, 8), `y` (20640,), the median price of a home in 100,000 dollars.
///
/// The features are derived from the file as scikit-learn's `fetch_california_housing` does it:
/// `MedInc` (tens of thousands of dollars), `HouseAge` (years), `AveRooms` and `AveBedrms` (per household),
/// `Population`, `AveOccup` (people per household), `Latitude`, `Longitude` (degrees).
///
/// Without the file, numbers of the same shape and similar relations are drawn from a fixed seed, and
/// [`Housing::source`] is [`Source::StandIn`]. Print the source, so that a reader of the report knows.
///
/// # Errors
/// The file is there but damaged, or another one.
///
/// ```
/// let homes = lab::data::california()?;
/// println!("{}", homes.source); // real, or drawn by the library
/// assert_eq!((homes.x.dim(), homes.column("MedInc")?.len()), ((20_640, 8), 20_640));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn california() -> Result<Housing> {
    california_in(&file::directory())
}

/// [`california`] from the data directory `directory`, which holds `california/cal_housing.data`.
///
/// # Errors
/// As for [`california`].
///
/// ```
/// use lab::data::{Source, california_in};
/// let drawn = california_in(std::path::Path::new("no/such/folder"))?;
/// assert_eq!((drawn.source, drawn.x.dim()), (Source::StandIn, (20_640, 8)));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn california_in(directory: &Path) -> Result<Housing> {
    match FILE.read(directory)? {
        Some(text) => {
            let (x, y) = parse(&text)?;
            Ok(table(x, y, Source::Real(directory.join(FILE.path))))
        }
        None => {
            let (x, y) = standin::california(ROWS);
            Ok(table(x, y, Source::StandIn))
        }
    }
}

/// The set with its names.
fn table(x: Array2<f64>, y: Array1<f64>, source: Source) -> Housing {
    let feature_names = FEATURES.map(String::from).to_vec();
    Housing { x, y, feature_names, target_name: TARGET.into(), source }
}

/// The features and targets of all rows.
fn parse(text: &str) -> Result<(Array2<f64>, Array1<f64>)> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (_, fields) in rows::read(FILE.title, text, false, COLUMNS)?.rows {
        let (features, value) = district(&fields)?;
        x.extend(features);
        y.push(value);
    }
    Ok((Array2::from_shape_vec((y.len(), FEATURES.len()), x)?, Array1::from(y)))
}

/// A row of the file: longitude, latitude, housingMedianAge, totalRooms, totalBedrooms, population, households,
/// medianIncome, medianHouseValue.
fn district(fields: &[f64]) -> Result<([f64; 8], f64)> {
    let [longitude, latitude, age, rooms, bedrooms, population, households, income, value] =
        *fields
    else {
        let found = fields.len();
        return Err(Error::Data(format!("{}: полей {found}, а нужно {COLUMNS}", FILE.title)));
    };
    let per_home = [rooms / households, bedrooms / households, population / households];
    let [rooms, bedrooms, occupants] = per_home;
    let features = [income, age, rooms, bedrooms, population, occupants, latitude, longitude];
    Ok((features, value / 100_000.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The first two rows of the published file.
    const HEAD: &str = "\
-122.230000,37.880000,41.000000,880.000000,129.000000,322.000000,126.000000,8.325200,452600.000000
-122.220000,37.860000,21.000000,7099.000000,1106.000000,2401.000000,1138.000000,8.301400,358500.000000
";

    #[test]
    fn features_are_those_of_scikit_learn() {
        // from sklearn.datasets import fetch_california_housing
        // X, y = fetch_california_housing(return_X_y=True); print(X[0], y[:2])
        let expected = [8.3252, 41.0, 6.98412698, 1.02380952, 322.0, 2.55555556, 37.88, -122.23];
        let (x, y) = parse(HEAD).unwrap();
        assert_eq!(x.dim(), (2, 8));
        for (value, expected) in x.row(0).iter().zip(expected) {
            assert!((value - expected).abs() < 1e-8, "{value} {expected}");
        }
        assert_eq!(y.to_vec(), [4.526, 3.585]);
    }

    #[test]
    fn a_bad_row_is_named() {
        let error = parse("1,2,3\n").unwrap_err().to_string();
        assert_eq!(error, "California housing: строка 1: полей 3, а нужно 9");
        let error = parse("1,2,x,4,5,6,7,8,9").unwrap_err().to_string();
        assert_eq!(error, "California housing: строка 1: «x» вместо числа");
    }
}
