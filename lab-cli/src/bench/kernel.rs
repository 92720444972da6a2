//! `cargo lab bench kernel`: how fast the kernel is, beside the stock one in the same run.
//!
//! python/bench.py drives the kernels and measures; this file sets up, starts it and prints the table.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::args::KernelArgs;
use crate::record::Record;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{child, notebook, scripts, setup};

/// The variable with the stock kernel's program.
const STOCK: &str = "LAB_STOCK_KERNEL";

/// The figures in the order of the table: key in the JSON, title, unit, factor.
const ROWS: [(&str, &str, &str, f64); 7] = [
    ("cold_start_s", "запуск до первого тензора, холодный", "с", 1.0),
    ("warm_start_s", "запуск до первого тензора, тёплый", "с", 1.0),
    ("cell_median_s", "ячейка блокнотов, медиана", "с", 1.0),
    ("cell_p90_s", "ячейка блокнотов, 9 из 10 быстрее", "с", 1.0),
    ("display_median_s", "от показа до сообщения, медиана", "мс", 1000.0),
    ("displays_shown", "показано из 100", "", 1.0),
    ("lines_s", "200 000 строк", "с", 1.0),
];

/// The command; `false` when a measurement failed.
///
/// # Errors
/// When the set-up or the script fails.
pub fn kernel(workspace: &Workspace, args: &KernelArgs) -> Result<bool> {
    setup::everything(workspace)?;
    let stock = if args.stock { Some(stock_program()?) } else { None };
    let result = workspace.lab_dir().join("bench-kernel.json");
    measure(workspace, args, stock.as_deref(), &result)?;
    let text = std::fs::read_to_string(&result).context("измерения не записаны")?;
    let mut figures: Value = serde_json::from_str(&text).context("измерения не читаются")?;
    let record = Record::read(workspace);
    figures["setup"] = json!({ "first_seconds": record.first_seconds(), "steps": record.steps });
    print!("{}", table(&figures));
    super::save(&figures, args.json.as_deref())?;
    let errors = figures["errors"].as_array().map_or(0, Vec::len);
    for error in figures["errors"].as_array().into_iter().flatten() {
        println!("✗ {}", error.as_str().unwrap_or_default());
    }
    Ok(errors == 0)
}

fn measure(
    workspace: &Workspace,
    args: &KernelArgs,
    stock: Option<&Path>,
    result: &Path,
) -> Result<()> {
    let step = Step::start("Измерения");
    let mut script = scripts::command(workspace, "bench.py")?;
    script.arg("--out").arg(result).args(["--rounds", &args.rounds.to_string()]);
    script.arg("--cwd").arg(workspace.notebooks());
    if let Some(stock) = stock {
        script.arg("--stock").arg(stock);
    }
    script.args(notebook::all(workspace)?.into_iter().map(|notebook| notebook.source));
    if let Err(error) = child::run(workspace, script, "bench-kernel", &step) {
        step.fail("прервались");
        return Err(error);
    }
    step.done("готово");
    Ok(())
}

fn stock_program() -> Result<PathBuf> {
    let named = std::env::var_os(STOCK).map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("evcxr_jupyter{}", std::env::consts::EXE_SUFFIX);
    let found = named.or_else(|| {
        std::env::split_paths(&paths).map(|dir| dir.join(&name)).find(|path| path.exists())
    });
    match found {
        Some(path) if path.exists() => Ok(path.canonicalize()?),
        Some(path) => bail!("{STOCK} указывает на {}, а там ничего нет", path.display()),
        None => bail!(
            "не найдена программа evcxr_jupyter. Поставьте её (cargo install evcxr_jupyter --version 0.22.0 --locked) \
             или укажите путь в {STOCK}"
        ),
    }
}

/// A row for each figure, a column for each kernel.
fn table(figures: &Value) -> String {
    let kernels: Vec<&String> =
        figures["kernels"].as_object().into_iter().flat_map(|map| map.keys()).collect();
    let mut text = format!("\n{:<40}", "");
    for name in &kernels {
        text += &format!("{name:>14}");
    }
    text += "\n";
    for (key, title, unit, factor) in ROWS {
        text += &format!("{title:<40}");
        for name in &kernels {
            text += &format!("{:>14}", cell(&figures["kernels"][name.as_str()][key], unit, factor));
        }
        text += "\n";
    }
    let first = figures["setup"]["first_seconds"].as_f64().unwrap_or(0.0);
    text += &format!("{:<40}{first:>11.1} с\n", "первая подготовка");
    for step in figures["setup"]["steps"].as_array().into_iter().flatten() {
        let name = format!("  {}", step["name"].as_str().unwrap_or_default());
        let seconds = step["first_seconds"].as_f64().unwrap_or(0.0);
        text += &format!("{name:<40}{seconds:>11.1} с\n");
    }
    text
}

fn cell(value: &Value, unit: &str, factor: f64) -> String {
    match value.as_f64() {
        None => "—".to_owned(),
        Some(number) if unit.is_empty() => format!("{number:.0}"),
        Some(number) => format!("{:.*} {unit}", if factor > 1.0 { 1 } else { 2 }, number * factor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_missing_is_a_dash() {
        let figures = json!({
            "kernels": { "rust": { "warm_start_s": 1.234, "display_median_s": 0.0042, "displays_shown": 100 } },
            "setup": { "first_seconds": 61.5, "steps": [{ "name": "Ядро", "first_seconds": 61.5 }] }
        });
        let table = table(&figures);
        let row = |title: &str| {
            table.lines().find(|line| line.starts_with(title)).unwrap_or_default().to_owned()
        };
        assert!(row("запуск до первого тензора, тёплый").ends_with("1.23 с"), "{table}");
        assert!(row("от показа").ends_with("4.2 мс"), "{table}");
        assert!(row("показано").ends_with("100"), "{table}");
        assert!(row("200 000").ends_with('—'), "{table}");
        assert!(row("первая подготовка").ends_with("61.5 с"), "{table}");
    }
}
