//! `cargo lab up`: set-up, the student's notebooks, then JupyterLab in the place of this program.

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
    setup::everything(workspace)?;
    let kind = if args.solutions { Kind::Solved } else { Kind::Student };
    student::ensure(workspace, kind)?;
    println!("Запускаю JupyterLab; остановить: Ctrl-C дважды");
    child::replace_with(jupyter(workspace, args, kind)?)
        .context("JupyterLab не запустился; что не так, скажет cargo lab doctor")
}

fn jupyter(workspace: &Workspace, args: &UpArgs, kind: Kind) -> Result<Command> {
    let first = notebook::all(workspace)?;
    let mut jupyter = child::command(workspace, workspace.venv_python());
    jupyter.args(["-m", "jupyterlab"]);
    jupyter.arg(format!("--ServerApp.root_dir={}", workspace.notebooks().display()));
    // Live figures and long outputs are what the lab is about; Jupyter's limits would cut them.
    jupyter.args([
        "--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=1e10",
        "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=1e6",
    ]);
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
