//! Interrupting a cell: first by asking, then by force.
//!
//! Asking means creating the flag file that `lab::interrupted()` looks for. A cell that has not ended
//! after the grace time, or a second interrupt, has its runtime process killed.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::cell::SharedCell;

/// Environment variable with the grace time in seconds.
const GRACE_VARIABLE: &str = "LAB_INTERRUPT_GRACE";
const GRACE: Duration = Duration::from_secs(4);

/// Interrupts the running cell on request.
#[derive(Clone)]
pub struct Interrupt {
    flag: PathBuf,
    cell: SharedCell,
    grace: Duration,
}

impl Interrupt {
    /// An interrupt with its flag file at `flag`.
    pub fn new(flag: PathBuf, cell: SharedCell) -> Interrupt {
        let grace = std::env::var(GRACE_VARIABLE)
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
            .map_or(GRACE, Duration::from_secs_f64);
        Interrupt { flag, cell, grace }
    }

    /// Asks the running cell to stop; a second call kills it.
    pub fn request(&self) {
        let number = {
            let mut cell = self.cell.lock();
            let Some(number) = cell.running else { return };
            if cell.interrupted {
                drop(cell);
                self.kill(number);
                return;
            }
            cell.interrupted = true;
            number
        };
        if let Err(error) = fs::write(&self.flag, "") {
            eprintln!("interrupt flag: {error}");
        }
        let later = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(later.grace).await;
            later.kill(number);
        });
    }

    /// Takes the flag back; for the beginning and the end of a cell.
    pub fn clear(&self) {
        let _ = fs::remove_file(&self.flag);
    }

    fn kill(&self, number: u64) {
        let mut cell = self.cell.lock();
        if cell.running != Some(number) {
            return;
        }
        let pid = cell.runtime.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            cell.killed = true;
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
