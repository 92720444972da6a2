//! The session: one running kernel's own folder and environment.
//!
//! The folder holds evcxr's sources and the compiled cells, the kernel's socket and the interrupt flag.
//! A lock on it lives exactly as long as the kernel process; whoever finds a session folder whose
//! lock is free (the shim after a killed kernel, the next kernel at its start) removes it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

use crate::home::{HOME, Home, LAB_CRATE, SESSIONS};
use crate::{outlines, std_source, tools};

/// A session's folder younger than this may still be without its lock. A kernel's first sweep as an idle one (`shell.rs`)
/// comes later than that after its start, so that it removes what is left of the one before it.
pub const YOUNG: Duration = Duration::from_secs(10);
/// Environment variable with the session's folder.
pub const SESSION: &str = "LAB_KERNEL_SESSION";
/// Environment variable with the kernel's socket.
pub const SOCKET: &str = "LAB_KERNEL_SOCKET";
/// Environment variable with the interrupt flag's path; read by the library `lab`.
pub const INTERRUPT: &str = "LAB_INTERRUPT";
/// Environment variable with the user's own `CARGO_HOME`; empty when there was none.
const REAL_CARGO_HOME: &str = "LAB_KERNEL_CARGO_HOME";

/// Gives a child process the user's own `CARGO_HOME` back.
pub fn clean_environment(command: &mut std::process::Command) -> &mut std::process::Command {
    match std::env::var_os(REAL_CARGO_HOME) {
        None => command,
        Some(home) if home.is_empty() => command.env_remove("CARGO_HOME"),
        Some(home) => command.env("CARGO_HOME", home),
    }
}

/// A locked session folder; dropping it removes the folder.
pub struct Session {
    /// The folder.
    pub dir: PathBuf,
    _lock: File,
}

impl Session {
    /// Takes hold of the folder that the environment names.
    ///
    /// # Errors
    /// When it cannot be created or locked.
    pub fn from_env() -> Result<Session> {
        Session::take(std::env::var_os(SESSION).context("LAB_KERNEL_SESSION is not set")?.into())
    }

    fn take(dir: PathBuf) -> Result<Session> {
        let place = dir.join("lock");
        if is_locked(&place) {
            anyhow::bail!("папка сеанса {} занята", dir.display());
        }
        fs::create_dir_all(dir.join("src"))?;
        // Locked before it has its name: a lock that is free means to others that the kernel is gone.
        let part = dir.join("lock.part");
        let lock = File::create(&part)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .with_context(|| format!("не удалось закрыть замок {}", part.display()))?;
        fs::rename(&part, &place)?;
        Ok(Session { dir, _lock: lock })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        remove(&self.dir);
    }
}

/// Notes which template the session in `dir` uses.
///
/// # Errors
/// When the session's folder cannot be written.
pub fn use_template(dir: &Path, template: &Path) -> Result<()> {
    Ok(fs::write(dir.join("template"), template.to_string_lossy().as_bytes())?)
}

/// The template that the session in `dir` uses; none for a template's own folder.
#[must_use]
pub fn template(dir: &Path) -> Option<PathBuf> {
    fs::read_to_string(dir.join("template")).ok().map(PathBuf::from)
}

