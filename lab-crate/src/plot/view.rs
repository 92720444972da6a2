//! Where everything stands: the ranges of the axes, their marks, and margins that fit the labels.
//!
//! All lengths are pixels of the figure's size, before any scale of an output. Read next: `draw.rs`.

use super::figure::Figure;
use super::font;
use super::layer::Kind;
use super::ticks::{self, Tick};
use crate::{Error, Result};

/// Font sizes in pixels.
pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 13.0;
pub(super) const TICK: f64 = 11.5;
/// The room for the title and for the name of an axis beside the content of a figure without axes.
pub(super) const TITLE_ROOM: u32 = 33;
pub(super) const NAME_ROOM: u32 = 25;
/// The length of the small strokes at the marks.
pub(super) const STROKE: f64 = 4.0;

/// One axis: its range (of exponents, when logarithmic) and its marks.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) lo: f64,
    pub(super) hi: f64,
    pub(super) log: bool,
    pub(super) ticks: Vec<Tick>,
}

impl Axis {
    /// The place of `value` on the axis: 0 at its start, 1 at its end; `None` for what it cannot show.
    fn part(&self, value: f64) -> Option<f64> {
        let value = if self.log { value.log10() } else { value };
        // Halves, because the difference of two large numbers may be infinite.
        let part = (value / 2.0 - self.lo / 2.0) / (self.hi / 2.0 - self.lo / 2.0);
        part.is_finite().then_some(part)
    }
}

/// The plot's rectangle and its axes.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl View {
    /// The view of a figure.
    ///
    /// # Errors
    /// The vertical axis is logarithmic and no point is positive.
    pub(super) fn of(figure: &Figure) -> Result<Self> {
        if let Some(content) = figure.bare {
            return Ok(Self::bare(figure, content));
        }
        let (width, height) = (f64::from(figure.size.0), f64::from(figure.size.1));
        let (x_lo, x_hi) = range(figure, false)?;
        let (y_lo, y_hi) = range(figure, true)?;
        let top = if figure.title.is_some() { TITLE * 2.2 } else { 12.0 };
        let x_name = if figure.x_label.is_some() { LABEL * 1.6 } else { 0.0 };
        let y_name = if figure.y_label.is_some() { LABEL * 1.7 } else { 0.0 };
        let bottom = height - (STROKE + TICK * 1.9 + x_name);
        let rows = (((bottom - top) / 45.0) as usize).clamp(2, 10);
        let y = axis(y_lo, y_hi, figure.log_y, rows);
        let widest = y.ticks.iter().map(|tick| font::width(&tick.label, TICK)).fold(0.0, f64::max);
        let left = (STROKE + 4.0 + widest + y_name + 8.0).min(width / 2.0);
        let right = width - 20.0;
        let x = x_axis(x_lo, x_hi, right - left);
        Ok(Self { left, right, top, bottom, x, y })
    }

    /// The view of a figure without axes: its content as large as it fits, its shape kept.
    fn bare(figure: &Figure, content: (f64, f64)) -> Self {
        let room =
            |text: &Option<String>, room: u32| text.as_ref().map_or(0.0, |_| f64::from(room));
        let left = room(&figure.y_label, NAME_ROOM);
        let top = room(&figure.title, TITLE_ROOM);
        let bottom = room(&figure.x_label, NAME_ROOM);
        let room =
            (f64::from(figure.size.0) - left, (f64::from(figure.size.1) - top - bottom).max(1.0));
        let scale = (room.0 / content.0).min(room.1 / content.1);
        let left = left + (room.0 - content.0 * scale) / 2.0;
        let top = top + (room.1 - content.1 * scale) / 2.0;
        let axis = |lo, hi| Axis { lo, hi, log: false, ticks: Vec::new() };
        let (right, bottom) = (left + content.0 * scale, top + content.1 * scale);
        Self { left, right, top, bottom, x: axis(0.0, content.0), y: axis(content.1, 0.0) }
    }

    /// Pixels of the figure for each unit of the vertical axis.
    pub(super) fn y_unit(&self) -> f64 {
        (self.bottom - self.top) / (self.y.hi - self.y.lo).abs()
    }

    /// The rectangle between two corners, `((left, top), (right, bottom))`.
    pub(super) fn rectangle(&self, corners: [(f64, f64); 2]) -> Option<((f64, f64), (f64, f64))> {
        let (a, b) = (self.place(corners[0])?, self.place(corners[1])?);
        Some(((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1))))
    }

    /// Where a point stands; `None` when an axis cannot show it (NaN, or not positive on a logarithmic axis).
    pub(super) fn place(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let (x, y) = (self.x.part(x)?, self.y.part(y)?);
        Some((self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top)))
    }

    /// Whether a place lies in the plot's rectangle.
    pub(super) fn contains(&self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// Where the mark at `value` of the horizontal axis stands.
    pub(super) fn x_of(&self, tick: &Tick) -> f64 {
        let part = (tick.value - self.x.lo) / (self.x.hi - self.x.lo);
        self.left + part * (self.right - self.left)
    }

    /// Where the mark at `value` of the vertical axis stands.
    pub(super) fn y_of(&self, tick: &Tick) -> f64 {
        let part = (tick.value - self.y.lo) / (self.y.hi - self.y.lo);
        self.bottom - part * (self.bottom - self.top)
    }
}

