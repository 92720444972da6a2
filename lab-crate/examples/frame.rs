//! How long a frame of a live figure takes, and how large it is: 20,640 points and a line over them.
//!
//! Not a test: times depend on the machine. Run it with
//! `cargo run -p lab-crate --example frame [FOLDER]`; with a folder it also writes the figures there.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lab::{Figure, Result, Rng};

/// Frames for each figure; the median is printed.
const FRAMES: usize = 20;
/// The rows of California housing.
const POINTS: usize = 20_640;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    println!("{:<28} {:>12} {:>10}", "figure", "median, ms", "size, kB");
    for (name, figure) in figures()? {
        report(name, "svg", || figure.to_svg().map(String::into_bytes))?;
        report(name, "png", || figure.to_png())?;
        if let Some(folder) = &folder {
            figure.save(folder.join(format!("{name}.svg")))?;
            figure.save(folder.join(format!("{name}.png")))?;
        }
    }
    Ok(())
}

/// The figures of the lab, with numbers drawn from a seed.
fn figures() -> Result<Vec<(&'static str, Figure)>> {
    let homes = lab::data::california()?;
    println!("{}\n", homes.source);
    let income = homes.column("MedInc")?;
    let income = &income / income.std(0.0);
    let price = &homes.y / homes.y.std(0.0);
    let model = income.mapv(|x| 0.69 * x + 0.39);
    let regression = Figure::new()
        .title("Доход и цена жилья: эпоха 40, ошибка 0,527")
        .x_label("Медианный доход, в стандартных отклонениях")
        .y_label("Цена")
        .scatter(&income, &price)?
        .label("районы Калифорнии")
        .line(&income, &model)?
        .label("модель y = wx + b")
        .axis_lines();
    Ok(vec![
        ("regression", regression),
        ("map", map(&homes)?),
        ("loss", loss()?),
        ("small", small()?),
    ])
}

/// Longitude and latitude.
fn map(homes: &lab::data::Housing) -> Result<Figure> {
    let (x, y) = (homes.column("Longitude")?, homes.column("Latitude")?);
    Figure::new().title("Калифорния").scatter(&x, &y)
}

/// A long noisy curve over a logarithmic axis.
fn loss() -> Result<Figure> {
    let mut rng = Rng::seed(1);
    let steps: Vec<f64> = (0..POINTS).map(|i| i as f64).collect();
    let noisy = |i: usize, rng: &mut Rng| {
        (2.3 * (-(i as f64) / 4000.0).exp() + 0.05) * (0.3 * rng.normal()).exp()
    };
    let train: Vec<f64> = (0..POINTS).map(|i| noisy(i, &mut rng)).collect();
    let epochs: Vec<f64> = (1..=10).map(|e| e as f64 * 2000.0).collect();
    let valid: Vec<f64> = epochs.iter().map(|s| 2.3 * (-s / 4000.0).exp() + 0.08).collect();
    Ok(Figure::new()
        .title("Функция потерь")
        .x_label("шаг")
        .y_label("loss")
        .log_y()
        .line(&steps, &train)?
        .label("обучение")
        .width(1.0)
        .line(&epochs, &valid)?
        .label("проверка")
        .scatter(&epochs, &valid)?
        .color("orange"))
}

/// Fifty points, a curve and straight lines.
fn small() -> Result<Figure> {
    let mut rng = Rng::seed(2);
    let x: Vec<f64> = (0..50).map(|i| i as f64 / 8.0 - 3.0).collect();
    let y: Vec<f64> = x.iter().map(|x| x.sin() + 0.2 * rng.normal()).collect();
    let curve: Vec<f64> = x.iter().map(|x| x.sin()).collect();
    Ok(Figure::new()
        .title("sin²(x) + cos²(x) = 1, шум σ = 0.2")
        .x_label("x")
        .y_label("значение")
        .scatter(&x, &y)?
        .label("наблюдения")
        .line(&x, &curve)?
        .label("sin(x)")
        .hline(0.5)
        .color("red")
        .label("порог")
        .axis_lines())
}

/// Prints the median time of a frame and its size.
fn report(name: &str, kind: &str, draw: impl Fn() -> Result<Vec<u8>>) -> Result<()> {
    let mut times: Vec<Duration> = Vec::new();
    let mut size = 0;
    for _ in 0..FRAMES {
        let start = Instant::now();
        size = draw()?.len();
        times.push(start.elapsed());
    }
    times.sort();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    println!("{:<28} {median:>12.1} {:>10.1}", format!("{name}.{kind}"), size as f64 / 1e3);
    Ok(())
}
