//! The runtime role: the process that loads the compiled cells and runs them.
//!
//! It speaks evcxr's line protocol (`LOAD_AND_RUN <file> <function>` in, `EVCXR_EXECUTION_COMPLETE` out).
//! Beside that it has a panic hook that reports panics as one marked line (see `marker.rs`) and a thread
//! that flushes unfinished lines so that `print!` shows at once. Both reach the cells because kernel and
//! cells share one dynamic libstd. Instructions are read byte by byte past std's stdin, which stays free
//! for the cells. The process dies with the shim.
//!
//! One of two files with `unsafe` (the other is `heap.rs`): running a compiled cell means calling into a shared object.

#![allow(unsafe_code, reason = "a compiled cell is a function in a shared object")]

use std::ffi::c_void;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::frame::Fault;
use crate::marker::PANIC;

/// How long `print!` without a newline may wait before it is shown.
const FLUSH_EVERY: Duration = Duration::from_millis(40);

/// What evcxr generates for a cell: takes and returns its store of variables.
type CellFn = extern "C" fn(*mut c_void) -> *mut c_void;

/// Runs the cells that evcxr sends until it closes our input.
///
/// # Errors
/// When an instruction is unknown or a cell cannot be loaded.
pub fn run() -> Result<()> {
    // Without the shim nobody would read our output: die with it.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    std::panic::set_hook(Box::new(report_panic));
    std::thread::Builder::new().name("flush".to_owned()).spawn(|| {
        loop {
            std::thread::sleep(FLUSH_EVERY);
            let _ = std::io::stdout().flush();
        }
    })?;
    let mut variables = std::ptr::null_mut();
    while let Some(line) = next_line()? {
        // The file's path may hold spaces, the function's name cannot.
        let words = line.strip_prefix("LOAD_AND_RUN ").and_then(|rest| rest.rsplit_once(' '));
        let Some((file, function)) = words else {
            bail!("unknown instruction {line:?}, LOAD_AND_RUN was expected");
        };
        variables = run_cell(file, function, variables)?;
        println!("EVCXR_EXECUTION_COMPLETE");
    }
    // Destructors of loaded cells may be gone already: leave without running any.
    std::process::exit(0);
}

fn run_cell(file: &str, function: &str, variables: *mut c_void) -> Result<*mut c_void> {
    // SAFETY: the file was compiled by evcxr a moment ago from the student's code; its initializers are
    // Rust's own. Loading it is what this process is for.
    let library = unsafe { libloading::Library::new(file) }
        .with_context(|| format!("the cell {file} cannot be loaded"))?;
    // SAFETY: evcxr gives every function of this name exactly this signature.
    let cell = unsafe { library.get::<CellFn>(function.as_bytes()) }
        .with_context(|| format!("the cell {file} has no function {function}"))?;
    let variables = cell(variables);
    // Never unloaded: variables and threads may use its code for as long as the process lives.
    std::mem::forget(library);
    Ok(variables)
}

/// The next line of our input; `None` at its end.
fn next_line() -> Result<Option<String>> {
    let mut line = Vec::new();
    let mut byte = [0u8];
    loop {
        match rustix::io::read(rustix::stdio::stdin(), &mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) if byte[0] == b'\n' => return Ok(Some(String::from_utf8(line)?)),
            Ok(_) => line.push(byte[0]),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn report_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("Box<dyn Any>").to_owned();
    let (file, line) =
        info.location().map_or((String::new(), 0), |at| (at.file().to_owned(), at.line() as usize));
    let fault = Fault { name: "panic".to_owned(), message, file, line };
    let Ok(json) = serde_json::to_string(&fault) else { return };
    // Straight to the descriptor: the panic may have been raised while stdout was borrowed.
    let text = format!("{PANIC}{json}\n");
    let mut bytes = text.as_bytes();
    while !bytes.is_empty() {
        match rustix::io::write(rustix::stdio::stdout(), bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
