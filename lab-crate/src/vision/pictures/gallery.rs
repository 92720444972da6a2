//! Images with the true class and a model's answer. Read next: `confusion.rs`.

use candle_core::Tensor;

use super::grid::{FONT, GridOptions, LINE, Tiles};
use crate::metrics::scores;
use crate::plot::{Anchor, BLACK as INK, Color, fitted};
use crate::{Error, Figure, Result};

/// The colours of a right and of a wrong answer, dark enough for letters on white.
const RIGHT: Color = Color(0x1a, 0x7f, 0x37);
const WRONG: Color = Color(0xc0, 0x1f, 0x2e);
/// The width of the frame around an image in pixels.
const FRAME: f64 = 3.0;

/// Shows images `(N, 3, H, W)` with the answer of a model: below each the true class, then a mark, the answer and
/// its probability; the frame and ✓ are green where the answer is right, the frame and ✗ red where it is wrong.
///
/// `labels` `(N)` are the true classes, u8, u32 or i64; `probabilities` is `(N, K)`, f32 or f64, rows with sum 1;
/// `classes` are the `K` names.
///
/// # Errors
/// As for [`grid`](super::grid); a label is outside `0..K`, a row is not of probabilities, or the counts differ.
///
/// ```
/// use lab::{Rng, candle_core::{Device, Tensor}, vision::pictures::{GridOptions, gallery}};
/// let images = Rng::seed(1).randn((2, 3, 32, 32), &Device::Cpu)?;
/// let labels = Tensor::new(&[0u32, 1], &Device::Cpu)?;
/// let probabilities = Tensor::new(&[[0.9f32, 0.1], [0.7, 0.3]], &Device::Cpu)?;
/// let classes = ["муравьи", "пчёлы"];
/// let figure = gallery(&images, &labels, &probabilities, &classes, &GridOptions::default())?;
/// assert!(figure.to_svg()?.contains("✗ муравьи 70 %"));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn gallery(
    images: &Tensor,
    labels: &Tensor,
    probabilities: &Tensor,
    classes: &[impl AsRef<str>],
    options: &GridOptions,
) -> Result<Figure> {
    let (rows, labels) = read("gallery", probabilities, labels)?;
    let tiles = Tiles::of("gallery", images, 2, options)?;
    let (count, known) = (images.dim(0)?, rows[0].len());
    if classes.len() != known || count != rows.len() {
        return Err(Error::Argument(format!(
            "gallery: картинок {count}, а строк в probabilities {}; классов в ней {known}, а имён в classes \
             {}; тех и других должно быть поровну",
            rows.len(),
            classes.len()
        )));
    }
    let mut figure = tiles.figure(images, options)?;
    for (i, (row, &label)) in rows.iter().zip(&labels).enumerate() {
        let answer = best(row);
        let name = fitted(classes[answer].as_ref(), FONT, tiles.room() - 50.0);
        let truth = fitted(&format!("истина: {}", classes[label].as_ref()), FONT, tiles.room());
        let (color, mark) = if answer == label { (RIGHT, "✓") } else { (WRONG, "✗") };
        let said = format!("{mark} {name} {:.0} %", row[answer] * 100.0);
        let [(left, top), (right, bottom)] = tiles.corners(i);
        let out = FRAME / 2.0;
        let line = |n: f64| ((left + right) / 2.0, bottom + out + 1.5 + LINE * n);
        figure = figure
            .rect([(left - out, top - out), (right + out, bottom + out)], color, Some(FRAME))
            .text(truth, line(0.6), FONT, Anchor::Center, INK)
            .text(said, line(1.6), FONT, Anchor::Center, color);
    }
    Ok(figure)
}

/// The `k` examples whose true class got the lowest probability, that is, the highest loss, the worst first
/// (as `ClassificationInterpretation.plot_top_losses` of fastai).
///
/// Some of them may be right when fewer than `k` are wrong. `probabilities` is `(N, K)` with rows of sum 1, `labels` `(N)`.
/// Give the numbers to a data set's `batch` to get the images. Of equal probabilities the first example comes first; a
/// `k` above `N` gives all `N`.
///
/// # Errors
/// As for [`gallery`].
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, vision::pictures::most_wrong};
/// let probabilities = Tensor::new(&[[0.9f32, 0.1], [0.7, 0.3], [0.2, 0.8]], &Device::Cpu)?;
/// let labels = Tensor::new(&[0u32, 1, 0], &Device::Cpu)?;
/// assert_eq!(most_wrong(&probabilities, &labels, 2)?, [2, 1]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn most_wrong(probabilities: &Tensor, labels: &Tensor, k: usize) -> Result<Vec<usize>> {
    let (rows, labels) = read("most_wrong", probabilities, labels)?;
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| rows[a][labels[a]].total_cmp(&rows[b][labels[b]]));
    order.truncate(k);
    Ok(order)
}

