//! A figure: what to draw, collected by a chain of calls.
//!
//! Not here: the look of a series (`look.rs`), ways to get the figure out (`show.rs`), the drawing (`draw.rs`).

use super::color::{Color, GRAY};
use super::layer::{self, Kind, Layer};
use super::picture::Picture;
use super::series::Series;
use super::view;
use crate::{Error, Result};

/// A plot of points and lines over two axes.
///
/// Every call takes the figure and gives it back. `label`, `color`, `marker_size`, `width` and `alpha`
/// speak of the series added last. The figure owns its numbers, so it can outlive the cell.
///
/// ```
/// use lab::Figure;
/// let (x, y) = (vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 2.0]);
/// let figure = Figure::new()
///     .title("Цена и доход")
///     .scatter(&x, &y)?.label("районы")
///     .line(&x, &[1.5, 2.0, 2.5])?.label("модель").color("orange")
///     .axis_lines();
/// assert!(figure.to_svg()?.contains("Цена и доход"));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "рисунок виден, когда его показали: fig.show()? или fig последней строкой ячейки"]
pub struct Figure {
    pub(super) title: Option<String>,
    pub(super) x_label: Option<String>,
    pub(super) y_label: Option<String>,
    pub(super) size: (u32, u32),
    pub(super) legend: bool,
    pub(super) axis_lines: bool,
    pub(super) x_range: Option<(f64, f64)>,
    pub(super) y_range: Option<(f64, f64)>,
    pub(super) log_y: bool,
    pub(super) layers: Vec<Layer>,
    /// Width and height in data units of a figure without axes, whose vertical axis points down.
    pub(super) bare: Option<(f64, f64)>,
    /// The first wrong argument of a call that cannot fail by itself; told when the figure is drawn.
    problem: Option<String>,
}

impl Default for Figure {
    fn default() -> Self {
        Self {
            title: None,
            x_label: None,
            y_label: None,
            // Fits a notebook's column beside the prompt, and a page of a report.
            size: (640, 440),
            // Shown as soon as one series has a label.
            legend: true,
            axis_lines: false,
            x_range: None,
            y_range: None,
            log_y: false,
            layers: Vec::new(),
            bare: None,
            problem: None,
        }
    }
}

