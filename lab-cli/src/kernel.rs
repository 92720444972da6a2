//! The Jupyter kernel as files: its program, its template of built dependencies, its kernelspec.
//!
//! Not here: the kernel itself, see the crate `lab-kernel`; this file only calls cargo and that program.

use std::process::Command;

use anyhow::{Context, Result};

use crate::child;
use crate::step::Step;
use crate::workspace::Workspace;

/// Lets cargo build the kernel; returns whether anything was compiled.
///
/// # Errors
/// When it does not compile.
pub fn build(workspace: &Workspace, step: &Step) -> Result<bool> {
    let mut cargo = child::cargo(workspace);
    cargo
        .args(["build", "--package", "lab-kernel"])
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100");
    let mut compiled = false;
    child::run_with(workspace, cargo, "kernel-build", |line| {
        compiled |= line.trim_start().starts_with("Compiling");
        if let Some(text) = progress(line) {
            step.detail(&text);
        }
    })
    .context("ядро не собралось; чего не хватает, скажет cargo lab doctor")?;
    Ok(compiled)
}

/// Builds the template where it is missing or stale; returns whether there was something to do.
///
/// # Errors
/// When the library does not compile.
pub fn template(workspace: &Workspace, step: &Step) -> Result<bool> {
    let mut template = command(workspace, "template");
    template.env("CARGO_TERM_COLOR", "never");
    let lines = child::run(workspace, template, "kernel-template", step)
        .context("зависимости ячеек не собрались; чего не хватает, скажет cargo lab doctor")?;
    Ok(lines > 0)
}

/// Writes the kernelspec into the Python environment.
///
/// # Errors
/// When it cannot be written.
pub fn install(workspace: &Workspace, step: &Step) -> Result<()> {
    let mut install = command(workspace, "install");
    install.arg("--prefix").arg(workspace.venv());
    child::run(workspace, install, "kernel-install", step).context("kernelspec не записан")?;
    Ok(())
}

fn command(workspace: &Workspace, task: &str) -> Command {
    let mut command = child::command(workspace, workspace.kernel_program());
    command
        .arg(task)
        .arg("--lab-crate")
        .arg(workspace.lab_crate())
        .arg("--home")
        .arg(workspace.kernel_home());
    command
}

/// Cargo's bar `Building [==> ] 12/345: a, b` as `12 из 345 · a`.
fn progress(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("Building [")?;
    let (_, rest) = rest.split_once("] ")?;
    let (count, names) = rest.split_once(": ")?;
    let (done, total) = count.trim().split_once('/')?;
    let name = names.split(',').next().unwrap_or_default().trim();
    Some(format!("{done} из {total} · {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_bar_is_read() {
        let line = "    Building [====>      ] 12/345: serde, candle-core(build.rs)";
        assert_eq!(progress(line).as_deref(), Some("12 из 345 · serde"));
        assert_eq!(progress("   Compiling serde v1.0.0"), None);
    }
}