/// Says whether cells in `dir` are the engine's own, run to warm up.
///
/// # Errors
/// When the folder cannot be written.
pub fn set_warming(dir: &Path, warming: bool) -> Result<()> {
    let flag = dir.join("warming");
    if warming {
        return Ok(fs::write(flag, "")?);
    }
    match fs::remove_file(flag) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// For the shim: whether [`set_warming`] is on.
#[must_use]
pub fn is_warming() -> bool {
    std::env::var_os(SESSION).is_some_and(|dir| Path::new(&dir).join("warming").exists())
}

/// A new session's folder; nothing is created yet.
#[must_use]
pub fn new_dir(home: &Home) -> PathBuf {
    let id = uuid::Uuid::new_v4().simple().to_string();
    home.sessions().join(format!("{}-{}", std::process::id(), &id[..8]))
}

/// Where the socket of a folder is: inside, or in the temporary folder when the path would be too long.
#[must_use]
pub fn socket_path(dir: &Path) -> PathBuf {
    const LONGEST: usize = 100;
    let inside = dir.join("kernel.sock");
    if inside.as_os_str().len() <= LONGEST {
        return inside;
    }
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    std::env::temp_dir().join(format!("lab-kernel-{name}.sock"))
}

/// The environment in which evcxr works in `dir`.
///
/// # Errors
/// When the real cargo cannot be found.
pub fn environment(home: &Home, dir: &Path) -> Result<Vec<(&'static str, OsString)>> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(home.bin())
        .chain(std::env::split_paths(&old).filter(|path| *path != home.bin()));
    let old_home = std::env::var_os(REAL_CARGO_HOME).or_else(|| std::env::var_os("CARGO_HOME"));
    let mut env = vec![
        ("PATH", std::env::join_paths(paths)?),
        ("EVCXR_TMPDIR", dir.into()),
        ("EVCXR_CONFIG_DIR", home.evcxr_config().into()),
        (HOME, home.root().into()),
        (SESSION, dir.into()),
        (SOCKET, socket_path(dir).into()),
        (INTERRUPT, dir.join("interrupt").into()),
        (tools::CARGO, tools::cargo(home)?.into()),
        // rust-analyzer takes `$CARGO_HOME/bin/cargo` before PATH; `clean_environment` undoes it.
        ("CARGO_HOME", home.root().into()),
        (REAL_CARGO_HOME, old_home.unwrap_or_default()),
        (tools::RUSTC, tools::rustc(home)?.into()),
        (std_source::VARIABLE, std_source::folder(&dir.join(outlines::FOLDER)).into()),
        ("LAB_KERNEL", "1".into()),
    ];
    if let Some(lab_crate) = &home.lab_crate {
        env.push((LAB_CRATE, lab_crate.into()));
    }
    Ok(env)
}

/// Removes the folders of sessions whose kernel is gone.
pub fn sweep(home: &Home) {
    let Ok(entries) = fs::read_dir(home.sessions()) else { return };
    for entry in entries.flatten() {
        let dir = entry.path();
        // What is old and has no lock was left by a build that wrote on while its session was removed.
        if !dir.join("lock").exists() && age(&dir).is_some_and(|age| age > YOUNG) {
            remove(&dir);
        }
        remove_if_unlocked(&dir);
    }
}

/// For the shim: removes our own session's folder when its kernel is gone.
///
/// The socket of a dying kernel closes a moment before its lock does, so this tries for a while.
pub fn remove_if_abandoned() {
    const TRIES: u32 = 40;
    let Some(dir) = std::env::var_os(SESSION) else { return };
    for _ in 0..TRIES {
        if remove_if_unlocked(Path::new(&dir)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn age(dir: &Path) -> Option<Duration> {
    dir.metadata().ok()?.modified().ok()?.elapsed().ok()
}

/// Whether nothing is left to remove.
fn remove_if_unlocked(dir: &Path) -> bool {
    // Without a lock it is no session (a template, say), or one that its kernel just creates: so what is not there when it is
    // opened must not be looked for again.
    let Ok(lock) = File::open(dir.join("lock")) else { return true };
    let is_free = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
    if is_free {
        remove(dir);
    }
    is_free
}

fn is_locked(lock: &Path) -> bool {
    File::open(lock)
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
}

/// For the front: removes the folder of the session whose build outlived the kernel. A template keeps what was built:
/// its next build goes on from there.
pub fn remove_after_build(dir: &Path) {
    if dir.parent().is_some_and(|parent| parent.ends_with(SESSIONS)) {
        remove(dir);
    }
}

/// Removes a session's folder and socket.
///
/// What still runs in it (a build, the engine's start) may write meanwhile, so this goes on until the folder has been gone
/// for a moment.
pub fn remove(dir: &Path) {
    const TRIES: u32 = 20;
    let _ = fs::remove_file(socket_path(dir));
    for _ in 0..TRIES {
        if matches!(fs::remove_dir_all(dir), Err(error) if error.kind() == ErrorKind::NotFound) {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_session_starts_however_often_others_sweep() {
        let root = std::env::temp_dir().join(format!("lab-kernel-take-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let taken: Vec<Result<Session>> = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    for entry in fs::read_dir(&root).into_iter().flatten().flatten() {
                        remove_if_unlocked(&entry.path());
                    }
                }
            });
            let taken = (0..100).map(|i| Session::take(root.join(i.to_string()))).collect();
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            taken
        });
        let taken: Vec<Session> = taken.into_iter().map(Result::unwrap).collect();
        assert!(taken.iter().all(|session| session.dir.join("lock").exists()));
        assert!(Session::take(taken[0].dir.clone()).is_err(), "it is taken");
        drop(taken);
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_folder_that_comes_back_is_removed_again() {
        let dir = std::env::temp_dir().join(format!("lab-kernel-remove-{}", std::process::id()));
        fs::create_dir_all(dir.join("src")).unwrap();
        let late = dir.clone();
        let writer = std::thread::spawn(move || {
            for _ in 0..10 {
                let _ = fs::create_dir_all(late.join("target"));
                let _ = fs::write(late.join("target/part"), "x");
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        remove(&dir);
        writer.join().unwrap();
        remove(&dir);
        assert!(!dir.exists());
        remove(&dir); // nothing there
    }
}