impl Figure {
    /// The title, where there is one.
    pub(crate) fn title_text(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The points of every line, in data units.
    pub(crate) fn lines(&self) -> Vec<Vec<(f64, f64)>> {
        self.points(|kind| matches!(kind, Kind::Line(_)))
    }

    /// The points of every scatter, in data units.
    pub(crate) fn scatters(&self) -> Vec<Vec<(f64, f64)>> {
        self.points(|kind| matches!(kind, Kind::Scatter(_)))
    }

    fn points(&self, is_wanted: fn(&Kind) -> bool) -> Vec<Vec<(f64, f64)>> {
        let wanted = self.layers.iter().filter(|layer| is_wanted(&layer.kind));
        wanted.map(|layer| layer.points().to_vec()).collect()
    }

    /// The texts written into the figure, in the order in which they were.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |layer: &Layer| match &layer.kind {
            Kind::Text { text, .. } => Some(text.clone()),
            _ => None,
        };
        self.layers.iter().filter_map(text).collect()
    }

    /// The pictures of the figure, in the order in which they were added.
    pub(crate) fn pictures(&self) -> Vec<&Picture> {
        let mut pictures = Vec::new();
        for layer in &self.layers {
            if let Kind::Image(picture, _) = &layer.kind {
                pictures.push(picture.as_ref());
            }
        }
        pictures
    }

    /// An empty figure of 640 x 440 pixels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the title above the plot.
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.grow(self.title.is_none(), (0, view::TITLE_ROOM));
        self.title = Some(text.into());
        self
    }

    /// Sets the text below the horizontal axis.
    pub fn x_label(mut self, text: impl Into<String>) -> Self {
        self.grow(self.x_label.is_none(), (0, view::NAME_ROOM));
        self.x_label = Some(text.into());
        self
    }

    /// Sets the text left of the vertical axis.
    pub fn y_label(mut self, text: impl Into<String>) -> Self {
        self.grow(self.y_label.is_none(), (view::NAME_ROOM, 0));
        self.y_label = Some(text.into());
        self
    }

    /// Sets the size in pixels, 160 to 4000 each way.
    ///
    /// ```
    /// let figure = lab::Figure::new().line(&[0.0, 1.0], &[2.0, 3.0])?;
    /// let figure = figure.title("Ошибка").x_label("шаг").y_label("MSE").size(400, 300);
    /// let svg = figure.to_svg()?;
    /// assert!(svg.contains("Ошибка") && svg.contains("шаг") && svg.contains("MSE"));
    /// assert!(svg.contains(r#"width="400""#));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn size(mut self, width: u32, height: u32) -> Self {
        let legal = 160..=4000;
        let fits = legal.contains(&width) && legal.contains(&height);
        self.check(fits, || format!("размер {width} x {height}, а нужен от 160 до 4000 точек"));
        if fits {
            self.size = (width, height);
        }
        self
    }

    /// Shows (`true`, the default) or hides the legend; it lists the series that have a label.
    pub fn legend(mut self, shown: bool) -> Self {
        self.legend = shown;
        self
    }

    /// Adds gray lines through zero, as `plt.axhline(0)` and `plt.axvline(0)` do; both axes then include zero.
    pub fn axis_lines(mut self) -> Self {
        self.axis_lines = true;
        self
    }

    /// Sets the range of the horizontal axis.
    pub fn x_range(mut self, from: f64, to: f64) -> Self {
        self.check_range("x_range", from, to);
        self.x_range = Some((from, to));
        self
    }

    /// Sets the range of the vertical axis.
    pub fn y_range(mut self, from: f64, to: f64) -> Self {
        self.check_range("y_range", from, to);
        self.y_range = Some((from, to));
        self
    }

    /// Makes the vertical axis logarithmic; points with `y <= 0` are left out.
    ///
    /// ```
    /// let losses = [100.0, 10.0, 1.0, 0.1];
    /// let figure = lab::Figure::new().line(&[0, 1, 2, 3], &losses)?.label("ошибка").log_y();
    /// let figure = figure.hline(1.0).vline(2.0).legend(false).x_range(0.0, 4.0).y_range(0.01, 1000.0);
    /// assert!(!figure.to_svg()?.contains("ошибка")); // the legend is hidden
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Adds points. More than 1,000 of them are drawn as a bitmap, so that the figure stays small.
    ///
    /// # Errors
    /// The series differ in length, are empty, have no finite point, or a tensor is not of rank 1.
    pub fn scatter(self, x: &(impl Series + ?Sized), y: &(impl Series + ?Sized)) -> Result<Self> {
        Ok(self.with(Kind::Scatter(layer::points(x, y)?)))
    }

    /// Adds a line through points in their order; a point with NaN breaks it.
    ///
    /// # Errors
    /// As for [`Figure::scatter`].
    pub fn line(self, x: &(impl Series + ?Sized), y: &(impl Series + ?Sized)) -> Result<Self> {
        Ok(self.with(Kind::Line(layer::points(x, y)?)))
    }

    /// Adds a horizontal line across the plot.
    pub fn hline(mut self, y: f64) -> Self {
        self.check(y.is_finite(), || format!("hline({y}): нужно конечное число"));
        self.with(Kind::Horizontal(y))
    }

    /// Adds a vertical line across the plot.
    pub fn vline(mut self, x: f64) -> Self {
        self.check(x.is_finite(), || format!("vline({x}): нужно конечное число"));
        self.with(Kind::Vertical(x))
    }

    /// Reports the first wrong argument, or that the figure is empty.
    pub(super) fn verify(&self) -> Result<()> {
        if let Some(problem) = &self.problem {
            return Err(Error::Plot(problem.clone()));
        }
        if self.layers.is_empty() {
            return Err(Error::Plot(
                "рисовать нечего: добавьте .scatter(&x, &y)?, .line(&x, &y)? или .image(&x)?"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Adds a layer in the next colour of the cycle; straight lines are gray and leave the cycle alone.
    pub(super) fn with(mut self, kind: Kind) -> Self {
        let color = match kind {
            Kind::Horizontal(_) | Kind::Vertical(_) => GRAY,
            _ => Color::in_turn(self.layers.iter().filter(|l| l.is_series()).count()),
        };
        self.layers.push(Layer::new(kind, color));
        self
    }

    /// Makes room for a text beside the content of a figure without axes, whose size follows its content.
    fn grow(&mut self, first: bool, (width, height): (u32, u32)) {
        if first && self.bare.is_some() {
            self.size = (self.size.0 + width, self.size.1 + height);
        }
    }

    /// Keeps the first problem.
    pub(super) fn check(&mut self, fine: bool, problem: impl FnOnce() -> String) {
        if !fine && self.problem.is_none() {
            self.problem = Some(problem());
        }
    }

    fn check_range(&mut self, call: &str, from: f64, to: f64) {
        let fine = from.is_finite() && to.is_finite() && from < to;
        self.check(fine, || {
            format!("{call}({from}, {to}): нужны конечные числа, первое меньше второго")
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn problem(figure: Figure) -> String {
        figure.verify().unwrap_err().to_string()
    }

    #[test]
    fn series_take_colours_in_turn_and_straight_lines_are_gray() {
        let x = [0.0, 1.0];
        let figure = Figure::new().scatter(&x, &x).unwrap().hline(0.5).line(&x, &x).unwrap();
        let colors: Vec<Color> = figure.layers.iter().map(|layer| layer.color).collect();
        assert_eq!(colors, [Color::in_turn(0), GRAY, Color::in_turn(1)]);
    }

    #[test]
    fn the_first_wrong_argument_is_told() {
        let fine = || Figure::new().scatter(&[0.0], &[0.0]).unwrap();
        assert!(problem(fine().alpha(2.0).size(1, 1)).contains("alpha(2): нужно число от 0 до 1"));
        assert!(problem(fine().size(10, 400)).contains("размер 10 x 400"));
        assert!(problem(fine().x_range(2.0, 1.0)).contains("x_range(2, 1)"));
        assert!(problem(fine().marker_size(0.0)).contains("marker_size(0)"));
        assert!(problem(fine().color("blau")).contains("нет цвета «blau»"));
        assert!(problem(fine().hline(f64::NAN)).contains("hline(NaN)"));
        assert!(problem(Figure::new().label("точки")).contains(".label(…) стоит до первого"));
        assert!(problem(Figure::new()).contains("рисовать нечего"));
    }
}
