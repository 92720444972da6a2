//! The sources of Rust's standard library: from them the engine of the cells learns types.
//!
//! Without them `let x = …` of a cell needs an explicit type. Rust's default installation lacks them.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::step::Step;
use crate::workspace::Workspace;

/// What to do by hand where rustup cannot help.
pub const CURE: &str = "rustup component add rust-src (без rustup: пакет rust-src вашей системы)";

/// What is told where there is no Rust.
const NO_RUST: &str = "не найден rustc: поставьте Rust программой rustup и повторите команду; чего ещё не хватает, скажет cargo lab doctor";

/// Brings the sources with rustup where they are missing; returns whether there was something to do.
///
/// # Errors
/// When they are missing and rustup is, too, or cannot bring them.
pub fn ensure_sources(workspace: &Workspace, step: &Step) -> Result<bool> {
    if sources(workspace)?.exists() {
        return Ok(false);
    }
    let mut rustup = child::command(workspace, "rustup");
    rustup.args(["component", "add", "rust-src"]);
    child::run(workspace, rustup, "rust-src", step)
        .with_context(|| format!("нет исходников стандартной библиотеки Rust: {CURE}"))?;
    if !sources(workspace)?.exists() {
        bail!("rustup не поставил исходники стандартной библиотеки Rust: {CURE}");
    }
    Ok(true)
}

/// Where the sources of `std` are, or would be.
///
/// # Errors
/// When rustc does not answer.
pub fn sources(workspace: &Workspace) -> Result<PathBuf> {
    Ok(sysroot(workspace)?.join("lib/rustlib/src/rust/library/std/src/lib.rs"))
}

/// The toolchain's folder: in its `bin` are the tools themselves, not rustup's stand-ins.
///
/// # Errors
/// When rustc does not answer.
pub fn sysroot(workspace: &Workspace) -> Result<PathBuf> {
    let mut rustc = child::command(workspace, "rustc");
    let output = rustc.args(["--print", "sysroot"]).output().context(NO_RUST)?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// What rustc says of itself, as `rustc 1.95.0 (…)`.
///
/// # Errors
/// When rustc does not answer.
pub fn version(workspace: &Workspace) -> Result<String> {
    let output = child::command(workspace, "rustc").arg("-V").output().context(NO_RUST)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
