//! `cargo lab bench vision`: ResNet18 and the loader of images beside torchvision, with memory and threads.

use anyhow::Result;
use serde_json::json;

use super::duel::{Line, Rivals, Row, figures, row, table};
use crate::args::DuelArgs;
use crate::fetch;
use crate::workspace::Workspace;

const ROWS: [Row; 11] = [
    row("произведение матриц 2048 x 2048", "product", "product", None),
    row("ResNet18, шаг обучения, 4 картинки", "resnet18_train_4", "resnet18_train_4", Some(0.7)),
    row("ResNet18, шаг обучения, 1 картинка", "resnet18_train_1", "resnet18_train_1", None),
    row("ResNet18, шаг обучения, 32 картинки", "resnet18_train_32", "resnet18_train_32", None),
    row(
        "ResNet18, проход вперёд, 4 картинки",
        "resnet18_forward_4",
        "resnet18_forward_4",
        Some(0.8),
    ),
    row("ResNet18, проход вперёд, 1 картинка", "resnet18_forward_1", "resnet18_forward_1", None),
    row("ResNet18, проход вперёд, 32 картинки", "resnet18_forward_32", "resnet18_forward_32", None),
    row("картинка, без помощников", "images_0", "images_0", None),
    row("картинка, 2 помощника; у PyTorch 2", "images_2", "images_2", Some(0.33)),
    row("картинка, 2 помощника; у PyTorch 4", "images_2", "images_4", Some(0.33)),
    row("то же, раскодированные хранятся", "images_kept_2", "images_4", Some(0.33)),
];

/// The figures whose memory is compared, each in programs of its own.
const MEMORY: [Row; 2] = [
    row("ResNet18, шаг обучения, 4 картинки", "resnet18_train_4", "resnet18_train_4", None),
    row("ResNet18, шаг обучения, 32 картинки", "resnet18_train_32", "resnet18_train_32", None),
];

/// The figures that are measured with one thread too.
const SCALING: [Row; 2] = [
    row("ResNet18, шаг обучения, 4 картинки", "resnet18_train_4", "resnet18_train_4", None),
    row("ResNet18, проход вперёд, 4 картинки", "resnet18_forward_4", "resnet18_forward_4", None),
];

/// Multiplications and additions of a forward pass of ResNet18 for one image of 224 x 224, in 10^9 (torchvision's 1.814
/// billion multiply-adds, twice); a training step costs three times as many.
const FORWARD_GFLOP: f64 = 3.628;
/// Of the product of matrices, in 10^9.
const PRODUCT_GFLOP: f64 = 2.0 * 2.048 * 2.048 * 2.048;

/// The command; `false` when something could not be measured.
///
/// # Errors
/// The photos cannot be brought, or our program cannot be built.
pub fn vision(workspace: &Workspace, args: &DuelArgs) -> Result<bool> {
    if !fetch::data(workspace, &["hymenoptera".into()])? {
        return Ok(false);
    }
    let (rivals, mut errors) = (Rivals::prepare(workspace, args)?, Vec::new());
    let mut duel = rivals.start(None)?;
    let names = duel.names();
    let lines = duel.measure(&ROWS, args.rounds, &mut errors);
    drop(duel);
    let mut one = rivals.start(Some(1))?;
    let alone = one.measure(&SCALING, args.rounds, &mut errors);
    drop(one);
    let mut memory = Vec::new();
    for row in &MEMORY {
        let mut duel = rivals.start(None)?;
        memory.extend(duel.measure(std::slice::from_ref(row), 2, &mut errors));
    }
    print!("{}", table(&names, &lines));
    print!("{}{}{}", flops(&lines), scaling(&lines, &alone), peaks(&memory));
    errors.iter().for_each(|error| println!("✗ {error}"));
    let all = json!({
        "sides": names, "rows": figures(&lines), "one_thread": figures(&alone), "memory": figures(&memory),
        "errors": errors,
    });
    super::save(&all, args.json.as_deref())?;
    Ok(errors.is_empty())
}

/// Both values with a unit, or dashes.
fn pair(title: &str, values: [Option<f64>; 2], unit: &str) -> String {
    let text = values.map(|value| value.map_or("—".into(), |value| format!("{value:.2} {unit}")));
    format!("{title:<52}{:>16}{:>16}\n", text[0], text[1])
}

/// Arithmetic a second, of us and of PyTorch, beside what the product of matrices reaches.
fn flops(lines: &[Line]) -> String {
    let mut text = format!("\n{:<52}{:>16}{:>16}\n", "Гигафлопс", "у нас", "PyTorch");
    for line in lines {
        let work = match line.row.ours.rsplit_once('_') {
            None => PRODUCT_GFLOP,
            Some(("resnet18_train", n)) => 3.0 * FORWARD_GFLOP * n.parse().unwrap_or(f64::NAN),
            Some(("resnet18_forward", n)) => FORWARD_GFLOP * n.parse().unwrap_or(f64::NAN),
            Some(_) => continue,
        };
        let rate = [line.ours(), line.torch()].map(|seconds| Some(work / seconds?));
        text += &pair(line.row.title, rate, "");
    }
    text
}

/// How many times faster all threads are than one.
fn scaling(lines: &[Line], alone: &[Line]) -> String {
    let mut text =
        format!("\n{:<52}{:>16}{:>16}\n", "Все потоки против одного", "у нас", "PyTorch");
    for one in alone {
        let Some(all) = lines.iter().find(|line| line.row.ours == one.row.ours) else { continue };
        let ratio = |one: Option<f64>, all: Option<f64>| Some(one? / all?);
        let values = [ratio(one.ours(), all.ours()), ratio(one.torch(), all.torch())];
        text += &pair(one.row.title, values, "×");
    }
    text
}

/// The highest resident memory of the whole program.
fn peaks(memory: &[Line]) -> String {
    let mut text = format!("\n{:<52}{:>16}{:>16}\n", "Память программы, пик", "у нас", "PyTorch");
    for line in memory {
        text += &pair(line.row.title, line.peaks(), "МиБ");
    }
    text
}
