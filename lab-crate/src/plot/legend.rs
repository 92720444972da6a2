//! The legend: a box in the corner that hides the fewest points.
//!
//! Read next: `draw.rs`, which calls it last.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::color::{GRID, WHITE as PAPER};
use super::draw::Pen;
use super::figure::Figure;
use super::font;
use super::layer::{Kind, Layer};
use super::view::{TICK, View};
use crate::Result;

/// The height of a row.
const ROW: f64 = TICK * 1.6;
/// The width of the sample of a line or point.
const SAMPLE: f64 = 22.0;
/// The distance from the box to the frame and from its edge to the text.
const GAP: f64 = 8.0;
/// How many points of a layer are looked at to choose the corner.
const LOOKED_AT: usize = 2000;

/// Draws the legend when it is wanted and a series has a label.
pub(super) fn draw<B: DrawingBackend>(
    figure: &Figure,
    view: &View,
    pen: &mut Pen<B>,
) -> Result<()> {
    let named: Vec<(&Layer, &str)> =
        figure.layers.iter().filter_map(|layer| Some((layer, layer.label.as_deref()?))).collect();
    if !figure.legend || named.is_empty() {
        return Ok(());
    }
    let widest = named.iter().map(|(_, label)| font::width(label, TICK)).fold(0.0, f64::max);
    let size = (SAMPLE + widest + GAP * 2.5, ROW * named.len() as f64 + GAP);
    let (left, top) = corner(figure, view, size);
    let (right, bottom) = (left + size.0, top + size.1);
    pen.fill((left, top), (right, bottom), PAPER, 0.85)?;
    let edge = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    for side in edge.windows(2) {
        pen.line(side[0], side[1], GRID, 1.0, 1.0)?;
    }
    for (row, (layer, label)) in named.iter().enumerate() {
        let y = top + GAP / 2.0 + ROW * (row as f64 + 0.5);
        sample(layer, (left + GAP, y), pen)?;
        pen.text(label, (left + SAMPLE + GAP * 1.5, y), TICK, HPos::Left)?;
    }
    Ok(())
}

/// The sample of a layer; never as faint as one point of a large cloud.
fn sample<B: DrawingBackend>(layer: &Layer, (x, y): (f64, f64), pen: &mut Pen<B>) -> Result<()> {
    let alpha = layer.alpha().max(0.8);
    match layer.kind {
        Kind::Scatter(_) => pen.disc(
            (x + SAMPLE / 2.0, y),
            layer.marker_size().clamp(5.0, 10.0),
            layer.color,
            alpha,
        ),
        _ => pen.line((x, y), (x + SAMPLE, y), layer.color, alpha, layer.width().min(6.0)),
    }
}

/// The upper left point of the box: of the four corners, the one over the fewest points.
fn corner(figure: &Figure, view: &View, size: (f64, f64)) -> (f64, f64) {
    let (left, right) = (view.left + GAP, view.right - GAP - size.0);
    let (top, bottom) = (view.top + GAP, view.bottom - GAP - size.1);
    let corners = [(right, top), (left, top), (left, bottom), (right, bottom)];
    let hidden = |corner: &(f64, f64)| -> usize {
        let inside = |(x, y): (f64, f64)| {
            (corner.0..=corner.0 + size.0).contains(&x)
                && (corner.1..=corner.1 + size.1).contains(&y)
        };
        let of_layer =
            |layer: &Layer| looked_at(layer, view).filter(|&place| inside(place)).count();
        figure.layers.iter().map(of_layer).sum()
    };
    corners.into_iter().min_by_key(hidden).unwrap_or((right, top))
}

/// The places that a layer should not lose behind the box: some of its points, or points along its line.
fn looked_at<'a>(layer: &'a Layer, view: &'a View) -> impl Iterator<Item = (f64, f64)> + 'a {
    let points = layer.points();
    let step = points.len().div_ceil(LOOKED_AT).max(1);
    let is_line = matches!(layer.kind, Kind::Line(_));
    // A line of few points is long between them: it is what the reader follows.
    let between = if is_line { (LOOKED_AT / points.len().max(1)).clamp(1, 50) } else { 1 };
    let next = points.iter().step_by(step).skip(1).chain(points.last());
    points.iter().step_by(step).zip(next).flat_map(move |(&a, &b)| {
        let ends = view.place(a).zip(view.place(b)).into_iter();
        ends.flat_map(move |(a, b)| {
            (0..between).map(move |i| {
                let part = i as f64 / between as f64;
                (a.0 + part * (b.0 - a.0), a.1 + part * (b.1 - a.1))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_box_goes_where_no_points_are() {
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        let figure = Figure::new().scatter(&rising, &rising).unwrap().label("точки");
        let view = View::of(&figure).unwrap();
        let (left, top) = corner(&figure, &view, (150.0, 40.0));
        assert!(left < view.left + 20.0 && top < view.top + 20.0, "{left} {top}");
        let falling: Vec<f64> = rising.iter().map(|x| -x).collect();
        let figure = Figure::new().scatter(&rising, &falling).unwrap();
        let view = View::of(&figure).unwrap();
        assert!(corner(&figure, &view, (150.0, 40.0)).0 > 300.0);
    }

    #[test]
    fn a_line_counts_between_its_points() {
        let figure =
            Figure::new().size(320, 240).line(&[1.0, 1.4, 3.0], &[0.5, 0.85, 0.85]).unwrap();
        let view = View::of(&figure).unwrap();
        let (left, top) = corner(&figure, &view, (110.0, 45.0));
        assert!(left > view.left + 100.0 && top > view.top + 50.0, "{left} {top}");
    }
}
