//! The Python files that travel inside this program: written below `target/lab/python`, run from there.
//!
//! They import one another, so all of them are written together. Not here: what each of them does.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{child, stamp};

/// What makes the versions of a notebook; a copy made by another one is stale.
pub const VERSIONS: &str = include_str!("../python/versions.py");

/// All of them, by name.
const FILES: [(&str, &str); 19] = [
    ("answers.py", include_str!("../python/answers.py")),
    ("bench.py", include_str!("../python/bench.py")),
    ("classroom.py", include_str!("../python/classroom.py")),
    ("execute.py", include_str!("../python/execute.py")),
    ("failures.py", include_str!("../python/failures.py")),
    ("files.py", include_str!("../python/files.py")),
    ("grade.py", include_str!("../python/grade.py")),
    ("jupyterhub_config.py", include_str!("../python/jupyterhub_config.py")),
    ("notebooks.py", include_str!("../python/notebooks.py")),
    ("pictures.py", include_str!("../python/pictures.py")),
    ("report.py", include_str!("../python/report.py")),
    ("report_pdf.py", include_str!("../python/report_pdf.py")),
    ("reset.py", include_str!("../python/reset.py")),
    ("seat.py", include_str!("../python/seat.py")),
    ("slides.py", include_str!("../python/slides.py")),
    ("student_report.py", include_str!("../python/student_report.py")),
    ("torch_bench.py", include_str!("../python/torch_bench.py")),
    ("transcript.py", include_str!("../python/transcript.py")),
    ("versions.py", VERSIONS),
];

/// The path of one of them; all are there when this returns.
///
/// # Errors
/// When one cannot be written.
pub fn path(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let dir = workspace.lab_dir().join("python");
    for (name, text) in FILES {
        stamp::write_if_changed(&dir.join(name), text)?;
    }
    Ok(dir.join(name))
}

/// The environment's Python with one of them to run.
///
/// # Errors
/// As for [`path`].
pub fn command(workspace: &Workspace, name: &str) -> Result<Command> {
    let mut command = child::command(workspace, workspace.venv_python());
    command.arg(path(workspace, name)?);
    Ok(command)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_script_travels_along_and_is_written() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            // nbgrader's configuration is written into its course (`course.rs`).
            if name.ends_with(".py") && name != "nbgrader_config.py" {
                assert!(path(&workspace, &name).unwrap().exists(), "{name}");
            }
        }
    }
}
