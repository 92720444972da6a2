//! A figure as SVG: vector strokes by plotters, with large clouds as bitmaps between them.
//!
//! plotters draws on whole units, so the drawing is made four times as large and shown at the size
//! of the figure. Read next: `draw.rs`, `mask.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters::prelude::{DrawingBackend, SVGBackend};

use super::draw::{self, Pen};
use super::figure::Figure;
use super::layer::{Kind, Layer};
use super::mask::Mask;
use super::picture::Picture;
use super::view::View;
use crate::{Error, Result};

/// Units of the drawing for each pixel of the figure.
const SCALE: f64 = 4.0;
/// Pixels of an embedded bitmap for each pixel of the figure: sharp on dense screens.
const DENSITY: f64 = 2.0;
/// Pixels of an embedded photo for each pixel of the figure: a photo has no sharp strokes.
const PHOTO_DENSITY: f64 = 1.5;

/// Draws the figure.
///
/// # Errors
/// The figure has no ranges (see `view.rs`).
pub(super) fn render(figure: &Figure) -> Result<String> {
    let view = View::of(figure)?;
    let ground = stage(figure, |pen| draw::ground(figure, &view, pen))?;
    let bitmaps = figure.layers.iter().map(|layer| match &layer.kind {
        Kind::Image(picture, corners) => image(picture, *corners, &view),
        _ if layer.is_dense() => cloud(layer, &view),
        _ => Ok(String::new()),
    });
    let bitmaps = bitmaps.collect::<Result<String>>()?;
    let figures = stage(figure, |pen| draw::figures(figure, &view, pen))?;
    let (width, height) = figure.size;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\" stroke-linecap=\"square\">\n\
         {ground}{bitmaps}{figures}</svg>\n",
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

/// A picture between its corners; a part outside of the plot is cut off.
fn image(picture: &Picture, corners: [(f64, f64); 2], view: &View) -> Result<String> {
    let Some((a, b)) = view.rectangle(corners) else { return Ok(String::new()) };
    let shown = (b.0 - a.0, b.1 - a.1);
    let pixels = |length: f64| (length * PHOTO_DENSITY).ceil() as usize;
    let (media, bytes) = picture.encoded(pixels(shown.0), pixels(shown.1))?;
    // A few large pixels are squares, as `plt.imshow` shows them.
    let squares = shown.0 >= 2.0 * picture.width as f64;
    let squares = if squares { " style=\"image-rendering:pixelated\"" } else { "" };
    let image = format!(
        "<image x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
         preserveAspectRatio=\"none\"{squares} href=\"data:{media};base64,{}\"/>\n",
        a.0 * SCALE,
        a.1 * SCALE,
        shown.0 * SCALE,
        shown.1 * SCALE,
        STANDARD.encode(bytes)
    );
    if is_inside(view, a, b) {
        return Ok(image);
    }
    // An SVG inside of the SVG shows only its own part of the drawing.
    let (x, y) = (view.left * SCALE, view.top * SCALE);
    let (width, height) = ((view.right - view.left) * SCALE, (view.bottom - view.top) * SCALE);
    Ok(format!(
        "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"{x} {y} {width} {height}\">\n{image}</svg>\n"
    ))
}

/// Whether a rectangle lies in that of the plot, but for rounding.
fn is_inside(view: &View, a: (f64, f64), b: (f64, f64)) -> bool {
    let room = [a.0 - view.left, a.1 - view.top, view.right - b.0, view.bottom - b.1];
    room.iter().all(|side| *side > -1e-6)
}
