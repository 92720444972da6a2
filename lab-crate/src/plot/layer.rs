//! One thing drawn in a figure: points, a line through points, or a straight line across.
//!
//! Not here: how it is drawn (`draw.rs`, `mask.rs`). Read next: `figure.rs`.

use std::sync::Arc;

use super::color::Color;
use super::image::Anchor;
use super::picture::Picture;
use super::series::Series;
use crate::{Error, Result};

/// More points than this are drawn into a bitmap: each vector point costs about 90 bytes.
pub(super) const DENSE: usize = 1000;

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Points.
    Scatter(Vec<(f64, f64)>),
    /// A line through points, in their order.
    Line(Vec<(f64, f64)>),
    /// A horizontal line across the figure.
    Horizontal(f64),
    /// A vertical line across the figure.
    Vertical(f64),
    /// A picture between two corners, the upper left one first.
    Image(Arc<Picture>, [(f64, f64); 2]),
    /// A box between two corners: filled, or its edge.
    Rect { corners: [(f64, f64); 2], filled: bool },
    /// Text, in the middle of whose height the place lies, with the font size in units of the vertical axis.
    Text { text: String, place: (f64, f64), size: f64, anchor: Anchor },
}

/// What is drawn, and how it looks. `None` stands for the default.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) kind: Kind,
    pub(super) label: Option<String>,
    pub(super) color: Color,
    pub(super) marker_size: Option<f64>,
    pub(super) width: Option<f64>,
    pub(super) alpha: Option<f64>,
}

impl Layer {
    pub(super) fn new(kind: Kind, color: Color) -> Self {
        Self { kind, label: None, color, marker_size: None, width: None, alpha: None }
    }

    /// The points that the axes must show: of a scatter or a line, the corners of a picture.
    pub(super) fn points(&self) -> &[(f64, f64)] {
        match &self.kind {
            Kind::Scatter(points) | Kind::Line(points) => points,
            Kind::Image(_, corners) => corners,
            _ => &[],
        }
    }

    /// Whether the layer is a scatter or a line, which take colours in turn.
    pub(super) fn is_series(&self) -> bool {
        matches!(self.kind, Kind::Scatter(_) | Kind::Line(_))
    }

    /// Whether the layer is a cloud so large that it becomes a bitmap.
    pub(super) fn is_dense(&self) -> bool {
        matches!(&self.kind, Kind::Scatter(points) if points.len() > DENSE)
    }

    /// The diameter of a point in pixels: smaller the more points there are.
    pub(super) fn marker_size(&self) -> f64 {
        self.marker_size.unwrap_or(match self.points().len() {
            0..=300 => 6.0,
            301..=DENSE => 4.5,
            _ => 3.5,
        })
    }

    /// The width of a line in pixels.
    pub(super) fn width(&self) -> f64 {
        self.width.unwrap_or(match self.kind {
            Kind::Horizontal(_) | Kind::Vertical(_) => 1.25,
            _ => 2.0,
        })
    }

    /// The opacity, 0 to 1: large clouds are translucent, so that their density is seen.
    pub(super) fn alpha(&self) -> f64 {
        let automatic = match &self.kind {
            Kind::Scatter(points) if points.len() > 5000 => 0.25,
            Kind::Scatter(points) if points.len() > 300 => 0.6,
            _ => 1.0,
        };
        self.alpha.unwrap_or(automatic)
    }
}

/// The points of two series.
///
/// # Errors
/// The series differ in length, are empty, or have no point whose both numbers are finite.
pub(super) fn points(
    x: &(impl Series + ?Sized),
    y: &(impl Series + ?Sized),
) -> Result<Vec<(f64, f64)>> {
    let (x, y) = (x.to_f64()?, y.to_f64()?);
    if x.len() != y.len() {
        return Err(Error::Plot(format!(
            "в x чисел: {}, в y: {}, а их должно быть поровну",
            x.len(),
            y.len()
        )));
    }
    if x.is_empty() {
        return Err(Error::Plot("x и y пусты, рисовать нечего".into()));
    }
    let points: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
    if !points.iter().any(|(x, y)| x.is_finite() && y.is_finite()) {
        return Err(Error::Plot(
            "среди точек нет ни одной с конечными x и y (всё NaN или бесконечность). \
             Посмотрите, где вычисления расходятся"
                .into(),
        ));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn series_that_cannot_be_drawn_are_told_apart() {
        let error = |x: &[f64], y: &[f64]| points(x, y).unwrap_err().to_string();
        assert_eq!(
            error(&[1.0, 2.0], &[1.0]),
            "график: в x чисел: 2, в y: 1, а их должно быть поровну"
        );
        assert!(error(&[], &[]).contains("пусты"));
        assert!(error(&[1.0, f64::NAN], &[f64::INFINITY, 2.0]).contains("NaN"));
        assert_eq!(points(&[1.0, f64::NAN], &[1.0, 2.0]).unwrap().len(), 2);
    }

    #[test]
    fn large_clouds_are_small_translucent_points() {
        let cloud = |n| Layer::new(Kind::Scatter(vec![(0.0, 0.0); n]), Color::in_turn(0));
        assert!(!cloud(DENSE).is_dense() && cloud(DENSE + 1).is_dense());
        assert_eq!((cloud(10).marker_size(), cloud(10).alpha()), (6.0, 1.0));
        assert_eq!((cloud(20_640).marker_size(), cloud(20_640).alpha()), (3.5, 0.25));
    }
}