/// The horizontal axis, with fewer marks when their labels would touch.
fn x_axis(lo: f64, hi: f64, length: f64) -> Axis {
    let mut wanted = ((length / 60.0) as usize).clamp(2, 12);
    loop {
        let axis = axis(lo, hi, false, wanted);
        let widest =
            axis.ticks.iter().map(|tick| font::width(&tick.label, TICK)).fold(0.0, f64::max);
        if wanted <= 2 || (widest + 14.0) * axis.ticks.len() as f64 <= length {
            return axis;
        }
        wanted -= 1;
    }
}

fn axis(lo: f64, hi: f64, log: bool, wanted: usize) -> Axis {
    let marks = if log { ticks::logarithmic } else { ticks::linear };
    Axis { lo, hi, log, ticks: marks(lo, hi, wanted) }
}

/// The range of an axis: the asked one, or all points with a twentieth of room on both sides.
fn range(figure: &Figure, vertical: bool) -> Result<(f64, f64)> {
    let log = vertical && figure.log_y;
    let asked = if vertical { figure.y_range } else { figure.x_range };
    let to_axis = |value: f64| if log { value.log10() } else { value };
    let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut include = |value: f64| {
        let value = to_axis(value);
        if value.is_finite() {
            (lo, hi) = (lo.min(value), hi.max(value));
        }
    };
    match asked {
        Some((from, to)) => {
            include(from);
            include(to)
        }
        None => for_each_value(figure, vertical, &mut include),
    }
    if lo > hi {
        let straight_lines_only = figure.layers.iter().all(|layer| layer.points().is_empty());
        if !log && straight_lines_only {
            return Ok((0.0, 1.0));
        }
        return Err(Error::Plot(
            "на логарифмической оси нет ни одного положительного y: уберите .log_y()".into(),
        ));
    }
    if asked.is_some() && lo < hi {
        return Ok((lo, hi));
    }
    let room = if hi > lo { (hi / 2.0 - lo / 2.0) * 0.1 } else { (lo.abs() * 0.05).max(0.5) };
    let limit = f64::MAX / 4.0;
    Ok(((lo - room).max(-limit), (hi + room).min(limit)))
}

/// Calls `include` for each number that an axis should show.
fn for_each_value(figure: &Figure, vertical: bool, include: &mut impl FnMut(f64)) {
    for layer in &figure.layers {
        match &layer.kind {
            Kind::Horizontal(y) if vertical => include(*y),
            Kind::Vertical(x) if !vertical => include(*x),
            _ => {}
        }
        for &(x, y) in layer.points() {
            let shown = x.is_finite() && y.is_finite();
            if shown {
                include(if vertical { y } else { x });
            }
        }
    }
    if figure.axis_lines && !(vertical && figure.log_y) {
        include(0.0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn view(figure: Figure) -> View {
        View::of(&figure).unwrap()
    }

    #[test]
    fn points_lie_inside_with_room_around() {
        let v = view(Figure::new().scatter(&[1.0, 3.0], &[10.0, 20.0]).unwrap());
        let (x, y) = v.place((1.0, 10.0)).unwrap();
        assert!(x > v.left + 10.0 && y < v.bottom - 10.0);
        assert!((v.x.lo - 0.9).abs() < 1e-12 && (v.x.hi - 3.1).abs() < 1e-12);
        assert_eq!(v.place((f64::NAN, 1.0)), None);
    }

    #[test]
    fn margins_fit_the_widest_label() {
        let narrow = view(Figure::new().scatter(&[0.0, 1.0], &[0.0, 5.0]).unwrap());
        let wide = view(Figure::new().scatter(&[0.0, 1.0], &[0.0, 0.00012]).unwrap());
        let widest = wide.y.ticks.iter().map(|t| font::width(&t.label, TICK)).fold(0.0, f64::max);
        assert!(wide.left > narrow.left && wide.left > widest, "{} {widest}", wide.left);
    }

    #[test]
    fn straight_lines_and_zero_widen_the_range() {
        let v =
            view(Figure::new().scatter(&[5.0, 6.0], &[1.0, 2.0]).unwrap().axis_lines().hline(9.0));
        assert!(v.x.lo < 0.0 && v.y.lo < 0.0 && v.y.hi > 9.0);
        assert_eq!(view(Figure::new().hline(0.5)).x.hi, 1.0);
    }

    #[test]
    fn equal_numbers_and_the_largest_ones_have_a_range() {
        let v = view(Figure::new().scatter(&[2.0], &[1e9]).unwrap());
        assert!(v.x.lo < 2.0 && v.x.hi > 2.0 && v.y.lo < 1e9);
        let v = view(Figure::new().line(&[0.0, 1.0], &[-1e308, 1e308]).unwrap());
        assert!(v.contains(v.place((0.5, 0.0)).unwrap()));
    }

    #[test]
    fn a_logarithmic_axis_needs_a_positive_number() {
        let v = view(Figure::new().line(&[0.0, 1.0, 2.0], &[0.0, 1.0, 100.0]).unwrap().log_y());
        assert_eq!(v.place((0.0, 0.0)), None);
        let (_, middle) = v.place((1.0, 10.0)).unwrap();
        assert!((middle - (v.top + v.bottom) / 2.0).abs() < 1e-9);
        let error = View::of(&Figure::new().line(&[0.0], &[-1.0]).unwrap().log_y()).unwrap_err();
        assert!(error.to_string().contains(".log_y()"), "{error}");
    }
}
