//! The strokes of a figure, for any backend of plotters.
//!
//! A figure is drawn in two stages, because clouds of points come between as bitmaps: first the
//! ground (title, grid, labels), then everything above. Read next: `svg.rs`, `raster.rs`.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_backend::DrawingErrorKind;

use super::color::{BLACK as INK, Color, GRAY, GRID, WHITE as PAPER};
use super::figure::Figure;
use super::layer::{Kind, Layer};
use super::view::{LABEL, STROKE, TICK, TITLE, View};
use super::{font, legend, path};
use crate::{Error, Result};

/// plotters gives a text the size of a line; an em is smaller by this factor in its SVG.
pub(super) const LINE_PER_EM: f64 = 1.24;

/// Draws in pixels of the figure on a backend with `scale` times as many.
pub(super) struct Pen<'a, B: DrawingBackend> {
    pub(super) backend: &'a mut B,
    pub(super) scale: f64,
}

impl<B: DrawingBackend> Pen<'_, B> {
    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn style(&self, color: Color, alpha: f64, width: f64) -> ShapeStyle {
        let color = RGBAColor(color.0, color.1, color.2, alpha);
        ShapeStyle {
            color,
            filled: true,
            stroke_width: (width * self.scale).round().max(1.0) as u32,
        }
    }

    /// A straight line.
    pub(super) fn line(
        &mut self,
        a: (f64, f64),
        b: (f64, f64),
        color: Color,
        alpha: f64,
        width: f64,
    ) -> Result<()> {
        self.path(&[a, b], color, alpha, width)
    }

    /// A line through points.
    pub(super) fn path(
        &mut self,
        points: &[(f64, f64)],
        color: Color,
        alpha: f64,
        width: f64,
    ) -> Result<()> {
        let style = self.style(color, alpha, width);
        let mut places: Vec<(i32, i32)> = points.iter().map(|&point| self.at(point)).collect();
        places.dedup();
        told(self.backend.draw_path(places, &style))
    }

    /// A filled rectangle.
    pub(super) fn fill(
        &mut self,
        a: (f64, f64),
        b: (f64, f64),
        color: Color,
        alpha: f64,
    ) -> Result<()> {
        let style = self.style(color, alpha, 1.0);
        told(self.backend.draw_rect(self.at(a), self.at(b), &style, true))
    }

    /// A filled disc.
    pub(super) fn disc(
        &mut self,
        center: (f64, f64),
        diameter: f64,
        color: Color,
        alpha: f64,
    ) -> Result<()> {
        let style = self.style(color, alpha, 1.0);
        let radius = (diameter / 2.0 * self.scale).round().max(1.0) as u32;
        told(self.backend.draw_circle(self.at(center), radius, &style, true))
    }

    /// Text in the middle of whose height `place` lies; `side` says which part of its width.
    pub(super) fn text(
        &mut self,
        text: &str,
        place: (f64, f64),
        size: f64,
        side: HPos,
    ) -> Result<()> {
        self.write(text, place, size, side, INK, FontTransform::None)
    }

    /// [`Pen::text`] in a colour and a direction.
    fn write(
        &mut self,
        text: &str,
        place: (f64, f64),
        size: f64,
        side: HPos,
        color: Color,
        turn: FontTransform,
    ) -> Result<()> {
        let font = FontDesc::new(
            FontFamily::Name(font::FAMILIES),
            size * self.scale * LINE_PER_EM,
            FontStyle::Normal,
        );
        let color = RGBColor(color.0, color.1, color.2);
        let style =
            TextStyle::from(font.transform(turn)).color(&color).pos(Pos::new(side, VPos::Center));
        told(self.backend.draw_text(text, &style, self.at(place)))
    }
}

/// A failure of a backend as our error.
fn told<E: std::error::Error + Send + Sync>(
    result: std::result::Result<(), DrawingErrorKind<E>>,
) -> Result<()> {
    result.map_err(|error| Error::Plot(format!("не удалось нарисовать: {error}")))
}

