//! Our side and PyTorch's, figure by figure in turn, so that both meet the same machine.
//!
//! Not here: which figures (`train.rs`).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::side::Side;
use crate::args::DuelArgs;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{child, stamp};

const SCRIPT: &str = include_str!("../../python/torch_bench.py");

/// A line of the table.
pub struct Row {
    /// What is measured, for people.
    pub title: &'static str,
    /// Our figure.
    pub ours: &'static str,
    /// PyTorch's figure, where it has one.
    pub torch: &'static str,
    /// The ratio we want to reach.
    pub goal: Option<f64>,
}

/// Measures `rows`, prints the table and writes the file that was asked for; `false` when something could not be measured.
///
/// # Errors
/// Our side cannot be built or started.
pub fn run(workspace: &Workspace, rows: &[Row], args: &DuelArgs) -> Result<bool> {
    let mut sides = vec![Side::start(ours(workspace)?)?];
    match torch(workspace, args.torch.as_deref())? {
        Some(command) => sides.push(Side::start(command)?),
        None => println!(
            "PyTorch не найден: измеряется только наша сторона. Укажите Python, в котором есть torch: --torch ПУТЬ"
        ),
    }
    let step = Step::start("Измерения");
    let mut times: BTreeMap<(usize, &str), Vec<f64>> = BTreeMap::new();
    let mut errors: Vec<String> = Vec::new();
    for round in 1..=args.rounds {
        for row in rows {
            step.detail(&format!("{}, раз {round} из {}", row.title, args.rounds));
            for (index, side) in sides.iter_mut().enumerate() {
                let figure = if index == 0 { row.ours } else { row.torch };
                match side.measure(figure) {
                    Ok(seconds) => times.entry((index, figure)).or_default().push(seconds),
                    Err(error) => errors.push(format!("{error:#}")),
                }
            }
        }
    }
    step.done("готово");
    let names: Vec<&str> = sides.iter().map(|side| side.name.as_str()).collect();
    let median =
        |side: usize, figure: &'static str| times.get(&(side, figure)).and_then(|t| median(t));
    let lines: Vec<Line> = rows
        .iter()
        .map(|row| Line { row, ours: median(0, row.ours), torch: median(1, row.torch) })
        .collect();
    print!("{}", table(&names, &lines));
    errors.dedup();
    errors.iter().for_each(|error| println!("✗ {error}"));
    super::save(&figures(&names, &lines, &errors), args.json.as_deref())?;
    Ok(errors.is_empty())
}

/// What was measured for a row, in seconds.
struct Line<'a> {
    row: &'a Row,
    ours: Option<f64>,
    torch: Option<f64>,
}

impl Line<'_> {
    /// Our time as a part of PyTorch's.
    fn ratio(&self) -> Option<f64> {
        Some(self.ours? / self.torch?)
    }
}

/// Our program, built, in the environment that cells have.
fn ours(workspace: &Workspace) -> Result<Command> {
    let step = Step::start("Наша программа измерений");
    let what = ["-p", "lab-crate", "--example", "bench"];
    let mut build = child::cargo(workspace);
    build.arg("build").args(what);
    child::run(workspace, build, "bench-build", &step)?;
    step.done("собрана");
    let mut command = child::cargo(workspace);
    command.args(["run", "--quiet"]).args(what);
    command.env("LAB_DATA", workspace.data_cache());
    command.envs(cell_environment(workspace)?);
    Ok(command)
}

/// The variables that the kernel sets for cells; those that the user has set stay.
fn cell_environment(workspace: &Workspace) -> Result<Vec<(String, String)>> {
    let mut metadata = child::cargo(workspace);
    let output = metadata.args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("ответ cargo metadata")?;
    let packages =
        metadata["packages"].as_array().context("в ответе cargo metadata нет пакетов")?;
    let library = packages.iter().find(|package| package["name"] == "lab-crate");
    let set = library.and_then(|package| package["metadata"]["lab-kernel"]["env"].as_object());
    let variables = set.into_iter().flatten().filter(|(name, _)| std::env::var_os(name).is_none());
    Ok(variables
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect())
}

/// PyTorch's script, under the Python that was named or the first one that has torch.
fn torch(workspace: &Workspace, named: Option<&Path>) -> Result<Option<Command>> {
    let has_torch = |python: &Path| {
        let mut probe = Command::new(python);
        probe.args(["-c", "import torch, numpy"]);
        probe.output().is_ok_and(|output| output.status.success())
    };
    let python = match named {
        Some(python) if has_torch(python) => python.to_path_buf(),
        Some(python) => bail!("{}: здесь нет пакетов torch и numpy", python.display()),
        None => {
            let known = [workspace.venv_python(), "python3".into()];
            let Some(python) = known.into_iter().find(|python| has_torch(python)) else {
                return Ok(None);
            };
            python
        }
    };
    let script = workspace.lab_dir().join("python/torch_bench.py");
    stamp::write_if_changed(&script, SCRIPT).context("не удалось записать torch_bench.py")?;
    let mut command = child::command(workspace, python);
    command.arg(script).env("LAB_DATA", workspace.data_cache());
    Ok(Some(command))
}

fn median(times: &[f64]) -> Option<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn table(names: &[&str], lines: &[Line]) -> String {
    let mut text = format!("\nНаша сторона: {}\n", names.first().unwrap_or(&"—"));
    text += &format!("Рядом: {}\n\n", names.get(1).unwrap_or(&"—"));
    text +=
        &format!("{:<52}{:>12}{:>12}{:>11}{:>8}\n", "", "у нас", "PyTorch", "отношение", "цель");
    for line in lines {
        let number = |value: Option<f64>| value.map_or("—".into(), |value| format!("{value:.2}"));
        text += &format!(
            "{:<52}{:>12}{:>12}{:>11}{:>8}\n",
            line.row.title,
            line.ours.map_or("—".into(), duration),
            line.torch.map_or("—".into(), duration),
            number(line.ratio()),
            number(line.row.goal),
        );
    }
    text
}

/// Seconds in the unit that reads best.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} мкс", s * 1e6),
        s if s < 1.0 => format!("{:.1} мс", s * 1e3),
        s => format!("{s:.2} с"),
    }
}

fn figures(names: &[&str], lines: &[Line], errors: &[String]) -> Value {
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "figure": line.row.ours, "torch_figure": line.row.torch, "title": line.row.title,
                "ours_s": line.ours, "torch_s": line.torch, "ratio": line.ratio(), "goal": line.row.goal,
            })
        })
        .collect();
    json!({ "sides": names, "rows": rows, "errors": errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_both_times_and_their_ratio() {
        let row = Row { title: "шаг", ours: "a", torch: "b", goal: Some(0.5) };
        let both = Line { row: &row, ours: Some(0.002), torch: Some(0.004) };
        let text = table(&["мы", "они"], &[both]);
        let line = text.lines().last().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, ["шаг", "2.0", "мс", "4.0", "мс", "0.50", "0.50"]);
        let alone = Line { row: &row, ours: Some(3e-5), torch: None };
        assert!(table(&["мы"], &[alone]).contains("30.0 мкс"));
    }

    #[test]
    fn the_median_ignores_one_slow_run() {
        assert_eq!(median(&[1.0, 9.0, 1.1]), Some(1.1));
        assert_eq!(median(&[]), None);
        assert_eq!(duration(2.0), "2.00 с");
    }
}
