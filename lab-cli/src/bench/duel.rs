//! Our side and PyTorch's, figure by figure in turn, so that both meet the same machine.
//!
//! Not here: which figures (`train.rs`, `vision.rs`).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::side::{Measured, Side};
use crate::args::DuelArgs;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{child, scripts};

/// Our program, for cargo.
const EXAMPLE: [&str; 4] = ["-p", "lab-crate", "--example", "bench"];

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

/// A row of these.
pub const fn row(
    title: &'static str,
    ours: &'static str,
    torch: &'static str,
    goal: Option<f64>,
) -> Row {
    Row { title, ours, torch, goal }
}

/// How both sides are started: what is built, found out and written once.
pub struct Rivals<'a> {
    workspace: &'a Workspace,
    /// The variables that the kernel sets for cells.
    environment: Vec<(String, String)>,
    /// The Python that has torch.
    python: Option<PathBuf>,
    /// PyTorch's script.
    script: PathBuf,
}

impl<'a> Rivals<'a> {
    /// Builds our program and looks for PyTorch; says so where there is none.
    ///
    /// # Errors
    /// Our program cannot be built, or the Python that was named has no torch.
    pub fn prepare(workspace: &'a Workspace, args: &DuelArgs) -> Result<Self> {
        let step = Step::start("Наша программа измерений");
        let mut build = child::cargo(workspace);
        build.arg("build").args(EXAMPLE);
        child::run(workspace, build, "bench-build", &step)?;
        step.done("собрана");
        let python = python_with_torch(workspace, args.torch.as_deref())?;
        if python.is_none() {
            println!(
                "PyTorch не найден: измеряется только наша сторона. Укажите Python, в котором есть torch: --torch ПУТЬ"
            );
        }
        let script = scripts::path(workspace, "torch_bench.py")?;
        Ok(Self { workspace, environment: cell_environment(workspace)?, python, script })
    }

    /// Starts both sides anew, with `threads` threads each, if given.
    ///
    /// # Errors
    /// A side does not start.
    pub fn start(&self, threads: Option<usize>) -> Result<Duel> {
        let mut ours = child::cargo(self.workspace);
        ours.args(["run", "--quiet"]).args(EXAMPLE).envs(self.environment.clone());
        let torch = self.python.as_ref().map(|python| {
            let mut torch = child::command(self.workspace, python);
            torch.arg(&self.script);
            torch
        });
        let start = |mut command: Command| {
            command.env("LAB_DATA", self.workspace.data_cache());
            if let Some(threads) = threads {
                command.env("LAB_NUM_THREADS", threads.to_string());
                command.env("OMP_NUM_THREADS", threads.to_string());
            }
            Side::start(command)
        };
        Ok(Duel {
            sides: [Some(ours), torch].into_iter().flatten().map(start).collect::<Result<_>>()?,
        })
    }
}

/// Our side and, where there is one, PyTorch's; both run.
pub struct Duel {
    sides: Vec<Side>,
}

impl Duel {
    /// What the two sides call themselves.
    pub fn names(&self) -> Vec<String> {
        self.sides.iter().map(|side| side.name.clone()).collect()
    }

    /// Measures `rows` in `rounds` rounds; what could not be measured is told in `errors`.
    pub fn measure<'a>(
        &mut self,
        rows: &'a [Row],
        rounds: u32,
        errors: &mut Vec<String>,
    ) -> Vec<Line<'a>> {
        let step = Step::start("Измерения");
        let mut lines: Vec<Line> = rows.iter().map(Line::new).collect();
        for round in 1..=rounds {
            for line in &mut lines {
                step.detail(&format!("{}, раз {round} из {rounds}", line.row.title));
                for (index, side) in self.sides.iter_mut().enumerate() {
                    let figure = if index == 0 { line.row.ours } else { line.row.torch };
                    match side.measure(figure) {
                        Ok(measured) => line.measured[index].push(measured),
                        Err(error) => errors.push(format!("{error:#}")),
                    }
                }
            }
        }
        step.done("готово");
        errors.dedup();
        lines
    }
}

