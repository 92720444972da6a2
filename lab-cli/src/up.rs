//! `cargo lab up`: set-up, the student's notebooks, then JupyterLab in the place of this program.
//! `cargo lab setup` is the same without JupyterLab.

use std::process::Command;

use anyhow::{Context, Result};

use crate::args::UpArgs;
use crate::release::Kind;
use crate::workspace::Workspace;
use crate::{child, notebook, setup, student};

/// The command; returns when JupyterLab ends.
///
/// # Errors
/// When the set-up fails or JupyterLab does not start.
pub fn up(workspace: &Workspace, args: &UpArgs) -> Result<bool> {
    let kind = if args.solutions { Kind::Solved } else { Kind::Student };
    prepare(workspace, kind)?;
    println!("Запускаю JupyterLab; остановить: Ctrl-C дважды");
    child::replace_with(jupyter(workspace, args, kind)?)
        .context("JupyterLab не запустился; что не так, скажет cargo lab doctor")
}

/// All that JupyterLab needs, and the notebooks of one kind; always `true`.
///
/// # Errors
/// When the tools or the notebooks cannot be made.
pub fn prepare(workspace: &Workspace, kind: Kind) -> Result<bool> {
    setup::everything(workspace)?;
    student::ensure(workspace, kind)?;
    Ok(true)
}

fn jupyter(workspace: &Workspace, args: &UpArgs, kind: Kind) -> Result<Command> {
    let first = notebook::all(workspace)?;
    let mut jupyter = child::command(workspace, workspace.venv_python());
    jupyter.args(["-m", "jupyterlab"]);
    jupyter.arg(format!("--ServerApp.root_dir={}", workspace.notebooks().display()));
    if let Some(notebook) = first.first() {
        let copy = student::path(notebook, kind);
        let name = copy.file_name().unwrap_or_default().to_string_lossy();
        jupyter.arg(format!("--LabApp.default_url=/lab/tree/{name}"));
    }
    if args.no_browser {
        jupyter.arg("--no-browser");
    }
    if let Some(port) = args.port {
        jupyter.arg(format!("--port={port}"));
    }
    jupyter.args(&args.rest);
    Ok(jupyter)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn options_reach_jupyter() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        crate::stamp::write(&workspace.notebooks().join("01-a.md"), "").unwrap();
        let args = UpArgs {
            solutions: false,
            no_browser: true,
            port: Some(9000),
            rest: vec!["--debug".into()],
        };
        let command = jupyter(&workspace, &args, Kind::Student).unwrap();
        let given: Vec<_> =
            command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        for wanted in
            ["--no-browser", "--port=9000", "--debug", "--LabApp.default_url=/lab/tree/01-a.ipynb"]
        {
            assert!(given.iter().any(|arg| arg == wanted), "{wanted} in {given:?}");
        }
    }
}
