//! The hold on a template: who uses one keeps a shared lock on its marker, and who removes old ones skips those.
//!
//! The lock reaches from any mount of the folder, so it also holds for the sessions of a class, whose folders are
//! seen by nobody else. It ends with the process, however that ends. Not here: what a template is (`template.rs`).

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

/// The file that says that a template is finished; it is also what is locked.
pub const MARKER: &str = "complete";

/// A template that nobody removes while this lives.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

impl Hold {
    /// Takes hold of the finished template in `dir`; `None` where there is none.
    ///
    /// # Errors
    /// When the marker is there but cannot be read.
    pub fn take(dir: &Path) -> Result<Option<Hold>> {
        const TRIES: u32 = 40;
        let path = dir.join(MARKER);
        let lock = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.with_context(|| format!("не удалось открыть {}", path.display()))?,
        };
        for _ in 0..TRIES {
            if flock(&lock, FlockOperation::NonBlockingLockShared).is_ok() {
                break;
            }
            // Who removes a template takes the marker away at once. Everybody may lock a file that they can read:
            // so a lock that stays is somebody's mischief, and must not keep a class waiting.
            std::thread::sleep(Duration::from_millis(25));
        }
        let is_there = fs::metadata(&path).is_ok_and(|now| {
            lock.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (now.dev(), now.ino()))
        });
        Ok(is_there.then_some(Hold { _lock: lock }))
    }
}

/// Removes the template in `dir`, finished or not, unless somebody holds it.
pub fn remove_unless_held(dir: &Path) {
    let path = dir.join(MARKER);
    let lock = File::open(&path);
    match &lock {
        Ok(lock) if flock(lock, FlockOperation::NonBlockingLockExclusive).is_err() => return,
        Err(error) if error.kind() != ErrorKind::NotFound => return,
        _ => {}
    }
    // First the marker: whoever has opened it meanwhile sees that the template is no more.
    if lock.is_ok() && fs::remove_file(&path).is_err() {
        return;
    }
    let _ = fs::remove_dir_all(dir);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::PathBuf;

    fn template(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("lab-kernel-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("liba.rlib"), "a").unwrap();
        dir
    }

    #[test]
    fn what_is_held_stays_until_the_last_lets_go() {
        let dir = template("held");
        assert!(Hold::take(&dir).unwrap().is_none(), "it is not finished");
        fs::write(dir.join(MARKER), "").unwrap();
        let (first, second) = (Hold::take(&dir).unwrap().unwrap(), Hold::take(&dir).unwrap());
        remove_unless_held(&dir);
        drop(first);
        remove_unless_held(&dir);
        assert!(dir.join("liba.rlib").exists() && dir.join(MARKER).exists());
        drop(second.unwrap());
        remove_unless_held(&dir);
        assert!(!dir.exists());
    }

    #[test]
    fn what_is_unfinished_is_removed_and_a_lock_out_of_mischief_stops_nobody() {
        let dir = template("unfinished");
        remove_unless_held(&dir);
        assert!(!dir.exists());
        let dir = template("mischief");
        fs::write(dir.join(MARKER), "").unwrap();
        let mischief = File::open(dir.join(MARKER)).unwrap();
        flock(&mischief, FlockOperation::LockExclusive).unwrap();
        assert!(Hold::take(&dir).unwrap().is_some());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_marker_that_was_taken_away_meanwhile_holds_nothing() {
        let dir = template("race");
        fs::write(dir.join(MARKER), "").unwrap();
        let remover = File::open(dir.join(MARKER)).unwrap();
        flock(&remover, FlockOperation::LockExclusive).unwrap();
        let waiting = std::thread::spawn({
            let dir = dir.clone();
            move || Hold::take(&dir).unwrap()
        });
        std::thread::sleep(Duration::from_millis(200));
        fs::remove_file(dir.join(MARKER)).unwrap();
        drop(remover);
        assert!(waiting.join().unwrap().is_none());
        fs::remove_dir_all(dir).unwrap();
    }
}
