//! Programs that a cell starts and leaves running: they are the shim's, and end with the process of the cells.
//!
//! A program whose parent has ended becomes the shim's child, even one that left its group and its session.
//! So whatever a cell has started is found below the shim. Not here: when they must end, see `shim.rs`.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid,
};

/// How often what is killed is looked at until it is gone, and how long that waits in between.
const TRIES: u32 = 400;
const STEP: Duration = Duration::from_millis(5);

/// Makes this process the parent of all orphans below it.
///
/// # Errors
/// When the system does not know how.
pub fn adopt() -> Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Forgets the adopted ones that have ended; `own` is the child for whom somebody else waits.
pub fn reap(own: u32) {
    for pid in children() {
        if u32::try_from(pid.as_raw_nonzero().get()) != Ok(own) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// Ends all children, and theirs, who become ours as their parents end.
pub fn end() {
    for _ in 0..TRIES {
        let left = children();
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
        std::thread::sleep(STEP);
    }
}

/// The children of all threads of this process; none where the system does not list them, or where its numbers
/// are those of another namespace.
fn children() -> Vec<Pid> {
    let own = fs::read_link("/proc/self").ok();
    if own.as_deref().and_then(|link| link.to_str()?.parse().ok()) != Some(std::process::id()) {
        return Vec::new();
    }
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|t| fs::read_to_string(t.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|number| Pid::from_raw(number.parse().ok()?))
        .collect()
}
