//! A table of features with one target, and whether its numbers are real.
//!
//! Not here: the sets themselves (`california.rs`, `boston.rs`).

use std::fmt;
use std::path::PathBuf;

use ndarray::{Array1, Array2};

use crate::{Error, Result};

/// A housing data set: `N` districts, `D` features and the price of a home in each district.
///
/// Numbers are f64, as the published files give them; `from_ndarray` makes a tensor of a column.
///
/// ```
/// use lab::{data::{Housing, Source}, ndarray::array};
/// let homes = Housing {
///     x: array![[8.3, 41.0], [7.3, 21.0], [5.6, 52.0]],
///     y: array![4.5, 3.6, 3.5],
///     feature_names: vec!["MedInc".into(), "HouseAge".into()],
///     target_name: "MedHouseVal".into(),
///     source: Source::StandIn,
/// };
/// assert_eq!(homes.column("HouseAge")?, array![41.0, 21.0, 52.0]);
/// assert!(homes.column("Age").is_err()); // the error lists the names
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Housing {
    /// Features, (N, D).
    pub x: Array2<f64>,
    /// Target, (N,).
    pub y: Array1<f64>,
    /// The names of the D features, in the order of the columns of `x`.
    pub feature_names: Vec<String>,
    /// The name of the target.
    pub target_name: String,
    /// Where the numbers come from.
    pub source: Source,
}

impl Housing {
    /// One feature as an array of shape (N,).
    ///
    /// # Errors
    /// There is no feature of that name; the error lists the names.
    pub fn column(&self, name: &str) -> Result<Array1<f64>> {
        match self.feature_names.iter().position(|feature| feature == name) {
            Some(index) => Ok(self.x.column(index).to_owned()),
            None => Err(Error::Data(format!(
                "нет столбца «{name}». Есть столбцы: {}",
                self.feature_names.join(", ")
            ))),
        }
    }
}

/// Where the numbers of a data set come from. `Display` tells it to the student in Russian.
///
/// ```
/// use lab::data::Source;
/// assert!(Source::StandIn.to_string().starts_with("ЗАМЕНИТЕЛЬ"));
/// assert_eq!(Source::Real("boston.csv".into()).to_string(), "настоящие данные: boston.csv");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What was published, and where it lies here.
    Real(PathBuf),
    /// Numbers or pictures drawn by the library, because what was published is missing.
    StandIn,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real(path) => write!(f, "настоящие данные: {}", path.display()),
            Self::StandIn => f.write_str(
                "ЗАМЕНИТЕЛЬ: настоящих данных нет, вместо них придуманные, лишь похожие на них. \
                 Чтобы получить настоящие данные, выполните в терминале: cargo lab data",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ndarray::array;

    fn two_rows() -> Housing {
        Housing {
            x: array![[1.0, 10.0], [2.0, 20.0]],
            y: array![0.5, 0.7],
            feature_names: vec!["RM".into(), "LSTAT".into()],
            target_name: "MEDV".into(),
            source: Source::StandIn,
        }
    }

    #[test]
    fn columns_are_found_by_name() {
        assert_eq!(two_rows().column("LSTAT").unwrap(), array![10.0, 20.0]);
        let error = two_rows().column("lstat").unwrap_err().to_string();
        assert_eq!(error, "нет столбца «lstat». Есть столбцы: RM, LSTAT");
    }

    #[test]
    fn a_stand_in_names_the_remedy() {
        let text = Source::StandIn.to_string();
        assert!(text.starts_with("ЗАМЕНИТЕЛЬ: ") && text.ends_with("cargo lab data"), "{text}");
        let real = Source::Real(PathBuf::from("california/cal_housing.data"));
        assert!(real.to_string().starts_with("настоящие данные: california"));
    }
}
