//! The look of the series that was added last: its name, colour, size and opacity.
//!
//! Not here: adding series (`figure.rs`), the defaults (`layer.rs`).

use super::color::Color;
use super::figure::Figure;
use super::layer::Layer;
use crate::Error;

impl Figure {
    /// Names the last series in the legend.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.restyle("label", |layer| layer.label = Some(text));
        self
    }

    /// Colours the last series: an English name (`"orange"`) or `"#rrggbb"`.
    pub fn color(mut self, name: &str) -> Self {
        match Color::named(name) {
            Ok(color) => self.restyle("color", |layer| layer.color = color),
            Err(Error::Plot(text)) => self.check(false, || text),
            Err(other) => self.check(false, || other.to_string()),
        }
        self
    }

    /// Sets the diameter of the last series' points in pixels.
    pub fn marker_size(mut self, pixels: f64) -> Self {
        self.check_pixels("marker_size", pixels);
        self.restyle("marker_size", |layer| layer.marker_size = Some(pixels));
        self
    }

    /// Sets the width of the last series' line in pixels.
    pub fn width(mut self, pixels: f64) -> Self {
        self.check_pixels("width", pixels);
        self.restyle("width", |layer| layer.width = Some(pixels));
        self
    }

    /// Sets the opacity of the last series: 0 is invisible, 1 is opaque.
    ///
    /// ```
    /// use lab::Figure;
    /// let (x, y) = ([0.0, 1.0, 2.0], [1.0, 3.0, 2.0]);
    /// let figure = Figure::new()
    ///     .scatter(&x, &y)?.label("районы").color("#1f77b4").marker_size(6.0).alpha(0.5)
    ///     .line(&x, &y)?.label("модель").color("orange").width(2.0);
    /// assert!(figure.to_svg()?.contains("районы"));
    /// assert!(Figure::new().line(&x, &y)?.color("нет такого").to_svg().is_err());
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn alpha(mut self, alpha: f64) -> Self {
        let legal = (0.0..=1.0).contains(&alpha);
        self.check(legal, || format!("alpha({alpha}): нужно число от 0 до 1"));
        self.restyle("alpha", |layer| layer.alpha = Some(alpha));
        self
    }

    /// Changes the look of the last layer.
    fn restyle(&mut self, call: &str, change: impl FnOnce(&mut Layer)) {
        match self.layers.last_mut() {
            Some(layer) => change(layer),
            None => self.check(false, || {
                format!(
                    ".{call}(…) стоит до первого .scatter(…) или .line(…): ему не к чему относиться"
                )
            }),
        }
    }

    fn check_pixels(&mut self, call: &str, pixels: f64) {
        let fine = pixels > 0.0 && pixels <= 200.0;
        self.check(fine, || format!("{call}({pixels}): нужно число больше 0, не больше 200"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn looks_belong_to_the_last_series() {
        let x = [0.0, 1.0];
        let figure = Figure::new().scatter(&x, &x).unwrap().label("a").alpha(0.5);
        let figure = figure.line(&x, &x).unwrap().label("b").width(3.0);
        assert_eq!(figure.layers[0].label.as_deref(), Some("a"));
        assert_eq!((figure.layers[0].alpha(), figure.layers[1].width()), (0.5, 3.0));
    }
}
