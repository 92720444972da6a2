//! One execution of a notebook in a real Jupyter kernel, and its outcome.
//!
//! The work is done by python/execute.py (nbclient); this file shows its events and keeps what they say.
//! Not here: whether a notebook must be executed, see `run.rs`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::notebook::Notebook;
use crate::step::Step;
use crate::task::Number;
use crate::workspace::Workspace;
use crate::{child, scripts, stamp};

/// What came of an execution; kept beside the report as `<name>.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The notebook's name.
    pub name: String,
    /// Its first heading.
    pub title: String,
    /// [`Notebook::key`] at the time.
    pub key: String,
    /// Code cells in the notebook.
    pub cells: u32,
    /// Code cells that ran well.
    pub done: u32,
    /// Seconds of all cells together.
    pub seconds: f64,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
    /// What data the notebook got, in words.
    pub data: Vec<String>,
    /// The key numbers that it printed; `None` for one that it did not.
    #[serde(default)]
    pub numbers: Vec<(String, Option<String>)>,
    /// Its goal, the first sentence of the notebook's text.
    #[serde(default)]
    pub goal: String,
    /// The pretrained network that it used.
    #[serde(default)]
    pub model: Option<String>,
    /// Its best figure as a data address.
    #[serde(default)]
    pub picture: Option<String>,
}

/// The cell that failed and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Number of the code cell, from 1; 0 when no cell is to blame (the kernel did not start).
    pub cell: u32,
    /// Its first line of code.
    pub line: String,
    /// The error's name and text.
    pub reason: String,
}

/// What execute.py says.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Start {
        cells: u32,
    },
    Begin {
        cell: u32,
        line: String,
    },
    Cell {
        cell: u32,
        seconds: f64,
        status: String,
        line: String,
        ename: String,
        evalue: String,
    },
    End {
        title: String,
        fatal: Option<String>,
        #[serde(default)]
        numbers: Vec<(String, Option<String>)>,
        #[serde(default)]
        goal: String,
        #[serde(default)]
        model: Option<String>,
        #[serde(default)]
        picture: Option<String>,
    },
}

/// What an execution is given beside the notebook.
#[derive(Debug)]
pub struct Limits<'a> {
    /// Longest time of one cell in seconds.
    pub timeout: u64,
    /// The key numbers to look for in its output.
    pub numbers: &'a [Number],
    /// Whether the cells after one that ends in an error run too; then such a cell is no failure.
    pub keep_going: bool,
}

impl Outcome {
    /// Whether all cells ran well.
    pub fn is_ok(&self) -> bool {
        self.failure.is_none()
    }

    /// The outcome kept in `dir` for a notebook.
    pub fn read(dir: &Path, name: &str) -> Option<Outcome> {
        serde_json::from_slice(&std::fs::read(path(dir, name)).ok()?).ok()
    }

    /// Keeps the outcome in `dir`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<()> {
        stamp::write(&path(dir, &self.name), &serde_json::to_string_pretty(self)?)
    }

    /// The key numbers as one line.
    pub fn numbers_in_words(&self) -> String {
        let one = |(name, value): &(String, Option<String>)| {
            format!("{name} {}", value.as_deref().unwrap_or("нет"))
        };
        self.numbers.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Start { cells } => self.cells = cells,
            Event::Begin { .. } => {}
            Event::Cell { cell, seconds, status, line, ename, evalue } => {
                self.seconds += seconds;
                if status == "ok" {
                    self.done += 1;
                } else if status != "tolerated" {
                    self.failure =
                        Some(Failure { cell, line, reason: format!("{ename}: {evalue}") });
                }
            }
            Event::End { title, fatal, numbers, goal, model, picture } => {
                self.title = title;
                self.numbers = numbers;
                self.goal = goal;
                self.model = model;
                self.picture = picture;
                if let (Some(reason), None) = (fatal, &self.failure) {
                    self.failure = Some(Failure { cell: 0, line: String::new(), reason });
                }
            }
        }
    }
}

impl Failure {
    /// Which cell of which notebook, its first line, and why.
    pub fn describe(&self, name: &str) -> String {
        let reason = self.reason.trim().replace('\n', "\n    ");
        if self.cell == 0 {
            return format!("блокнот {name}: {reason}");
        }
        format!("блокнот {name}, ячейка {}: {}\n    {reason}", self.cell, self.line)
    }
}

