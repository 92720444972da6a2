//! The table of tasks, `labs.toml`: numbers, titles, points, hints.
//!
//! Not here: the checks. The same file is read by `cargo lab`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::{Error, Result};

/// One task as the table has it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Task {
    /// Its number, as `2.1`.
    pub(super) id: String,
    /// What it is.
    pub(super) title: String,
    /// What it is worth.
    pub(super) points: u32,
    /// From a question to half of the line.
    pub(super) hints: Vec<String>,
}

/// The file, as far as it is needed here.
#[derive(Deserialize)]
struct Labs {
    lab: Vec<Lab>,
}

#[derive(Deserialize)]
struct Lab {
    /// A notebook may have none.
    #[serde(default)]
    task: Vec<Task>,
}

/// All tasks in the order of the lab.
///
/// # Errors
/// When the table is not what it should be; a test of this file keeps that from happening.
pub(super) fn tasks() -> Result<&'static [Task]> {
    static TASKS: OnceLock<Vec<Task>> = OnceLock::new();
    if let Some(tasks) = TASKS.get() {
        return Ok(tasks);
    }
    let tasks = parse(include_str!("../../labs.toml"))?;
    Ok(TASKS.get_or_init(|| tasks))
}

/// The task with that number.
///
/// # Errors
/// When there is none.
pub(super) fn task(id: &str) -> Result<&'static Task> {
    let tasks = tasks()?;
    tasks.iter().find(|task| task.id == id).ok_or_else(|| {
        let known: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        Error::Argument(format!("нет задания {id}; есть {}", known.join(", ")))
    })
}

fn parse(text: &str) -> Result<Vec<Task>> {
    let labs: Labs = toml::from_str(text).map_err(|e| Error::Data(format!("labs.toml: {e}")))?;
    Ok(labs.lab.into_iter().flat_map(|lab| lab.task).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_task_has_three_hints_and_points() {
        let tasks = tasks().unwrap();
        assert!(tasks.len() >= 19);
        for task in tasks {
            assert!(task.points > 0, "{task:?}");
            assert_eq!(task.hints.len(), 3, "{}", task.id);
            assert!(task.hints.iter().all(|hint| hint.chars().count() > 10), "{task:?}");
        }
    }

    #[test]
    fn an_unknown_task_is_told_with_the_known_ones() {
        let text = task("9.9").unwrap_err().to_string();
        assert!(text.contains("9.9") && text.contains("1.1, 1.2"), "{text}");
        assert!(parse("[[lab]]\n[[lab.task]]\nid = \"1\"").is_err());
    }
}
