//! What has been done of the lab: the record of checks and hints, and its sum.
//!
//! The record is a small TOML file beside the notebook, `.lab-progress.toml`; only a notebook writes it.
//! Not here: the checks. Read next: `verdict.rs`, which records them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::table;
use crate::output::Surface;
use crate::replace::replace;
use crate::{Error, Result};

/// The environment variable that names the file of the record; `off` keeps none.
const VARIABLE: &str = "LAB_PROGRESS";
const FILE: &str = ".lab-progress.toml";

/// What is kept of one task.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// The last verdict.
    passed: bool,
    /// How often the check was run.
    attempts: u32,
    /// How many hints were read.
    hints: u32,
}

/// What is kept, by the number of the task.
pub(crate) type Record = BTreeMap<String, Kept>;

/// Which tasks are done, and the points for them.
///
/// As the last expression of a cell it shows itself; `Display` writes it as text.
///
/// ```
/// let score = lab::score()?;
/// assert!(score.done() <= 19 && score.points() <= score.total());
/// println!("{score}"); // a terminal shows the text
/// score.evcxr_display(); // what a cell does with its last expression
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    lines: Vec<(table::Task, Kept)>,
}

/// The score of the whole lab, from the checks that were run in the notebooks of this folder.
///
/// (`lab::progress` is the progress bar, as tqdm in Python.)
///
/// # Errors
/// The record cannot be read.
///
/// ```
/// let score = lab::score()?;
/// assert!(score.total() > score.points());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn score() -> Result<Score> {
    let record = match file() {
        Some(path) => read(&path)?,
        None => Record::new(),
    };
    Ok(Score::of(table::tasks()?, &record))
}

impl Score {
    fn of(tasks: &[table::Task], record: &Record) -> Self {
        let kept = |task: &table::Task| record.get(&task.id).cloned().unwrap_or_default();
        Self { lines: tasks.iter().map(|task| (task.clone(), kept(task))).collect() }
    }

    /// Tasks done.
    pub fn done(&self) -> usize {
        self.lines.iter().filter(|(_, kept)| kept.passed).count()
    }

    /// Points for the tasks done.
    pub fn points(&self) -> u32 {
        self.lines.iter().filter(|(_, kept)| kept.passed).map(|(task, _)| task.points).sum()
    }

    /// Points for all tasks.
    pub fn total(&self) -> u32 {
        self.lines.iter().map(|(task, _)| task.points).sum()
    }

    /// Shows the score as the last expression of a cell.
    pub fn evcxr_display(&self) {
        // There is no one to tell: the output is what failed.
        crate::output::write_text(&self.to_string()).ok();
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table::Task { id, title, points, .. }, kept) in &self.lines {
            let mark = match kept {
                Kept { passed: true, .. } => '✓',
                Kept { attempts: 0, .. } => '·',
                _ => '✗',
            };
            write!(f, "{mark} {id} {title:<44} баллов {points}")?;
            if kept.attempts > 0 {
                write!(f, ", попыток {}", kept.attempts)?;
            }
            if kept.hints > 0 {
                write!(f, ", подсказок {}", kept.hints)?;
            }
            writeln!(f)?;
        }
        let (done, all) = (self.done(), self.lines.len());
        writeln!(f, "Решено {done} из {all}, баллов {} из {}", self.points(), self.total())
    }
}

/// Records a verdict on task `id`.
///
/// # Errors
/// The record cannot be read or written.
pub(super) fn record(id: &str, is_passed: bool) -> Result<()> {
    let Some(path) = file() else { return Ok(()) };
    change(&path, id, |kept| {
        kept.passed = is_passed;
        kept.attempts = kept.attempts.saturating_add(1);
    })
}

/// How many of the `most` hints of task `id` are to be shown now: one more than last time.
///
/// # Errors
/// The record cannot be read or written.
pub(super) fn next_hint(id: &str, most: usize) -> Result<usize> {
    let Some(path) = file() else { return Ok(most.min(1)) };
    let mut stage = 0;
    change(&path, id, |kept| {
        kept.hints = kept.hints.saturating_add(1).min(most as u32);
        stage = kept.hints as usize;
    })?;
    Ok(stage)
}

/// The file of the record: beside the notebook, or what the variable says; none outside of notebooks.
fn file() -> Option<PathBuf> {
    match std::env::var_os(VARIABLE) {
        Some(name) if name == "off" => None,
        Some(name) => Some(name.into()),
        None if Surface::current() == Surface::Terminal => None,
        None => Some(FILE.into()),
    }
}

pub(crate) fn read(path: &Path) -> Result<Record> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Record::new()),
        Err(source) => return Err(Error::File { path: path.into(), source }),
    };
    toml::from_str(&text).map_err(|error| {
        Error::Data(format!(
            "файл прогресса «{}» повреждён: {error}Удалите его: задания проверятся заново",
            path.display()
        ))
    })
}

fn change(path: &Path, id: &str, change: impl FnOnce(&mut Kept)) -> Result<()> {
    let mut record = read(path)?;
    change(record.entry(id.into()).or_default());
    let text = toml::to_string(&record).map_err(|error| Error::Data(error.to_string()))?;
    replace(path, |part| std::fs::write(part, text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn task(id: &str, points: u32) -> table::Task {
        table::Task { id: id.into(), title: "Шаг".into(), points, hints: Vec::new() }
    }

    #[test]
    fn a_record_becomes_points() {
        let dir = std::env::temp_dir().join(format!("lab-score-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(FILE);
        let tasks = [task("1.1", 1), task("1.2", 2), task("1.3", 3)];
        assert_eq!(read(&path).unwrap(), Record::new());
        for passed in [false, true] {
            change(&path, "1.2", |kept| {
                kept.passed = passed;
                kept.attempts += 1;
            })
            .unwrap();
        }
        change(&path, "1.3", |kept| kept.attempts += 1).unwrap();
        let score = Score::of(&tasks, &read(&path).unwrap());
        assert_eq!((score.done(), score.points(), score.total()), (1, 2, 6));
        let text = score.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("· 1.1") && lines[2].starts_with("✗ 1.3"), "{text}");
        assert!(lines[1].starts_with("✓ 1.2") && lines[1].ends_with("попыток 2"), "{text}");
        assert_eq!(lines[3], "Решено 1 из 3, баллов 2 из 6");
        std::fs::write(&path, "[[[").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("Удалите его"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
