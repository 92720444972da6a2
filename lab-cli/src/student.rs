//! The student's copies: the `.ipynb` files made from the sources, and never overwritten once changed.
//!
//! The hash of each file is remembered when it is made; a file with another hash belongs to the student.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::child;
use crate::notebook::{self, Notebook};
use crate::stamp::{self, Fingerprint};
use crate::step::Step;
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

/// Makes the copies that are missing or unchanged and stale.
///
/// # Errors
/// When a notebook cannot be read, converted or written.
pub fn ensure(workspace: &Workspace) -> Result<()> {
    for notebook in notebook::all(workspace)? {
        let copy = notebook.source.with_extension("ipynb");
        let source = Fingerprint::default().text("source", &notebook.text).finish();
        let file = stamp::sha256(&copy)?;
        match plan(read(workspace, &notebook.name).as_ref(), &source, file.as_deref()) {
            Plan::Keep => {}
            Plan::KeepOlder => println!(
                "{}: вы его изменили, оставляю как есть, хотя исходный блокнот обновился. \
                 Чтобы получить новый, переименуйте свой файл и повторите команду",
                workspace.short(&copy)
            ),
            Plan::Make => make(workspace, &notebook, &copy, source)?,
        }
    }
    Ok(())
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

fn make(workspace: &Workspace, notebook: &Notebook, copy: &Path, source: String) -> Result<()> {
    let step = Step::start(format!("Блокнот {}", workspace.short(copy)));
    let part = workspace.lab_dir().join(format!("{}.part.ipynb", notebook.name));
    let mut jupytext = child::command(workspace, workspace.venv_python());
    jupytext.args(["-m", "jupytext", "--quiet", "--to", "ipynb", "--output"]);
    jupytext.arg(&part).arg(&notebook.source);
    child::run(workspace, jupytext, "jupytext", &step).with_context(|| {
        format!("не удалось сделать {} из исходного .md", workspace.short(copy))
    })?;
    let file = stamp::sha256(&part)?.context("jupytext wrote nothing")?;
    fs::copy(&part, copy).with_context(|| format!("не удалось записать {}", copy.display()))?;
    let _ = fs::remove_file(&part);
    let made = serde_json::to_string(&Made { source, file })?;
    stamp::write(&record(workspace, &notebook.name), &made)?;
    step.done("");
    Ok(())
}

fn read(workspace: &Workspace, name: &str) -> Option<Made> {
    serde_json::from_slice(&fs::read(record(workspace, name)).ok()?).ok()
}

fn record(workspace: &Workspace, name: &str) -> PathBuf {
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
