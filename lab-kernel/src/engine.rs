//! The engine: evcxr's context on a thread of its own, asked through a channel.
//!
//! It warms up as soon as it starts (template, library, rust-analyzer), so that the first cell finds it
//! ready. This file knows nothing of Jupyter; how an outcome becomes messages is in `failure.rs` and `shell.rs`.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Context, Result};
use evcxr::{CommandContext, Error, EvalCallbacks, EvalContext};
use tokio::sync::oneshot;

use crate::completion::{self, Completion};
use crate::failure::Failure;
use crate::home::Home;
use crate::{dependency, outlines, session, shim, template};

/// Asks the student for a line: prompt, and whether it is a password.
pub type Ask = Box<dyn Fn(&str, bool) -> String + Send>;

/// What became of a cell as far as evcxr can tell.
pub enum Outcome {
    /// It ran; rich output of evcxr's own commands by MIME type.
    Ran(HashMap<String, String>),
    /// It did not compile, or evcxr refused it.
    Refused(Failure),
    /// The runtime ended while it ran.
    Died,
}

enum Job {
    Execute(String, Ask, oneshot::Sender<Outcome>),
    Complete(String, usize, oneshot::Sender<Option<Completion>>),
    Inspect(String, usize, oneshot::Sender<Option<(String, String)>>),
}

/// Handle of the engine's thread.
#[derive(Clone)]
pub struct Engine {
    jobs: Sender<Job>,
    /// How the library is named in a cell, wherever the notebook lies.
    dependency: Option<String>,
}

impl Engine {
    /// Starts the thread for the session in `dir`; `progress` hears (done, total, crate) while a
    /// template is built.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(
        home: Home,
        dir: PathBuf,
        mut progress: impl FnMut(u32, u32, &str) + Send + 'static,
    ) -> Result<Engine> {
        let (jobs, inbox) = channel();
        let dependency = home.lab_crate.as_deref().map(template::dependency_line).transpose()?;
        std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            // Held for as long as the kernel lives: its cells are linked with what lies there.
            let mut held = None;
            let mut open = || -> Result<CommandContext> {
                let template = held.insert(template::ensure(&home, &mut progress)?);
                session::use_template(&dir, &template.dir)?;
                session::set_warming(&dir, true)?;
                let context = warm_up(&home, &dir, &template.dir)?;
                session::set_warming(&dir, false)?;
                Ok(context)
            };
            serve(&inbox, &mut open);
        })?;
        Ok(Engine { jobs, dependency })
    }

    /// Runs a cell.
    pub async fn execute(&self, code: String, ask: Ask) -> Outcome {
        let code = match &self.dependency {
            Some(line) => dependency::found(&code, line, Path::new(".")).into_owned(),
            None => code,
        };
        let (reply, answer) = oneshot::channel();
        let _ = self.jobs.send(Job::Execute(code, ask, reply));
        answer.await.unwrap_or(Outcome::Refused(Failure::plain(
            "Ядро",
            "движок остановлен, перезапустите ядро",
        )))
    }

    /// Completions at a character offset.
    pub async fn complete(&self, code: String, cursor: usize) -> Option<Completion> {
        let (reply, answer) = oneshot::channel();
        let _ = self.jobs.send(Job::Complete(code, cursor, reply));
        answer.await.ok().flatten()
    }

    /// Documentation at a character offset: plain text and HTML.
    pub async fn inspect(&self, code: String, cursor: usize) -> Option<(String, String)> {
        let (reply, answer) = oneshot::channel();
        let _ = self.jobs.send(Job::Inspect(code, cursor, reply));
        answer.await.ok().flatten()
    }
}

