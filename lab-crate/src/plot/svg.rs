//! A figure as SVG: vector strokes by plotters, with large clouds as bitmaps between them.
//!
//! plotters draws on whole units, so the drawing is made four times as large and shown at the size
//! of the figure. Read next: `draw.rs`, `mask.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters::prelude::{DrawingBackend, SVGBackend};

use super::draw::{self, Pen};
use super::figure::Figure;
use super::layer::Layer;
use super::mask::Mask;
use super::view::View;
use crate::{Error, Result};

/// Units of the drawing for each pixel of the figure.
const SCALE: f64 = 4.0;
/// Pixels of an embedded bitmap for each pixel of the figure: sharp on dense screens.
const DENSITY: f64 = 2.0;

/// Draws the figure.
///
/// # Errors
/// The figure has no ranges (see `view.rs`).
pub(super) fn render(figure: &Figure) -> Result<String> {
    let view = View::of(figure)?;
    let ground = stage(figure, |pen| draw::ground(figure, &view, pen))?;
    let clouds = figure.layers.iter().filter(|layer| layer.is_dense());
    let clouds = clouds.map(|layer| cloud(layer, &view)).collect::<Result<String>>()?;
    let figures = stage(figure, |pen| draw::figures(figure, &view, pen))?;
    let (width, height) = figure.size;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\" stroke-linecap=\"square\">\n\
         {ground}{clouds}{figures}</svg>\n",
        width * SCALE as u32,
        height * SCALE as u32
    ))
}

/// What a stage of the drawing draws, without the opening and closing tags of the whole picture.
fn stage(figure: &Figure, draw: impl FnOnce(&mut Pen<SVGBackend>) -> Result<()>) -> Result<String> {
    let mut text = String::new();
    let size = (figure.size.0 * SCALE as u32, figure.size.1 * SCALE as u32);
    let mut backend = SVGBackend::with_string(&mut text, size);
    draw(&mut Pen { backend: &mut backend, scale: SCALE })?;
    backend.present().map_err(|error| Error::Plot(format!("не удалось записать SVG: {error}")))?;
    drop(backend);
    let inner = text.split_once(">\n").and_then(|(_, rest)| rest.rsplit_once("</svg>"));
    let (inner, _) = inner.ok_or_else(|| Error::Plot("plotters вернул неполный SVG".into()))?;
    Ok(compact(inner))
}

/// Without line ends that a label would show as spaces, and without attributes that say the default.
fn compact(svg: &str) -> String {
    svg.replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .lines()
        .collect::<Vec<_>>()
        .join("\n")
        .replace(">\n</", "></")
}

/// A cloud of points as an image over the plot's rectangle.
fn cloud(layer: &Layer, view: &View) -> Result<String> {
    let (width, height) = (view.right - view.left, view.bottom - view.top);
    let mut mask = Mask::new((width * DENSITY) as usize, (height * DENSITY) as usize);
    let scale = (mask.width as f64 / width, mask.height as f64 / height);
    for place in layer.points().iter().filter_map(|&point| view.place(point)) {
        let place = ((place.0 - view.left) * scale.0, (place.1 - view.top) * scale.1);
        mask.add_disc(place, layer.marker_size() / 2.0 * DENSITY, layer.alpha());
    }
    Ok(format!(
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         href=\"data:image/png;base64,{}\"/>\n",
        view.left * SCALE,
        view.top * SCALE,
        width * SCALE,
        height * SCALE,
        STANDARD.encode(mask.to_png(layer.color)?)
    ))
}
