//! Child processes: a clean environment, output into a log with its last line shown, useful errors.
//!
//! Not here: which programs are run and why. Read next: `setup.rs`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::step::Step;
use crate::workspace::Workspace;

/// How many lines of a failed program's output an error quotes.
const QUOTED_LINES: usize = 25;

/// Variables that `cargo run` sets for this program and that would mislead a cargo or a Python below it.
const CLEARED: [&str; 13] = [
    "CARGO",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_CRATE_NAME",
    "CARGO_BIN_NAME",
    "CARGO_PRIMARY_PACKAGE",
    "OUT_DIR",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
];

/// Where the system's loader looks for shared libraries. `cargo run` puts its build folders there, and
/// a cell would load the workspace's `lab` from them instead of the one it was compiled against.
const LIBRARY_PATHS: [&str; 2] = ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// A command in the lab's folder and environment; nothing of the user's Jupyter is read or changed.
pub fn command(workspace: &Workspace, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace.root());
    for name in CLEARED {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    if let Some(built) = workspace.kernel_program().parent() {
        for name in LIBRARY_PATHS {
            if let Some(old) = std::env::var_os(name) {
                command.env(name, without(&old, built));
            }
        }
    }
    let jupyter = workspace.lab_dir().join("jupyter");
    command
        .env("PATH", path_with(&workspace.venv_bin()))
        .env("PYTHONNOUSERSITE", "1")
        .env("PYTHONUTF8", "1")
        .env("JUPYTER_PREFER_ENV_PATH", "1")
        .env("JUPYTER_PLATFORM_DIRS", "1")
        .env("JUPYTER_PATH", workspace.venv().join("share/jupyter"))
        .env("JUPYTER_DATA_DIR", jupyter.join("data"))
        .env("JUPYTER_CONFIG_DIR", jupyter.join("config"))
        .env("JUPYTER_RUNTIME_DIR", jupyter.join("runtime"))
        .env("IPYTHONDIR", jupyter.join("ipython"));
    command
}

/// Cargo in the lab's environment; its progress is written even into a pipe.
pub fn cargo(workspace: &Workspace) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(workspace, program)
}

/// Runs a program to its end; its output goes to `target/lab/logs/<log>.log`, the last line of it into `step`.
/// Returns how many lines it printed.
///
/// # Errors
/// When it does not start, or ends with another status than 0 (the error quotes its last lines).
pub fn run(workspace: &Workspace, command: Command, log: &str, step: &Step) -> Result<usize> {
    run_with(workspace, command, log, |line| step.detail(&shorten(line)))
}

/// [`run`], with each line of output given to `watch` instead.
///
/// # Errors
/// As for [`run`].
pub fn run_with(
    workspace: &Workspace,
    mut command: Command,
    log: &str,
    mut watch: impl FnMut(&str),
) -> Result<usize> {
    let name = command.get_program().to_string_lossy().into_owned();
    let log_path = log_path(workspace, log)?;
    let mut log_file = File::create(&log_path)
        .with_context(|| format!("не удалось создать {}", log_path.display()))?;
    let (reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| not_started(&name))?;
    drop(command); // It holds the pipe's writing end.
    let mut count = 0;
    for_each_line(reader, |line| {
        count += 1;
        let _ = writeln!(log_file, "{line}");
        watch(line);
    })?;
    let status = child.wait()?;
    if status.success() {
        return Ok(count);
    }
    bail!(
        "{name}: {status}. Последние строки вывода:\n{}\nвесь вывод: {}",
        last_lines(&std::fs::read_to_string(&log_path).unwrap_or_default(), QUOTED_LINES),
        workspace.short(&log_path)
    );
}

/// Runs a program to its end and takes what it says.
///
/// # Errors
/// When it does not start.
pub fn output(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.output().with_context(|| not_started(&name))
}

/// Runs a program whose output goes straight to the terminal; whether it ends well.
///
/// # Errors
/// When it does not start.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    let name = command.get_program().to_string_lossy().into_owned();
    Ok(command.status().with_context(|| not_started(&name))?.success())
}

/// What is told of a program that did not start.
fn not_started(name: &str) -> String {
    format!(
        "не удалось запустить {name}: есть ли эта программа? Чего не хватает, скажет cargo lab doctor"
    )
}

/// Puts a program in the place of this one, so that Ctrl-C reaches it alone; where the system cannot,
/// waits for its end.
///
/// # Errors
/// When it does not start.
pub fn replace_with(mut command: Command) -> Result<bool> {
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(&mut command).into());
    #[cfg(not(unix))]
    Ok(command.status()?.success())
}

/// Where the output of a step is kept.
///
/// # Errors
/// When the folder cannot be made.
pub fn log_path(workspace: &Workspace, log: &str) -> Result<PathBuf> {
    let dir = workspace.lab_dir().join("logs");
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("не удалось создать папку {}", dir.display()))?;
    Ok(dir.join(format!("{log}.log")))
}

/// Splits at `\n` and at `\r`, so that progress bars count as lines.
fn for_each_line(mut reader: impl Read, mut each: impl FnMut(&str)) -> Result<()> {
    let mut line = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let length = reader.read(&mut buffer)?;
        for &byte in &buffer[..length] {
            match byte {
                b'\n' | b'\r' if line.is_empty() => {}
                b'\n' | b'\r' => {
                    each(String::from_utf8_lossy(&line).trim_end());
                    line.clear();
                }
                _ => line.push(byte),
            }
        }
        if length == 0 {
            break;
        }
    }
    if !line.is_empty() {
        each(&String::from_utf8_lossy(&line));
    }
    Ok(())
}

/// At most 60 characters of a line, for a progress line.
pub fn shorten(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn path_with(first: &Path) -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(first.to_path_buf()).chain(std::env::split_paths(&old));
    std::env::join_paths(paths).unwrap_or(old)
}

/// The folders of a search path that do not lie in `dir`.
fn without(paths: &OsStr, dir: &Path) -> std::ffi::OsString {
    let kept = std::env::split_paths(paths).filter(|path| !path.starts_with(dir));
    std::env::join_paths(kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn carriage_returns_separate_lines() {
        let mut seen = Vec::new();
        for_each_line("a\r\nb\rc\n\nпоследняя".as_bytes(), |line| {
            seen.push(line.to_owned())
        })
        .unwrap();
        assert_eq!(seen, ["a", "b", "c", "последняя"]);
    }

    #[test]
    fn long_lines_are_cut_at_a_character() {
        assert_eq!(shorten(" короткая "), "короткая");
        assert_eq!(shorten(&"ж".repeat(70)), format!("{}…", "ж".repeat(60)));
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
    }

    #[cfg(unix)]
    #[test]
    fn the_build_folders_leave_the_library_path() {
        let old = OsStr::new("/w/target/debug/deps:/w/target/debug:/opt/lib");
        assert_eq!(without(old, Path::new("/w/target/debug")), "/opt/lib");
        assert_eq!(without(OsStr::new("/w/target/debug"), Path::new("/w/target/debug")), "");
    }

    #[cfg(unix)]
    #[test]
    fn a_failed_program_is_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        let mut failing = command(&workspace, "sh");
        failing.args(["-c", "echo первая; echo вторая >&2; exit 3"]);
        let error = run_with(&workspace, failing, "x", |_| {}).unwrap_err().to_string();
        assert!(error.contains("первая\nвторая"), "{error}");
        assert!(error.ends_with("весь вывод: target/lab/logs/x.log"), "{error}");
    }
}
