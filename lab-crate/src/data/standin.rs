//! A drawn substitute for California housing, for a machine that cannot reach the file.
//!
//! The numbers repeat the published ranges, medians and the relations the lab speaks of: the price
//! rises with the income (correlation 0.69), latitude and longitude fall together (-0.92), and longitude alone
//! says almost nothing of the price. Nothing else about it is true, and it is announced wherever it
//! is used (`Source::StandIn`). Read next: `california.rs`.

use ndarray::{Array1, Array2};

use crate::rng::Rng;

/// The seed of the set; a new value makes other numbers in every notebook.
const SEED: u64 = 1990;
/// The price in 100,000 dollars at which the census cut off.
const MAX_VALUE: f64 = 5.00001;

/// A group of districts: its share, centre, spread along both axes, and how dear homes are there.
struct Region {
    share: f64,
    latitude: f64,
    longitude: f64,
    spread: f64,
    dear: f64,
}

/// Roughly where the people of California live.
const REGIONS: [Region; 7] = [
    Region { share: 0.40, latitude: 34.03, longitude: -118.22, spread: 0.22, dear: 0.15 },
    Region { share: 0.23, latitude: 37.63, longitude: -122.12, spread: 0.27, dear: 0.35 },
    Region { share: 0.08, latitude: 32.87, longitude: -117.08, spread: 0.13, dear: 0.05 },
    Region { share: 0.08, latitude: 33.95, longitude: -117.25, spread: 0.25, dear: -0.35 },
    Region { share: 0.08, latitude: 38.60, longitude: -121.40, spread: 0.30, dear: -0.40 },
    Region { share: 0.09, latitude: 36.55, longitude: -119.70, spread: 0.50, dear: -0.80 },
    Region { share: 0.04, latitude: 39.90, longitude: -122.00, spread: 0.75, dear: -0.60 },
];

/// Features (rows, 8) and target (rows,) in the columns and units of the real set.
pub(super) fn california(rows: usize) -> (Array2<f64>, Array1<f64>) {
    let mut rng = Rng::seed(SEED);
    let (mut x, mut y) = (Vec::with_capacity(rows * 8), Vec::with_capacity(rows));
    for _ in 0..rows {
        let (features, value) = district(&mut rng);
        x.extend(features);
        y.push(value);
    }
    let x = Array1::from(x)
        .into_shape_with_order((rows, 8))
        .unwrap_or_else(|_| Array2::zeros((rows, 8)));
    (x, Array1::from(y))
}

/// One district: its features and the price.
fn district(rng: &mut Rng) -> ([f64; 8], f64) {
    let region = region(rng);
    let latitude = region.latitude + region.spread * rng.normal();
    let longitude = region.longitude + region.spread * rng.normal();
    let wealth = rng.normal();
    let income = (1.244 + 0.47 * wealth).exp().clamp(0.4999, 15.0001);
    let crowd = rng.normal();
    let age = (28.6 - 3.2 * crowd - 1.5 * wealth + 12.5 * rng.normal()).round().clamp(1.0, 52.0);
    let population = (7.024 + 0.74 * crowd).exp().round().clamp(3.0, 35_682.0);
    // One district in a hundred is of holiday homes: many rooms, few households.
    let holiday = if rng.uniform() < 0.01 { (0.9 + 0.6 * rng.normal()).exp() } else { 1.0 };
    let rooms = ((1.63 + 0.13 * wealth + 0.19 * rng.normal()).exp() * holiday).clamp(0.85, 141.9);
    let bedrooms = ((0.045 + 0.07 * rng.normal()).exp() * holiday).clamp(0.33, 34.1);
    let occupants = (1.043 + 0.25 * rng.normal()).exp().clamp(0.69, 1243.3);
    let price =
        0.594 + 0.36 * wealth + 0.55 * region.dear + 0.006 * (age - 28.6) + 0.31 * rng.normal();
    let value = price.exp().clamp(0.14999, MAX_VALUE);
    let place =
        [hundredths(latitude.clamp(32.54, 41.95)), hundredths(longitude.clamp(-124.35, -114.31))];
    let features = [income, age, rooms, bedrooms, population, occupants, place[0], place[1]];
    (features, value)
}

/// A region, drawn by its share.
fn region(rng: &mut Rng) -> &'static Region {
    let mut left = rng.uniform();
    for region in &REGIONS {
        if left < region.share {
            return region;
        }
        left -= region.share;
    }
    &REGIONS[0]
}

/// Rounded to the two decimals of the census.
fn hundredths(degrees: f64) -> f64 {
    (degrees * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::super::california::{FEATURES, ROWS};
    use super::*;
    use ndarray::ArrayView1;

    fn correlation(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
        let n = a.len() as f64;
        let (ma, mb) = (a.sum() / n, b.sum() / n);
        let cov = a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>();
        let var = |v: ArrayView1<f64>, m: f64| v.iter().map(|x| (x - m).powi(2)).sum::<f64>();
        cov / (var(a, ma) * var(b, mb)).sqrt()
    }

    fn median(v: ArrayView1<f64>) -> f64 {
        let mut v = v.to_vec();
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    }

    #[test]
    fn medians_are_near_the_published_ones() {
        // numpy.median of the real file, in the order of FEATURES, and of the target.
        let real = [3.535, 29.0, 5.229, 1.049, 1166.0, 2.818, 34.26, -118.49];
        let (x, y) = california(ROWS);
        for ((column, real), name) in x.columns().into_iter().zip(real).zip(FEATURES) {
            let ours = median(column);
            assert!((ours - real).abs() < 0.06 * real.abs(), "{name}: {ours}, real {real}");
        }
        assert!((median(y.view()) - 1.797).abs() < 0.15, "{}", median(y.view()));
    }

    #[test]
    fn the_relations_of_the_lesson_hold() {
        // numpy.corrcoef of the real file: 0.688, -0.046, -0.925, 0.848.
        let (x, y) = california(ROWS);
        let with_income = correlation(x.column(0), y.view());
        let with_longitude = correlation(x.column(7), y.view());
        let along_the_coast = correlation(x.column(6), x.column(7));
        let rooms = correlation(x.column(2), x.column(3));
        assert!((with_income - 0.688).abs() < 0.03, "{with_income}");
        assert!(with_longitude.abs() < 0.1, "{with_longitude}");
        assert!((along_the_coast + 0.925).abs() < 0.05, "{along_the_coast}");
        assert!((0.5..0.95).contains(&rooms), "{rooms}");
    }

    #[test]
    fn it_is_the_same_every_time_and_inside_the_published_ranges() {
        let (a, b) = (california(100), california(100));
        assert_eq!(a, b);
        let (x, y) = california(ROWS);
        assert!(y.iter().all(|v| (0.14999..=5.00001).contains(v)));
        assert!(x.column(1).iter().all(|v| (1.0..=52.0).contains(v)));
        assert!(x.column(7).iter().all(|v| (-124.35..=-114.31).contains(v)));
    }
}
