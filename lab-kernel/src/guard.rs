//! Watches a running cargo for the front: an interrupt or the end of the kernel ends the build.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::session;

/// Ends a build when it is interrupted or its kernel is gone.
pub struct BuildGuard {
    done: Arc<AtomicBool>,
    thread: JoinHandle<bool>,
}

impl BuildGuard {
    /// Starts to watch the process group of `child`, which builds in `root`.
    ///
    /// # Errors
    /// When the kernel's socket cannot be used.
    pub fn watch(child: &Child, root: &Path) -> Result<BuildGuard> {
        const STEP: Duration = Duration::from_millis(50);
        let done = Arc::new(AtomicBool::new(false));
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let interrupt = root.join("interrupt");
        let kernel = std::env::var(session::SOCKET).ok().and_then(|s| UnixStream::connect(s).ok());
        if let Some(kernel) = &kernel {
            kernel.set_nonblocking(true)?;
        }
        let finished = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            while !finished.load(Ordering::Relaxed) {
                let gone = kernel.as_ref().is_some_and(|mut k| matches!(k.read(&mut [0u8]), Ok(0)));
                if gone || interrupt.exists() {
                    if let Some(group) = group {
                        let _ = kill_process_group(group, Signal::KILL);
                    }
                    return gone;
                }
                std::thread::sleep(STEP);
            }
            false
        });
        Ok(BuildGuard { done, thread })
    }

    /// Stops watching; what a kernel's sudden end left in `root` is removed.
    pub fn finish(self, root: &Path) {
        self.done.store(true, Ordering::Relaxed);
        if self.thread.join().unwrap_or(false) {
            // Nobody is left to remove what cargo wrote after the kernel's end.
            session::remove_after_build(root);
        }
    }
}