/// Executes a notebook; `<name>.ipynb`, `<name>.html` and `<name>.json` appear in `dir`, whatever comes of it.
///
/// # Errors
/// When the script did not start or broke off without an outcome.
pub fn execute(
    workspace: &Workspace,
    notebook: &Notebook,
    dir: &Path,
    limits: &Limits,
    key: String,
) -> Result<Outcome> {
    let step = Step::start(format!("Блокнот {}", notebook.name));
    let mut outcome = Outcome { name: notebook.name.clone(), key, ..Outcome::default() };
    outcome.data = notebook.data_in_words(workspace)?;
    let mut script = scripts::command(workspace, "execute.py")?;
    script
        .arg(&notebook.source)
        .arg("--out")
        .arg(dir)
        .args(["--timeout", &limits.timeout.to_string()]);
    script.arg("--numbers").arg(serde_json::to_string(limits.numbers)?);
    if limits.keep_going {
        script.arg("--keep-going");
    }
    // The student's own record of what is done stays as it is.
    script.env("LAB_PROGRESS", "off");
    let mut ended = false;
    let result =
        child::run_with(workspace, script, &format!("notebook-{}", notebook.name), |line| {
            let Ok(event) = serde_json::from_str::<Event>(line) else {
                return;
            };
            if let Event::Begin { cell, line } = &event {
                step.detail(&format!(
                    "ячейка {cell} из {} · {}",
                    outcome.cells,
                    child::shorten(line)
                ));
            }
            ended |= matches!(event, Event::End { .. });
            outcome.apply(event);
        });
    if !ended {
        step.fail("не выполнен");
        result.with_context(|| format!("блокнот {} не выполнился", notebook.name))?;
        anyhow::bail!(
            "блокнот {}: исполнитель закончил, не сказав, чем дело кончилось",
            notebook.name
        );
    }
    outcome.write(dir)?;
    match &outcome.failure {
        None => step.done(&format!("{} ячеек", outcome.cells)),
        Some(_) => step.fail(&format!("{} из {} ячеек", outcome.done, outcome.cells)),
    };
    Ok(outcome)
}

fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn outcome(lines: &[&str]) -> Outcome {
        let mut outcome = Outcome { name: "01-a".into(), ..Outcome::default() };
        for line in lines {
            outcome.apply(serde_json::from_str(line).unwrap());
        }
        outcome
    }

    #[test]
    fn the_failed_cell_is_named() {
        let outcome = outcome(&[
            r#"{"event":"start","cells":3}"#,
            r#"{"event":"begin","cell":1,"line":"let a = 1;"}"#,
            r#"{"event":"cell","cell":1,"seconds":0.5,"status":"ok","line":"let a = 1;","ename":"","evalue":""}"#,
            r#"{"event":"cell","cell":2,"seconds":1,"status":"error","line":"f()?;","ename":"Error","evalue":"нет"}"#,
            r#"{"event":"end","ok":false,"title":"А","fatal":null}"#,
        ]);
        assert_eq!((outcome.cells, outcome.done, outcome.seconds), (3, 1, 1.5));
        let failure = outcome.failure.unwrap();
        assert_eq!(failure.describe("01-a"), "блокнот 01-a, ячейка 2: f()?;\n    Error: нет");
    }

    #[test]
    fn a_tolerated_error_is_no_failure_and_a_cell_that_hangs_is_one() {
        let tolerated = r#"{"event":"cell","cell":1,"seconds":1,"status":"tolerated","line":"f()?;","ename":"Error","evalue":"нет"}"#;
        let hangs = r#"{"event":"cell","cell":2,"seconds":1,"status":"timeout","line":"loop {}","ename":"Timeout","evalue":""}"#;
        assert!(outcome(&[tolerated]).is_ok());
        assert_eq!(outcome(&[tolerated]).done, 0);
        assert_eq!(outcome(&[tolerated, hangs]).failure.unwrap().cell, 2);
    }

    #[test]
    fn a_kernel_that_does_not_start_is_a_failure_of_no_cell() {
        let outcome =
            outcome(&[r#"{"event":"end","ok":false,"title":"А","fatal":"NoSuchKernel: rust"}"#]);
        assert_eq!(outcome.failure.unwrap().describe("01-a"), "блокнот 01-a: NoSuchKernel: rust");
    }

    #[test]
    fn an_outcome_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let outcome = outcome(&[r#"{"event":"start","cells":3}"#]);
        outcome.write(dir.path()).unwrap();
        assert_eq!(Outcome::read(dir.path(), "01-a"), Some(outcome));
        assert_eq!(Outcome::read(dir.path(), "02-b"), None);
    }
}
