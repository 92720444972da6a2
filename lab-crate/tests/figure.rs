//! Figures through the public API: sizes, texts, files, errors.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use lab::{Figure, Rng};

/// The rows of California housing.
const POINTS: usize = 20_640;

fn cloud(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut rng = Rng::seed(1);
    let x: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let y = x.iter().map(|x| 0.7 * x + 0.7 * rng.normal()).collect();
    (x, y)
}

#[test]
fn a_frame_of_a_large_data_set_stays_small() {
    let (x, y) = cloud(POINTS);
    let model: Vec<f64> = x.iter().map(|x| 0.7 * x).collect();
    let figure = Figure::new()
        .title("Доход и цена")
        .scatter(&x, &y)
        .unwrap()
        .label("районы")
        .line(&x, &model)
        .unwrap()
        .label("модель")
        .axis_lines();
    let svg = figure.to_svg().unwrap();
    assert!(svg.len() < 150_000, "{}", svg.len());
    assert_eq!(svg.matches("data:image/png;base64,").count(), 1);
    assert!(svg.matches("<circle").count() <= 1, "only the sample of the legend is a circle");
}

#[test]
fn small_clouds_stay_vectors() {
    let (x, y) = cloud(1000);
    let svg = Figure::new().scatter(&x, &y).unwrap().to_svg().unwrap();
    assert_eq!(svg.matches("<circle").count(), 1000);
    assert!(svg.len() < 150_000, "{}", svg.len());
}

#[test]
fn texts_stay_texts_and_are_escaped() {
    let svg = Figure::new()
        .title("Ошибка < 0.5 & \"цена\"")
        .x_label("Доход, тыс. $")
        .y_label("Ёмкость, м³")
        .line(&[0.0, 1.0], &[-1.0, 1.0])
        .unwrap()
        .label("потери")
        .to_svg()
        .unwrap();
    for text in
        ["Ошибка &lt; 0.5 &amp; &quot;цена&quot;", "Доход, тыс. $", "Ёмкость, м³", "потери", "−0.5"]
    {
        assert!(svg.contains(text), "{text} is not in {svg}");
    }
    assert!(svg.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
    assert!(svg.contains("rotate(270"));
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"440\"")
    );
    assert!(svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
}

#[test]
fn the_legend_appears_with_a_label_and_can_be_hidden() {
    let figure = || Figure::new().line(&[0.0, 1.0], &[0.0, 1.0]).unwrap().label("модель");
    assert!(figure().to_svg().unwrap().contains("модель"));
    assert!(!figure().legend(false).to_svg().unwrap().contains("модель"));
}

#[test]
fn files_are_svg_or_png() {
    let folder = std::env::temp_dir().join(format!("lab-figure-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let figure = Figure::new().size(300, 200).line(&[0.0, 1.0], &[0.0, 1.0]).unwrap();
    let (svg, png): (PathBuf, PathBuf) = (folder.join("a.svg"), folder.join("a.PNG"));
    figure.save(&svg).unwrap();
    figure.save(&png).unwrap();
    assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
    let bytes = std::fs::read(&png).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    // Width and height stand in the first chunk, big-endian.
    assert_eq!(bytes[16..24], [0, 0, 2, 88, 0, 0, 1, 144]);
    let error = figure.save(folder.join("a.jpg")).unwrap_err().to_string();
    assert!(error.contains("a.jpg") && error.contains(".svg или .png"), "{error}");
    let error = figure.save(folder.join("no/such/a.png")).unwrap_err().to_string();
    assert!(error.contains("a.png"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_same_figure_is_the_same_file() {
    let (x, y) = cloud(3000);
    let draw = || Figure::new().scatter(&x, &y).unwrap().to_png().unwrap();
    assert_eq!(draw(), draw());
}

#[test]
fn a_diverging_loss_can_be_drawn() {
    let loss = [4.2, 1.6e6, 8.3e11, 4.4e17, f64::INFINITY, f64::NAN];
    let steps = [0, 1, 2, 3, 4, 5];
    let linear = Figure::new().line(&steps, &loss).unwrap().to_svg().unwrap();
    assert!(linear.contains("·10¹⁷"), "{linear}");
    let log = Figure::new().line(&steps, &loss).unwrap().log_y().to_svg().unwrap();
    assert!(log.contains("10¹²"), "{log}");
}
