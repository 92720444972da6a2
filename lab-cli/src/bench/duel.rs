//! Our side and PyTorch's, figure by figure in turn, so that both meet the same machine.
//!
//! Not here: which figures (`train.rs`).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::side::{Measured, Side};
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

/// A row of these.
pub const fn row(
    title: &'static str,
    ours: &'static str,
    torch: &'static str,
    goal: Option<f64>,
) -> Row {
    Row { title, ours, torch, goal }
}

/// Our side and, where there is one, PyTorch's.
pub struct Duel {
    sides: Vec<Side>,
}

impl Duel {
    /// Builds and starts our side, and PyTorch's where torch is found; both with `threads` threads, if given.
    ///
    /// # Errors
    /// Our side cannot be built or started, or the Python that was named has no torch.
    pub fn start(workspace: &Workspace, args: &DuelArgs, threads: Option<usize>) -> Result<Self> {
        let commands = [Some(ours(workspace)?), torch(workspace, args.torch.as_deref())?];
        let start = |mut command: Command| {
            if let Some(threads) = threads {
                command.env("LAB_NUM_THREADS", threads.to_string());
                command.env("OMP_NUM_THREADS", threads.to_string());
            }
            Side::start(command)
        };
        let sides = commands.into_iter().flatten().map(start).collect::<Result<Vec<_>>>()?;
        if sides.len() == 1 {
            println!(
                "PyTorch не найден: измеряется только наша сторона. Укажите Python, в котором есть torch: --torch ПУТЬ"
            );
        }
        Ok(Self { sides })
    }

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