/// The first stage: paper, grid, marks with their numbers, title and names of the axes.
pub(super) fn ground<B: DrawingBackend>(
    figure: &Figure,
    view: &View,
    pen: &mut Pen<B>,
) -> Result<()> {
    let (width, height) = (f64::from(figure.size.0), f64::from(figure.size.1));
    pen.fill((0.0, 0.0), (width, height), PAPER, 1.0)?;
    for tick in &view.x.ticks {
        let x = view.x_of(tick);
        pen.line((x, view.top), (x, view.bottom), GRID, 1.0, 1.0)?;
        pen.line((x, view.bottom), (x, view.bottom + STROKE), INK, 1.0, 1.0)?;
        pen.text(&tick.label, (x, view.bottom + STROKE + TICK * 0.9), TICK, HPos::Center)?;
    }
    for tick in &view.y.ticks {
        let y = view.y_of(tick);
        pen.line((view.left, y), (view.right, y), GRID, 1.0, 1.0)?;
        pen.line((view.left - STROKE, y), (view.left, y), INK, 1.0, 1.0)?;
        pen.text(&tick.label, (view.left - STROKE - 4.0, y), TICK, HPos::Right)?;
    }
    let middle = ((view.left + view.right) / 2.0, (view.top + view.bottom) / 2.0);
    if let Some(title) = &figure.title {
        pen.text(title, (middle.0, TITLE * 1.1), TITLE, HPos::Center)?;
    }
    if let Some(name) = &figure.x_label {
        pen.text(name, (middle.0, height - LABEL), LABEL, HPos::Center)?;
    }
    if let Some(name) = &figure.y_label {
        let (place, turn) = ((LABEL * 1.1, middle.1), FontTransform::Rotate270);
        pen.write(name, place, LABEL, HPos::Center, INK, turn)?;
    }
    Ok(())
}

/// The second stage: small clouds, lines through zero, lines, the frame and the legend.
pub(super) fn figures<B: DrawingBackend>(
    figure: &Figure,
    view: &View,
    pen: &mut Pen<B>,
) -> Result<()> {
    if figure.axis_lines {
        straight(&Layer::new(Kind::Vertical(0.0), GRAY), view, pen)?;
        straight(&Layer::new(Kind::Horizontal(0.0), GRAY), view, pen)?;
    }
    for one in figure.layers.iter().filter(|layer| !layer.is_dense()) {
        layer(one, view, pen)?;
    }
    if figure.bare.is_some() {
        return legend::draw(figure, view, pen);
    }
    let (left, right, top, bottom) = (view.left, view.right, view.top, view.bottom);
    let frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    for side in frame.windows(2) {
        pen.line(side[0], side[1], INK, 1.0, 1.0)?;
    }
    legend::draw(figure, view, pen)
}

/// One layer above the ground.
fn layer<B: DrawingBackend>(layer: &Layer, view: &View, pen: &mut Pen<B>) -> Result<()> {
    match &layer.kind {
        Kind::Scatter(points) => {
            let places = points.iter().filter_map(|&point| view.place(point));
            for place in places.filter(|&place| view.contains(place)) {
                pen.disc(place, layer.marker_size(), layer.color, layer.alpha())?;
            }
        }
        Kind::Line(points) => {
            let places = points.iter().map(|&point| view.place(point));
            let corners = ((view.left, view.top), (view.right, view.bottom));
            for piece in path::visible(places, corners.0, corners.1) {
                pen.path(&piece, layer.color, layer.alpha(), layer.width())?;
            }
        }
        Kind::Horizontal(_) | Kind::Vertical(_) => straight(layer, view, pen)?,
        Kind::Rect { corners, filled } => rect(layer, *corners, *filled, view, pen)?,
        Kind::Text { text, place, size, anchor } => {
            if let Some(place) = view.place(*place) {
                let (size, side) = (size * view.y_unit(), anchor.side());
                pen.write(text, place, size, side, layer.color, FontTransform::None)?;
            }
        }
        // Pictures are bitmaps: they come between the stages.
        Kind::Image(..) => {}
    }
    Ok(())
}

/// A box, filled or as an edge.
fn rect<B: DrawingBackend>(
    layer: &Layer,
    corners: [(f64, f64); 2],
    filled: bool,
    view: &View,
    pen: &mut Pen<B>,
) -> Result<()> {
    let Some((a, b)) = view.rectangle(corners) else { return Ok(()) };
    if filled {
        return pen.fill(a, b, layer.color, layer.alpha());
    }
    let edge = [a, (b.0, a.1), b, (a.0, b.1), a];
    pen.path(&edge, layer.color, layer.alpha(), layer.width())
}

/// A horizontal or vertical line across the plot.
fn straight<B: DrawingBackend>(layer: &Layer, view: &View, pen: &mut Pen<B>) -> Result<()> {
    let axis_value = |axis: &super::view::Axis| {
        if axis.log { 10f64.powf(axis.lo) } else { axis.lo }
    };
    let ends = match layer.kind {
        Kind::Horizontal(y) => {
            view.place((view.x.lo, y)).map(|(_, y)| ((view.left, y), (view.right, y)))
        }
        Kind::Vertical(x) => {
            view.place((x, axis_value(&view.y))).map(|(x, _)| ((x, view.top), (x, view.bottom)))
        }
        _ => None,
    };
    match ends {
        Some((a, b)) if view.contains(a) => {
            pen.line(a, b, layer.color, layer.alpha(), layer.width())
        }
        _ => Ok(()),
    }
}