fn serve(inbox: &Receiver<Job>, open: &mut dyn FnMut() -> Result<CommandContext>) {
    let mut context = open();
    for job in inbox {
        if context.is_err() {
            // Perhaps the cause is mended (a library that did not compile): try once a cell.
            context = open();
        }
        match (&mut context, job) {
            (Ok(context), Job::Execute(code, ask, reply)) => {
                let _ = reply.send(execute(context, &code, &ask));
            }
            (Err(error), Job::Execute(_, _, reply)) => {
                let text = format!("{error:#}");
                let _ = reply.send(Outcome::Refused(Failure::plain("Ядро не запустилось", &text)));
            }
            (Ok(context), Job::Complete(code, cursor, reply)) => {
                let found = quietly(|| completion::complete(context, &code, cursor));
                let _ = reply.send(found.flatten());
            }
            (Ok(context), Job::Inspect(code, cursor, reply)) => {
                let found = quietly(|| completion::inspect(context, &code, cursor));
                let _ = reply.send(found.flatten());
            }
            (Err(_), Job::Complete(_, _, reply)) => drop(reply.send(None)),
            (Err(_), Job::Inspect(_, _, reply)) => drop(reply.send(None)),
        }
    }
}

fn execute(context: &mut CommandContext, code: &str, ask: &Ask) -> Outcome {
    let mut callbacks =
        EvalCallbacks { input_reader: &|request| ask(&request.prompt, request.is_password) };
    let result = quietly(|| context.execute_with_callbacks(code, &mut callbacks));
    match result {
        None => Outcome::Refused(Failure::plain(
            "Ошибка движка",
            "evcxr не справился с этой ячейкой; перепишите её иначе или перезапустите ядро",
        )),
        Some(Ok(outputs)) => Outcome::Ran(outputs.content_by_mime_type),
        Some(Err(Error::SubprocessTerminated(_))) => Outcome::Died,
        Some(Err(Error::CompilationErrors(errors))) => {
            Outcome::Refused(Failure::from_compiler(&errors, code))
        }
        Some(Err(other)) => Outcome::Refused(Failure::plain("Ошибка", &other.to_string())),
    }
}

/// Runs evcxr code that may panic on odd input; `None` when it did.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Starts evcxr with the shim as its runtime.
///
/// # Errors
/// With evcxr's own text.
pub fn open_context() -> Result<CommandContext> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(shim::ROLE, "shim");
    let (eval, outputs) = EvalContext::with_subprocess_command(command)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("evcxr не запустился")?;
    // Everything a student sees comes through the shim; what is left here is for the log.
    for lines in [outputs.stdout, outputs.stderr] {
        std::thread::spawn(move || lines.into_iter().for_each(|line| eprintln!("{line}")));
    }
    Ok(CommandContext::with_eval_context(eval))
}

/// Opens a context and runs what every session begins with, in the session at `dir`.
///
/// rust-analyzer throws away most of what it has parsed whenever a cell comes. So evcxr's own first cell, which needs no names,
/// sees an empty standard library; names and types are then looked up together, for one cell that brings the library too.
///
/// # Errors
/// When evcxr does not start or refuses the library.
pub fn warm_up(home: &Home, dir: &Path, template: &Path) -> Result<CommandContext> {
    let Some(lab_crate) = &home.lab_crate else {
        outlines::use_in(dir, template)?;
        return open_context();
    };
    outlines::hide_in(dir)?;
    let mut context = open_context()?;
    outlines::use_in(dir, template)?;
    let dependency = template::dependency_line(lab_crate)?;
    // The first cell loads the library into the runtime, and what rust-analyzer knows of it. The variable is
    // given away again at once, so that none is left.
    let cells = template::warm_up_cells(lab_crate)?;
    let (first, others) = cells.split_first().unzip();
    let opened = first.is_some_and(|cell| is_done(&mut context, &format!("{dependency}\n{cell}")));
    if !opened {
        context.execute(&dependency)?;
    }
    for cell in others.into_iter().flatten() {
        is_done(&mut context, cell);
    }
    Ok(context)
}

/// Runs a cell of the library's own, which may fail: what matters comes from the student.
fn is_done(context: &mut CommandContext, cell: &str) -> bool {
    let done = context.execute(cell);
    if let Err(error) = &done {
        eprintln!("warm-up: {error}");
    }
    done.is_ok()
}
