//! `lab-kernel`: a Jupyter kernel for Rust on the evcxr engine.
//!
//! One program in several roles. Read in this order:
//!
//! | file | what it is |
//! |---|---|
//! | `server.rs`, `shell.rs`, `heap.rs` | the kernel: channels, requests, running a cell, memory given back |
//! | `connection.rs`, `message.rs`, `signatures.rs` | who may talk to it, and which messages it takes |
//! | `engine.rs`, `dependency.rs`, `completion.rs`, `failure.rs`, `explain.rs` | evcxr on its thread, its answers and errors |
//! | `outbox.rs`, `cell.rs`, `link.rs` | what the runtime reports, as live messages |
//! | `shim.rs`, `marker.rs`, `frame.rs` | between evcxr and the runtime: sorts the output |
//! | `runtime.rs`, `orphan.rs` | the process that runs the cells, and what the cells start |
//! | `front.rs`, `memory.rs`, `patch.rs`, `moved.rs`, `graph.rs`, `guard.rs`, `progress.rs`, `tools.rs` | stands in for `cargo` to make builds of cells fast |
//! | `outline.rs`, `macro_outline.rs`, `cuts.rs`, `outlines.rs`, `std_source.rs` | what rust-analyzer reads in the place of sources |
//! | `home.rs`, `template.rs`, `role.rs`, `opening.rs`, `hold.rs`, `session.rs`, `tree.rs` | folders: built once, shared, cleaned up |
//!
//! It knows nothing of deep learning. The markers by which a cell shows pictures are in `marker.rs`.

mod block;
mod cell;
mod colours;
mod completeness;
mod completion;
mod connection;
mod cuts;
mod dependency;
mod engine;
mod explain;
mod failure;
mod frame;
mod front;
mod graph;
mod guard;
mod heap;
mod history;
mod hold;
mod home;
mod info;
mod install;
mod interrupt;
mod link;
mod macro_outline;
mod marker;
mod memory;
mod message;
mod moved;
mod opening;
mod orphan;
mod outbox;
mod outline;
mod outlines;
mod patch;
mod progress;
mod refusal;
mod role;
mod runtime;
mod server;
mod session;
mod shell;
mod shim;
mod signatures;
mod std_source;
mod stdin;
mod template;
mod tools;
mod tree;
mod utf8;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::home::Home;

#[derive(Parser)]
#[command(name = "lab-kernel", version, about = "Ядро Jupyter для Rust")]
struct Args {
    /// Файл соединения, который даёт Jupyter
    #[arg(long, value_name = "FILE")]
    connection_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Записать kernelspec «rust» в DIR/share/jupyter/kernels
    Install {
        /// Куда (например, .venv)
        #[arg(long, value_name = "DIR")]
        prefix: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Заранее собрать зависимости ячеек
    Template {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct Place {
    /// Библиотека, с которой начинается каждый сеанс
    #[arg(long, value_name = "DIR")]
    lab_crate: Option<PathBuf>,
    /// Папка ядра (по умолчанию target/lab/kernel)
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl Place {
    fn open(&self) -> Result<Home> {
        let root = self.home.clone().map_or_else(home::default_root, Ok)?;
        Home::open(&root, self.lab_crate.as_deref())
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("lab-kernel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<i32> {
    let mut args = std::env::args();
    let program = args.next().unwrap_or_default();
    let tool = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    if ["cargo", "rustup", "lab-rustc"].contains(&tool.as_str()) {
        return front::run(&tool, &args.collect::<Vec<_>>());
    }
    match std::env::var(shim::ROLE).as_deref() {
        Ok("shim") => return shim::run(),
        Ok("runtime") => return runtime::run().map(|()| 0),
        Ok("builder") => return template::build_role().map(|()| 0),
        Ok("rehearsal") => return opening::rehearse().map(|()| 0),
        _ => {}
    }
    let args = Args::parse();
    match (args.command, args.connection_file) {
        (Some(Task::Install { prefix, place }), _) => {
            let dir = install::install(&prefix, &place.open()?)?;
            println!("Ядро «Rust» записано в {}", dir.display());
        }
        (Some(Task::Template { place }), _) => build_template(&place.open()?)?,
        (None, Some(file)) => start_kernel(&file)?,
        (None, None) => anyhow::bail!("нужен --connection-file FILE или команда; см. --help"),
    }
    Ok(0)
}

fn build_template(home: &Home) -> Result<()> {
    if template::is_fresh(home)? {
        return Ok(());
    }
    let mut last = String::new();
    template::ensure(home, &mut |done, total, name| {
        let line =
            if total == 0 { name.to_owned() } else { format!("{done} из {total} · {name}") };
        if line != last {
            println!("Сборка зависимостей: {line}");
            last = line;
        }
    })?;
    Ok(())
}

/// Starts over in the session's environment (evcxr reads it), then serves.
fn start_kernel(connection_file: &Path) -> Result<()> {
    if std::env::var_os(session::SESSION).is_some() {
        return server::run(connection_file);
    }
    let home = Home::from_env()?;
    let environment = session::environment(&home, &session::new_dir(&home))?;
    let error = Command::new(std::env::current_exe()?)
        .arg("--connection-file")
        .arg(connection_file)
        .envs(environment)
        .exec();
    Err(error.into())
}
