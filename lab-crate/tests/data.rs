//! Data sets through the public API. Where the real files are at hand (`LAB_DATA`, or `LAB_DATA_MIRROR` as a
//! directory), known rows of them are checked; everywhere else small fake files serve.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use lab::data::{Source, boston_in, california_in};

/// A new empty folder.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("lab-data-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A data directory with the real file `set/name`, when the environment tells where one is.
fn real(set: &str, name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("LAB_DATA").map(PathBuf::from);
    if let Some(data) = data.filter(|data| data.join(set).join(name).is_file()) {
        return Some(data);
    }
    let mirror = PathBuf::from(std::env::var_os("LAB_DATA_MIRROR")?).join(name);
    let data = folder(&format!("real-{set}"));
    std::fs::create_dir_all(data.join(set)).unwrap();
    std::fs::copy(mirror, data.join(set).join(name)).ok()?;
    Some(data)
}

#[test]
fn california_is_what_scikit_learn_gives() {
    let Some(data) = real("california", "cal_housing.data") else {
        println!("skipped: set LAB_DATA or LAB_DATA_MIRROR to check the real file");
        return;
    };
    // from sklearn.datasets import fetch_california_housing; X, y = fetch_california_housing(return_X_y=True)
    let homes = california_in(&data).unwrap();
    assert_eq!((homes.x.dim(), homes.y.len()), ((20_640, 8), 20_640));
    let row = [8.3252, 41.0, 6.98412698, 1.02380952, 322.0, 2.55555556, 37.88, -122.23];
    assert!(
        homes.x.row(0).iter().zip(row).all(|(a, b)| (a - b).abs() < 1e-8),
        "{}",
        homes.x.row(0)
    );
    assert_eq!(homes.y[0], 4.526);
    // X.mean(axis=0)[0], X[:, 7].std(), y.mean()
    assert!((homes.column("MedInc").unwrap().mean().unwrap() - 3.8706710029).abs() < 1e-9);
    assert!((homes.column("Longitude").unwrap().std(0.0) - 2.0034831878).abs() < 1e-9);
    assert!((homes.y.mean().unwrap() - 2.0685581691).abs() < 1e-9);
    assert!(homes.source.to_string().starts_with("настоящие данные: "), "{}", homes.source);
}

#[test]
fn boston_is_what_the_file_says() {
    let Some(data) = real("boston", "boston_house_prices.csv") else {
        println!("skipped: set LAB_DATA or LAB_DATA_MIRROR to check the real file");
        return;
    };
    let homes = boston_in(&data).unwrap();
    assert_eq!((homes.x.dim(), homes.y.len()), ((506, 13), 506));
    assert_eq!((homes.x[[0, 5]], homes.x[[0, 12]], homes.y[0]), (6.575, 4.98, 24.0));
    assert_eq!((homes.x[[505, 12]], homes.y[505]), (7.88, 11.9));
    // numpy: LSTAT.mean(), MEDV.mean()
    assert!((homes.column("LSTAT").unwrap().mean().unwrap() - 12.6530632411).abs() < 1e-9);
    assert!((homes.y.mean().unwrap() - 22.5328063241).abs() < 1e-9);
}

#[test]
fn california_without_a_file_is_drawn_and_says_so() {
    let homes = california_in(Path::new("no-such-folder")).unwrap();
    assert_eq!((homes.x.dim(), homes.y.len()), ((20_640, 8), 20_640));
    assert_eq!(homes.source, Source::StandIn);
    assert_eq!(homes.feature_names[7], "Longitude");
    assert!(homes.source.to_string().contains("ЗАМЕНИТЕЛЬ"));
}

#[test]
fn a_damaged_file_is_never_used() {
    let data = folder("damaged");
    for (set, name) in [("california", "cal_housing.data"), ("boston", "boston_house_prices.csv")] {
        std::fs::create_dir_all(data.join(set)).unwrap();
        std::fs::write(data.join(set).join(name), "1,2,3\n").unwrap();
    }
    let errors = [california_in(&data).unwrap_err(), boston_in(&data).unwrap_err()];
    for error in errors.map(|error| error.to_string()) {
        assert!(error.contains("повреждён") && error.contains("cargo lab data"), "{error}");
        assert!(error.contains("найдено:   6 байт"), "{error}");
    }
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn boston_without_a_file_names_the_command() {
    let error = boston_in(Path::new("no-such-folder")).unwrap_err().to_string();
    assert!(
        error.contains("boston_house_prices.csv") && error.contains("cargo lab data"),
        "{error}"
    );
}
