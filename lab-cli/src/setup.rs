//! Set-up: all that must be there before a notebook can run, made where it is missing.
//!
//! What is done is not done again: each step looks first. Not here: the steps themselves, see
//! `toolchain.rs`, `venv.rs`, `jupyter.rs`, `kernel.rs`, `fetch.rs`.

use anyhow::Result;

use crate::dataset::{DataFile, FILES, State};
use crate::record::Record;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{fetch, jupyter, kernel, notebook, toolchain, venv};

/// Everything: the tools, then the data. Missing data are announced, not an error: the library draws a
/// stand-in, or its error names the command that brings them.
///
/// # Errors
/// When the tools cannot be made.
pub fn everything(workspace: &Workspace) -> Result<()> {
    tools(workspace)?;
    data(workspace)
}

/// The Python environment alone: for what only reads and writes notebooks.
///
/// # Errors
/// When it cannot be made.
pub fn python(workspace: &Workspace) -> Result<()> {
    step(workspace, "Программы Python (.venv)", venv::ensure)
}

/// The standard library's sources, the Python environment with Jupyter's settings, the kernel, its template and
/// its kernelspec.
///
/// # Errors
/// When one of them cannot be made.
pub fn tools(workspace: &Workspace) -> Result<()> {
    step(workspace, "Исходники std (rust-src)", toolchain::ensure_sources)?;
    python(workspace)?;
    step(workspace, "Ядро Rust", kernel::build)?;
    step(workspace, "Зависимости ячеек", kernel::template)?;
    let writing = Step::start("Описание ядра для Jupyter");
    kernel::install(workspace, &writing)?;
    jupyter::configure(workspace)?;
    writing.quiet();
    Ok(())
}

/// The data sets that the notebooks ask for and that are not in the cache yet.
///
/// # Errors
/// When the notebooks cannot be read; a set that cannot be had is told only.
pub fn data(workspace: &Workspace) -> Result<()> {
    let notebooks = notebook::all(workspace)?;
    let is_asked_for =
        |file: &&DataFile| notebooks.iter().any(|notebook| file.is_asked_for(&notebook.text));
    let started = std::time::Instant::now();
    let (mut brought, mut all_there) = (false, true);
    for file in FILES.iter().filter(is_asked_for) {
        if !file.state(workspace).is_ok_and(|state| state == State::Good) {
            brought = true;
            all_there &= fetch::bring(workspace, file);
        }
    }
    if brought && all_there {
        remember(workspace, "Данные", started.elapsed().as_secs_f64());
    }
    Ok(())
}

/// One step: shown, timed, and remembered when there was something to do.
///
/// # Errors
/// Those of the work.
pub fn step(
    workspace: &Workspace,
    title: &str,
    work: impl Fn(&Workspace, &Step) -> Result<bool>,
) -> Result<()> {
    let step = Step::start(title);
    match work(workspace, &step) {
        Ok(true) => {
            let seconds = step.done("готово");
            remember(workspace, title, seconds);
            Ok(())
        }
        Ok(false) => {
            step.quiet();
            Ok(())
        }
        Err(error) => {
            step.fail("не удалось");
            Err(error)
        }
    }
}

fn remember(workspace: &Workspace, name: &str, seconds: f64) {
    let mut record = Record::read(workspace);
    record.add(name, seconds);
    // A record that cannot be written must not stop the work it is about.
    if let Err(error) = record.write(workspace) {
        println!("запись о подготовке не сохранена: {error:#}");
    }
}
