//! The confusion matrix as a heat map. Not here: the counts (`metrics/confusion.rs`).

use super::grid::{FONT, GAP};
use crate::metrics::ConfusionMatrix;
use crate::plot::{Anchor, Color, fitted, text_width};
use crate::{Error, Figure, Result};

/// The colour of a cell with nothing and with all of a row, and of the letters on it.
const NOTHING: Color = Color(0xf2, 0xf6, 0xfb);
const ALL: Color = Color(0x08, 0x45, 0x94);
const DARK: Color = Color(0x1a, 0x1a, 0x1a);
const LIGHT: Color = Color(0xff, 0xff, 0xff);
/// The most classes whose cells can still be read.
const MOST: usize = 24;
/// The font size of the names of the axes in pixels.
const NAME: f64 = 13.0;
/// The widest room for the names of the classes in pixels.
const NAMES: f64 = 110.0;

/// Shows which classes are taken for which: a row for each true class, a column for each answer, and in the cells
/// the count and its share of the row, which also sets the colour (as `ConfusionMatrixDisplay` of scikit-learn with
/// `normalize="true"`). The diagonal holds the right answers.
///
/// # Errors
/// The names are not one for each class, or there are more than 24 classes.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, metrics::ConfusionMatrix, vision::pictures::confusion};
/// let mut matrix = ConfusionMatrix::new(2)?;
/// let scores = Tensor::new(&[[0.1f32, 0.9], [0.8, 0.2]], &Device::Cpu)?;
/// matrix.add(&scores, &Tensor::new(&[1u32, 0], &Device::Cpu)?)?;
/// assert!(confusion(&matrix, &["муравьи", "пчёлы"])?.to_svg()?.contains("100 %"));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn confusion(matrix: &ConfusionMatrix, classes: &[impl AsRef<str>]) -> Result<Figure> {
    let count = matrix.classes();
    if classes.len() != count {
        return Err(Error::Argument(format!(
            "confusion: классов в матрице {count}, а имён в classes {}; нужно имя каждому классу",
            classes.len()
        )));
    }
    if count > MOST {
        return Err(Error::Argument(format!(
            "confusion: классов {count}, а в рисунке читается не больше {MOST}; печатайте матрицу текстом: {{matrix}}"
        )));
    }
    let cell = (560.0 / count as f64).clamp(36.0, 120.0);
    let widest = classes.iter().map(|name| text_width(name.as_ref(), FONT)).fold(0.0, f64::max);
    let (left, top, side) = (widest.min(NAMES) + 16.0, GAP, cell * count as f64);
    let middle = left + side / 2.0;
    let mut figure = Figure::canvas(left + side + GAP, top + side + 46.0)
        .text("предсказание", (middle, top + side + 34.0), NAME, Anchor::Center, DARK)
        .y_label("истина");
    for (k, name) in classes.iter().enumerate() {
        let middle = (k as f64 + 0.5) * cell;
        let (below, beside) = ((left + middle, top + side + 12.0), (left - 8.0, top + middle));
        let name = |room| fitted(name.as_ref(), FONT, room);
        figure = figure.text(name(cell - 2.0), below, FONT, Anchor::Center, DARK).text(
            name(NAMES),
            beside,
            FONT,
            Anchor::Right,
            DARK,
        );
    }
    for i in 0..count * count {
        let (truth, answer) = (i / count, i % count);
        let corner = (left + answer as f64 * cell, top + truth as f64 * cell);
        figure = draw_cell(figure, matrix, (truth, answer), corner, cell);
    }
    Ok(figure)
}

/// One cell: its colour, the count, and the share where there is room.
fn draw_cell(
    figure: Figure,
    matrix: &ConfusionMatrix,
    (truth, answer): (usize, usize),
    (left, top): (f64, f64),
    cell: f64,
) -> Figure {
    let row: u64 = (0..matrix.classes()).map(|k| matrix.count(truth, k)).sum();
    let count = matrix.count(truth, answer);
    let share = count as f64 / row.max(1) as f64;
    let part =
        |from: u8, to: u8| (f64::from(from) + share * (f64::from(to) - f64::from(from))) as u8;
    let color = Color(part(NOTHING.0, ALL.0), part(NOTHING.1, ALL.1), part(NOTHING.2, ALL.2));
    let ink = if share > 0.5 { LIGHT } else { DARK };
    let room_for_share = cell >= 56.0;
    let (middle, size) = ((left + cell / 2.0, top + cell / 2.0), (cell * 0.26).clamp(10.0, 24.0));
    let up = if room_for_share { cell * 0.1 } else { 0.0 };
    let place = (middle.0, middle.1 - up);
    // A pixel of paper between cells keeps pale ones apart.
    let figure = figure
        .rect([(left, top), (left + cell - 1.5, top + cell - 1.5)], color, None)
        .text(count.to_string(), place, size, Anchor::Center, ink);
    if !room_for_share {
        return figure;
    }
    let place = (middle.0, middle.1 + cell * 0.22);
    figure.text(format!("{:.0} %", share * 100.0), place, FONT, Anchor::Center, ink)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{Device, Tensor};

    /// Three examples of class 0, of which one is taken for the last class; none of the others.
    fn matrix(classes: usize) -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(classes).unwrap();
        for answer in [0, 0, classes - 1] {
            let scores: Vec<f32> =
                (0..classes).map(|k| if k == answer { 1.0 } else { 0.0 }).collect();
            let scores = Tensor::from_vec(scores, (1, classes), &Device::Cpu).unwrap();
            matrix.add(&scores, &Tensor::new(&[0u32], &Device::Cpu).unwrap()).unwrap();
        }
        matrix
    }

    #[test]
    fn cells_hold_counts_and_shares_of_their_row() {
        let svg = confusion(&matrix(2), &["муравьи", "пчёлы"]).unwrap().to_svg().unwrap();
        for text in ["2", "67 %", "1", "33 %", "0", "0 %", "истина", "предсказание", "муравьи"]
        {
            assert!(svg.lines().any(|line| line == text), "{text}: {svg}");
        }
        // White are the paper, and on the one dark cell its count and its share.
        assert_eq!(svg.matches("fill=\"#FFFFFF\"").count(), 3, "{svg}");
    }

    #[test]
    fn many_classes_leave_the_shares_out() {
        let names: Vec<String> = (0..20).map(|k| format!("класс {k}")).collect();
        let svg = confusion(&matrix(20), &names).unwrap().to_svg().unwrap();
        assert!(!svg.contains('%'), "{svg}");
        let error = confusion(&matrix(25), &vec!["имя"; 25]).unwrap_err().to_string();
        assert!(error.contains("классов 25, а в рисунке"), "{error}");
        let error = confusion(&matrix(2), &["имя"]).unwrap_err().to_string();
        assert!(error.contains("классов в матрице 2, а имён в classes 1"), "{error}");
    }
}
