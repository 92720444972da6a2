//! Ways to get a figure out: into the notebook, as SVG or PNG, into a file.
//!
//! Not here: the drawing (`svg.rs`, `raster.rs`, both through `draw.rs`); figures that move (`live.rs`).

use std::path::Path;

use super::figure::Figure;
use super::{raster, svg};
use crate::output::{self, Block, Place, Surface};
use crate::replace::replace;
use crate::{Error, Result};

impl Figure {
    /// The figure as SVG; text stays text, large clouds of points are an embedded bitmap.
    ///
    /// # Errors
    /// A call before had a wrong argument, or there is nothing to draw.
    pub fn to_svg(&self) -> Result<String> {
        self.verify()?;
        svg::render(self)
    }

    /// The figure as PNG with two pixels for each pixel of [`Figure::size`], sharp on dense screens.
    ///
    /// # Errors
    /// As for [`Figure::to_svg`].
    pub fn to_png(&self) -> Result<Vec<u8>> {
        self.verify()?;
        raster::render(self)
    }

    /// Writes the figure to a file whose name ends in `.svg` or `.png`; it is replaced only when the new one is complete.
    ///
    /// # Errors
    /// As for [`Figure::to_svg`]; the name ends otherwise; the file cannot be written.
    ///
    /// ```
    /// # let folder = std::env::temp_dir();
    /// # let path = folder.join(format!("doc-figure-{}.png", std::process::id()));
    /// let figure = lab::Figure::new().scatter(&[1.0, 2.0], &[1.0, 4.0])?;
    /// figure.save(&path)?;
    /// assert!(figure.to_png()?.starts_with(b"\x89PNG"));
    /// assert!(figure.save(folder.join("figure.bmp")).is_err()); // neither .png nor .svg
    /// figure.show()?; // now, in the middle of a cell
    /// figure.evcxr_display(); // what a cell does with its last expression
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
        let bytes = match extension.as_str() {
            "svg" => self.to_svg()?.into_bytes(),
            "png" => self.to_png()?,
            _ => {
                return Err(Error::Plot(format!(
                    "имя файла «{}» должно кончаться на .svg или .png",
                    path.display()
                )));
            }
        };
        replace(path, |part| std::fs::write(part, bytes))
    }

    /// Shows the figure now, in the middle of a cell. In a terminal nothing is shown: use [`Figure::save`].
    ///
    /// # Errors
    /// As for [`Figure::to_svg`]; the output cannot be written.
    pub fn show(&self) -> Result<()> {
        // A name of its own keeps the figure apart from whatever the cell shows next.
        self.show_at(Place::Named(&output::fresh_name("figure")))
    }

    /// Shows the figure as the last expression of a cell; a figure that cannot be drawn shows why.
    pub fn evcxr_display(&self) {
        if let Err(error) = self.show_at(Place::New) {
            // There is no one to tell: the output is what failed.
            output::write_text(&format!("{error}\n")).ok();
        }
    }

    /// Shows the figure at a place.
    pub(super) fn show_at(&self, place: Place) -> Result<()> {
        self.verify()?;
        if Surface::current() == Surface::Terminal {
            return Ok(());
        }
        let (svg, text) = (self.to_svg()?, self.summary());
        let picture = Block { mime: "image/svg+xml", content: &svg };
        output::show(&[picture, Block { mime: "text/plain", content: &text }], place)
    }

    /// The figure in words, for readers that show no pictures.
    fn summary(&self) -> String {
        let title = self.title.as_deref().map_or(String::new(), |title| format!(" «{title}»"));
        let labels: Vec<&str> = self.layers.iter().filter_map(|l| l.label.as_deref()).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!(": {}", labels.join(", ")) };
        format!("График{title}{labels}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_figure_is_told_in_words_where_it_cannot_be_seen() {
        let figure = Figure::new().scatter(&[0.0], &[1.0]).unwrap();
        assert_eq!(figure.summary(), "График");
        let figure =
            figure.label("точки").title("Цена").line(&[0.0], &[1.0]).unwrap().label("модель");
        assert_eq!(figure.summary(), "График «Цена»: точки, модель");
    }
}
