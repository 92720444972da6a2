//! The bound on the memory of this process. Not here: what is done under it.

/// Lets this process take `more` bytes beyond what it has now; an allocation beyond fails, which ends a Rust program.
#[cfg(target_os = "linux")]
pub(crate) fn bound(more: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmData")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let most = kib * 1024 + more;
    let maximum = getrlimit(Resource::Data).maximum;
    setrlimit(Resource::Data, Rlimit { current: Some(most), maximum }).unwrap();
}

/// Elsewhere there is no such bound, and the rest is checked all the same.
#[cfg(not(target_os = "linux"))]
pub(crate) fn bound(_more: u64) {
    println!("no bound on memory on this system");
}
