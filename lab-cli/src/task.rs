//! The tasks of the lab, read from `lab-crate/labs.toml`.
//!
//! Not here: the checks of the tasks (`lab::check`), the cells that hold them.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::notebook::{self, Notebook};
use crate::workspace::Workspace;

/// One notebook's tasks and key numbers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    /// The notebook's name, as `01-tensors`.
    pub notebook: String,
    /// Its tasks in order.
    #[serde(default, rename = "task")]
    pub tasks: Vec<Task>,
    /// Its key numbers in order.
    #[serde(default, rename = "number")]
    pub numbers: Vec<Number>,
}

/// One task.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Its number, as `2.1`.
    pub id: String,
    /// The function that the student writes; `lab::check::<function>` checks it.
    pub function: String,
    /// What it is, for people.
    pub title: String,
    /// What it is worth.
    pub points: u32,
    /// From a question to half of the line.
    pub hints: Vec<String>,
}

/// A number that a notebook prints and that its reader wants to see first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// What it is, for people.
    pub name: String,
    /// The text right before it in the output.
    pub after: String,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labs {
    lab: Vec<Lab>,
}

/// All labs in order.
///
/// # Errors
/// When the file cannot be read, is not what it should be, or names a task twice.
pub fn labs(workspace: &Workspace) -> Result<Vec<Lab>> {
    let path = workspace.lab_crate().join("labs.toml");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("не удалось прочитать {}", path.display()))?;
    parse(&text).with_context(|| format!("файл {}", workspace.short(&path)))
}

/// Every notebook with its tasks, in order.
///
/// # Errors
/// When they cannot be read, or a notebook is not in the table.
pub fn notebooks(workspace: &Workspace) -> Result<Vec<(Notebook, Lab)>> {
    let labs = labs(workspace)?;
    let with_lab = |notebook: Notebook| {
        let lab = labs.iter().find(|lab| lab.notebook == notebook.name).cloned();
        let name = &notebook.name;
        let lab = lab.with_context(|| format!("блокнота {name} нет в lab-crate/labs.toml"))?;
        Ok((notebook, lab))
    };
    notebook::all(workspace)?.into_iter().map(with_lab).collect()
}

/// The task with that number.
///
/// # Errors
/// When there is none; the error names all.
pub fn find<'a>(labs: &'a [Lab], id: &str) -> Result<&'a Task> {
    let mut tasks = labs.iter().flat_map(|lab| &lab.tasks);
    if let Some(task) = tasks.find(|task| task.id == id) {
        return Ok(task);
    }
    let known: Vec<&str> = labs.iter().flat_map(|lab| &lab.tasks).map(|t| t.id.as_str()).collect();
    bail!("нет задания {id}; есть {}", known.join(", "))
}

/// The labs that a text names.
///
/// # Errors
/// When it is not what it should be, or names a task twice.
pub fn parse(text: &str) -> Result<Vec<Lab>> {
    let Labs { lab: labs } = toml::from_str(text).context("это не таблица заданий")?;
    let mut seen = std::collections::HashSet::new();
    for task in labs.iter().flat_map(|lab| &lab.tasks) {
        if !seen.insert(&task.id) || !seen.insert(&task.function) {
            bail!("задание {} ({}) названо дважды", task.id, task.function);
        }
    }
    Ok(labs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_task_of_the_lab_has_its_cells() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = Workspace::at(&root);
        let labs = labs(&workspace).unwrap();
        let notebooks = crate::notebook::all(&workspace).unwrap();
        let names = |labs: &[Lab]| labs.iter().map(|lab| lab.notebook.clone()).collect::<Vec<_>>();
        assert_eq!(names(&labs), notebooks.iter().map(|n| n.name.clone()).collect::<Vec<_>>());
        for (lab, notebook) in labs.iter().zip(&notebooks) {
            for task in &lab.tasks {
                let Task { id, function, .. } = task;
                for mark in [
                    format!("// TODO({id}):"),
                    format!("fn {function}("),
                    format!("\ncheck::{function}({function})?;"),
                    format!("lab::ready::{function}("),
                ] {
                    assert_eq!(
                        notebook.text.matches(&mark).count(),
                        1,
                        "{mark} in {}",
                        lab.notebook
                    );
                }
            }
        }
    }

    #[test]
    fn a_task_named_twice_is_an_error() {
        let task =
            "[[lab.task]]\nid = \"1.1\"\nfunction = \"f\"\ntitle = \"\"\npoints = 1\nhints = []\n";
        let text = format!("[[lab]]\nnotebook = \"01-a\"\n{task}{task}");
        assert!(parse(&text).unwrap_err().to_string().contains("1.1"));
        assert!(parse("[[lab]]\nnotebook = \"a\"\nnoise = 1").is_err());
        let labs = parse(&text.replacen(task, "", 1)).unwrap();
        assert_eq!(find(&labs, "1.1").unwrap().function, "f");
        assert_eq!(find(&labs, "7").unwrap_err().to_string(), "нет задания 7; есть 1.1");
    }
}
