//! The copies that JupyterLab opens: `.ipynb` files made from the sources, and never overwritten once changed.
//!
//! `NN-name.ipynb` is the student's version, `NN-name-solution.ipynb` the one with solutions.
//!
//! The hash of each file is remembered when it is made; a file with another hash belongs to the student.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::notebook::Notebook;
use crate::release::{self, Kind};
use crate::scripts;
use crate::stamp::{self, Fingerprint};
use crate::step::Step;
use crate::task::{self, Lab};
use crate::workspace::Workspace;

/// What was made: beside the file's own hash, the hash of the source it was made from.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Made {
    source: String,
    file: String,
}

/// What is to be done with a copy.
#[derive(Debug, PartialEq)]
enum Plan {
    /// Make it (anew).
    Make,
    /// It is up to date.
    Keep,
    /// The student changed it, and the source has changed since; the student's stays.
    KeepOlder,
}

/// Makes the copies of one kind that are missing or unchanged and stale.
///
/// # Errors
/// When a notebook cannot be read, converted or written.
pub fn ensure(workspace: &Workspace, kind: Kind) -> Result<()> {
    for (notebook, lab) in task::notebooks(workspace)? {
        let copy = path(&notebook, kind);
        let tasks = serde_json::to_string(&lab)?;
        let source = Fingerprint::default()
            .text("source", &notebook.text)
            .text("tasks", &tasks)
            .text("maker", scripts::VERSIONS)
            .finish();
        let file = stamp::sha256(&copy)?;
        match plan(read(workspace, &copy).as_ref(), &source, file.as_deref()) {
            Plan::Keep => {}
            Plan::KeepOlder => println!(
                "{}: вы его изменили, оставляю как есть, хотя исходный блокнот обновился. \
                 Чтобы получить новый, переименуйте свой файл и повторите команду",
                workspace.short(&copy)
            ),
            Plan::Make => make(workspace, &notebook, &lab, kind, source)?,
        }
    }
    Ok(())
}

/// Where the copy of a notebook lies.
pub fn path(notebook: &Notebook, kind: Kind) -> PathBuf {
    let suffix = if kind == Kind::Student { "" } else { "-solution" };
    notebook.source.with_file_name(format!("{}{suffix}.ipynb", notebook.name))
}

fn plan(made: Option<&Made>, source: &str, file: Option<&str>) -> Plan {
    match (made, file) {
        (_, None) => Plan::Make,
        (Some(made), _) if made.source == source => Plan::Keep,
        (Some(made), Some(file)) if made.file == file => Plan::Make,
        // Also a file that we know nothing of: it is somebody's.
        _ => Plan::KeepOlder,
    }
}

fn make(
    workspace: &Workspace,
    notebook: &Notebook,
    lab: &Lab,
    kind: Kind,
    source: String,
) -> Result<()> {
    let copy = path(notebook, kind);
    let step = Step::start(format!("Блокнот {}", workspace.short(&copy)));
    release::make(workspace, notebook, lab, kind, &copy)
        .with_context(|| format!("не удалось сделать {}", workspace.short(&copy)))?;
    let file = stamp::sha256(&copy)?.context("versions.py wrote nothing")?;
    let made = serde_json::to_string(&Made { source, file })?;
    stamp::write(&record(workspace, &copy), &made)?;
    step.done("");
    Ok(())
}

fn read(workspace: &Workspace, copy: &Path) -> Option<Made> {
    serde_json::from_slice(&fs::read(record(workspace, copy)).ok()?).ok()
}

fn record(workspace: &Workspace, copy: &Path) -> PathBuf {
    let name = copy.file_stem().unwrap_or_default().to_string_lossy();
    workspace.lab_dir().join("student").join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_copy_is_never_made_anew() {
        let made = Made { source: "s1".into(), file: "f1".into() };
        assert_eq!(plan(None, "s1", None), Plan::Make);
        assert_eq!(plan(Some(&made), "s1", None), Plan::Make, "deleted");
        assert_eq!(plan(Some(&made), "s1", Some("f1")), Plan::Keep);
        assert_eq!(plan(Some(&made), "s1", Some("edited")), Plan::Keep);
        assert_eq!(plan(Some(&made), "s2", Some("f1")), Plan::Make);
        assert_eq!(plan(Some(&made), "s2", Some("edited")), Plan::KeepOlder);
        assert_eq!(plan(None, "s1", Some("unknown")), Plan::KeepOlder);
    }
}