/// The rows of probabilities and the labels.
///
/// # Errors
/// As for [`gallery`].
fn read(
    name: &str,
    probabilities: &Tensor,
    labels: &Tensor,
) -> Result<(Vec<Vec<f64>>, Vec<usize>)> {
    let read = scores::read(name, probabilities, labels)?;
    let is_share = |number: &f64| (-1e-4..=1.0001).contains(number);
    let fine =
        |row: &Vec<f64>| row.iter().all(is_share) && (row.iter().sum::<f64>() - 1.0).abs() < 1e-3;
    match read.rows.iter().position(|row| !fine(row)) {
        None => Ok((read.rows, read.labels)),
        Some(i) => Err(Error::Argument(format!(
            "{name}: строка {i} не вероятности: их сумма {:.4}, а нужны числа от 0 до 1 с суммой 1. \
             Из логитов их делает candle_nn::ops::softmax(&logits, D::Minus1)?",
            read.rows[i].iter().sum::<f64>()
        ))),
    }
}

/// The index of the largest number, the first of equal ones.
fn best(row: &[f64]) -> usize {
    (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;
    use candle_core::{D, Device};

    const CLASSES: [&str; 2] = ["муравьи", "пчёлы"];

    fn images(n: usize) -> Tensor {
        Rng::seed(1).randn((n, 3, 8, 8), &Device::Cpu).unwrap()
    }

    fn rows(rows: &[[f32; 2]]) -> Tensor {
        Tensor::from_vec(rows.concat(), (rows.len(), 2), &Device::Cpu).unwrap()
    }

    fn labels(labels: &[u32]) -> Tensor {
        Tensor::new(labels, &Device::Cpu).unwrap()
    }

    #[test]
    fn marks_and_colours_follow_the_answers() {
        let p = rows(&[[0.9, 0.1], [0.704, 0.296], [0.5, 0.5]]);
        let options = GridOptions::default();
        let figure = gallery(&images(3), &labels(&[0, 1, 0]), &p, &CLASSES, &options).unwrap();
        let svg = figure.to_svg().unwrap();
        // A frame and a text for each image: green for the first and last (of equal numbers the first class is
        // the answer), red for the second.
        let count = |text: &str| svg.matches(text).count();
        assert_eq!((count("#1A7F37"), count("#C01F2E")), (4, 2), "{svg}");
        assert_eq!(
            (count("✓ муравьи 90 %"), count("✗ муравьи 70 %"), count("✓ муравьи 50 %")),
            (1, 1, 1)
        );
        assert_eq!((count("истина: пчёлы"), count("истина: муравьи")), (1, 2));
    }

    #[test]
    fn logits_and_other_counts_are_told() {
        let error = |n, y: &[u32], p: &[[f32; 2]], classes: &[&str]| {
            let options = GridOptions::default();
            gallery(&images(n), &labels(y), &rows(p), classes, &options).unwrap_err().to_string()
        };
        let logits = error(1, &[0], &[[2.5, -1.0]], &CLASSES);
        assert!(logits.contains("сумма 1.5000") && logits.contains("softmax"), "{logits}");
        assert!(error(1, &[2], &[[0.5, 0.5]], &CLASSES).contains("labels[0] = 2"));
        assert!(error(2, &[0], &[[0.5, 0.5]], &CLASSES).contains("картинок 2, а строк"));
        assert!(
            error(1, &[0], &[[0.5, 0.5]], &["один"])
                .contains("классов в ней 2, а имён в classes 1")
        );
    }

    #[test]
    fn the_worst_come_first() {
        let mut rng = Rng::seed(4);
        for _ in 0..30 {
            let (n, classes, k) = (1 + rng.below(30), 2 + rng.below(4), rng.below(40));
            let logits = rng.randn((n, classes), &Device::Cpu).unwrap();
            let p = candle_nn::ops::softmax(&logits, D::Minus1).unwrap();
            let y: Vec<u32> = (0..n).map(|_| rng.below(classes) as u32).collect();
            let worst = most_wrong(&p, &labels(&y), k).unwrap();
            let p = p.to_vec2::<f32>().unwrap();
            let of = |i: usize| p[i][y[i] as usize];
            assert_eq!(worst.len(), k.min(n));
            assert!(worst.windows(2).all(|pair| of(pair[0]) <= of(pair[1])));
            let left_out = (0..n).filter(|i| !worst.contains(i));
            let last = worst.last().map_or(0.0, |&i| of(i));
            assert!(left_out.into_iter().all(|i| of(i) >= last));
        }
        // Of equal ones the first comes first.
        let equal = rows(&[[0.5, 0.5], [0.2, 0.8], [0.5, 0.5]]);
        assert_eq!(most_wrong(&equal, &labels(&[0, 0, 1]), 9).unwrap(), [1, 0, 2]);
    }
}