/// What was measured for a row: by us and by PyTorch.
pub struct Line<'a> {
    /// The row.
    pub row: &'a Row,
    measured: [Vec<Measured>; 2],
}

impl<'a> Line<'a> {
    fn new(row: &'a Row) -> Self {
        Self { row, measured: [Vec::new(), Vec::new()] }
    }

    /// The median of our seconds.
    pub fn ours(&self) -> Option<f64> {
        median(&self.measured[0])
    }

    /// The median of PyTorch's seconds.
    pub fn torch(&self) -> Option<f64> {
        median(&self.measured[1])
    }

    /// The highest peaks of memory in MiB, ours and PyTorch's.
    pub fn peaks(&self) -> [Option<f64>; 2] {
        let highest = |all: &Vec<Measured>| all.iter().filter_map(|one| one.peak_bytes).max();
        [0, 1].map(|side| Some(highest(&self.measured[side])? as f64 / f64::from(1 << 20)))
    }

    /// Our time as a part of PyTorch's.
    fn ratio(&self) -> Option<f64> {
        Some(self.ours()? / self.torch()?)
    }
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

/// The Python that was named, or the first one that has torch.
fn python_with_torch(workspace: &Workspace, named: Option<&Path>) -> Result<Option<PathBuf>> {
    match named {
        Some(python) if super::has_packages(python, "torch, numpy") => {
            Ok(Some(python.to_path_buf()))
        }
        Some(python) => bail!("{}: здесь нет пакетов torch и numpy", python.display()),
        None => {
            let known = [workspace.venv_python(), "python3".into()];
            Ok(known.into_iter().find(|python| super::has_packages(python, "torch, numpy")))
        }
    }
}

fn median(measured: &[Measured]) -> Option<f64> {
    let mut seconds: Vec<f64> = measured.iter().map(|one| one.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied()
}

/// The names of the sides, a heading and a line for each row.
pub fn table(names: &[String], lines: &[Line]) -> String {
    let name = |index: usize| names.get(index).map_or("—", String::as_str);
    let mut text = format!("\nНаша сторона: {}\nРядом: {}\n\n", name(0), name(1));
    text +=
        &format!("{:<52}{:>12}{:>12}{:>11}{:>8}\n", "", "у нас", "PyTorch", "отношение", "цель");
    for line in lines {
        let number = |value: Option<f64>| value.map_or("—".into(), |value| format!("{value:.2}"));
        text += &format!(
            "{:<52}{:>12}{:>12}{:>11}{:>8}\n",
            line.row.title,
            line.ours().map_or("—".into(), duration),
            line.torch().map_or("—".into(), duration),
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

/// All the figures of `lines`.
pub fn figures(lines: &[Line]) -> Vec<Value> {
    let figure = |line: &Line| {
        json!({
            "figure": line.row.ours, "torch_figure": line.row.torch, "title": line.row.title,
            "ours_s": line.ours(), "torch_s": line.torch(), "ratio": line.ratio(), "goal": line.row.goal,
            "peaks_mib": line.peaks(),
        })
    };
    lines.iter().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(row: &Row, ours: &[f64], torch: &[f64]) -> String {
        let measured = |seconds: &[f64]| {
            let one = |&seconds| Measured { seconds, peak_bytes: Some(3 << 20) };
            seconds.iter().map(one).collect()
        };
        let line = Line { row, measured: [measured(ours), measured(torch)] };
        assert_eq!(line.peaks()[0], Some(3.0));
        table(&["мы".into()], &[line]).lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_row_shows_both_medians_and_their_ratio() {
        let row = Row { title: "шаг", ours: "a", torch: "b", goal: Some(0.5) };
        let text = line(&row, &[0.002, 0.0021, 0.9], &[0.0042, 0.0042]);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words, ["шаг", "2.1", "мс", "4.2", "мс", "0.50", "0.50"]);
        let text = line(&row, &[3e-5], &[]);
        assert!(text.contains("30.0 мкс") && text.contains('—'), "{text}");
        assert!(line(&row, &[2.0], &[1.0]).contains("2.00 с"));
    }
}
