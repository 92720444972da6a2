//! `cargo lab bench train`: an epoch, an iteration and the steps of optimizers beside PyTorch.

use anyhow::Result;
use serde_json::json;

use super::duel::{Rivals, Row, figures, row, table};
use crate::args::DuelArgs;
use crate::fetch;
use crate::workspace::Workspace;

const ROWS: [Row; 7] = [
    row("эпоха MNIST, библиотека lab", "mnist_epoch", "mnist_epoch", Some(0.2)),
    row("эпоха MNIST, простой код candle", "mnist_epoch_plain", "mnist_epoch", Some(0.6)),
    row("шаг регрессии, 20 640 точек, lab", "regression", "regression", Some(0.1)),
    row("шаг регрессии, простой код candle", "regression_plain", "regression", Some(0.6)),
    row("шаг RMSprop, сеть 784-40-40-10", "rmsprop_step", "rmsprop_step", None),
    row("шаг Adam, 11 млн параметров", "adam_step_11m", "adam_step_11m", Some(1.0)),
    row("то же, в PyTorch fused=True", "adam_step_11m", "adam_fused_step_11m", None),
];

/// The command; `false` when something could not be measured.
///
/// # Errors
/// MNIST cannot be brought, or our program cannot be built.
pub fn train(workspace: &Workspace, args: &DuelArgs) -> Result<bool> {
    if !fetch::data(workspace, &["mnist".into()])? {
        return Ok(false);
    }
    let (mut duel, mut errors) = (Rivals::prepare(workspace, args)?.start(None)?, Vec::new());
    let lines = duel.measure(&ROWS, args.rounds, &mut errors);
    print!("{}", table(&duel.names(), &lines));
    errors.iter().for_each(|error| println!("✗ {error}"));
    let all = json!({ "sides": duel.names(), "rows": figures(&lines), "errors": errors });
    super::save(&all, args.json.as_deref())?;
    Ok(errors.is_empty())
}
