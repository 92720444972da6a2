//! One program under limits: time, memory, processes, files, and where the system allows it no network and
//! a file system that it can only read.
//!
//! The whole tree of its processes is watched and ended. Not here: what the program does (python/grade.py, which
//! sets the limits that each process has by itself).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::said::Said;
use crate::mounts::{ALONE, READ_ONLY};

/// How often the tree is looked at.
const PERIOD: Duration = Duration::from_millis(200);

/// Two shell functions. `rooms OWN SESSIONS HIDDEN`: the first two stay writable, the folders and files of the third
/// (one a line) look empty, every other mount becomes read-only. `loopback PYTHON`: that device is up.
pub const ROOMS: &str = r#"
rooms() {
  mount --bind "$1" "$1"
  mount --bind "$2" "$2"
  empty="$1/empty"
  mkdir -p "$empty"
  printf '%s\n' "$3" | while read -r hidden; do
    if [ -d "$hidden" ]; then mount --bind "$empty" "$hidden"
    elif [ -f "$hidden" ]; then mount --bind /dev/null "$hidden"; fi
  done
  read_only "$1" "$2"
}
loopback() {
  "$1" -c 'import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    name, flags = struct.unpack("16sh14x", fcntl.ioctl(s, 0x8913, struct.pack("16sh14x", b"lo", 0)))
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))'
}
"#;

/// Shuts the program behind the first four arguments in. Then a namespace inside the first one, in which none of this
/// can be undone: its mounts are locked, and the network belongs to the outer one.
const SEAL: &str = r#"
set -e
rooms "$1" "$2" "$3"
loopback "$4"
cd "$1"
shift 4
exec unshare --user --map-root-user --mount -- "$@"
"#;

/// What one program may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of all its processes together.
    pub memory_mib: u64,
    /// From start to end.
    pub time: Duration,
    /// How many processes.
    pub processes: usize,
    /// What it writes into its folder.
    pub files_mib: u64,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// By itself, well or not.
    Itself(bool),
    /// It was ended because it broke a limit, which the text names.
    Stopped(String),
}

/// What this system offers to lock a program in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Walls {
    /// Own network, own process numbers, a read-only file system.
    Namespaces,
    /// None of it: the program is watched only.
    None,
}

impl Walls {
    /// Tries what the system allows; `python` is what raises the loopback device.
    pub fn tried(python: &Path) -> Walls {
        let Ok(dir) = tempfile::tempdir() else { return Walls::None };
        let rooms = Rooms { own: dir.path(), sessions: dir.path(), hidden: &[], python };
        let mut trial = sealed(&rooms);
        trial.args(["true"]).stdout(Stdio::null()).stderr(Stdio::null());
        match trial.status() {
            Ok(status) if status.success() => Walls::Namespaces,
            _ => Walls::None,
        }
    }
}

/// What a program behind the walls sees of the file system.
#[derive(Clone, Copy, Debug)]
pub struct Rooms<'a> {
    /// Its own folder, writable.
    pub own: &'a Path,
    /// The folder of the kernels' sessions, writable.
    pub sessions: &'a Path,
    /// Folders and files that look empty: solutions, other submissions.
    pub hidden: &'a [PathBuf],
    /// A Python to prepare the network with.
    pub python: &'a Path,
}

/// The start of a command line that locks the program behind it in.
fn sealed(rooms: &Rooms) -> Command {
    let hidden: Vec<String> = rooms.hidden.iter().map(|dir| dir.display().to_string()).collect();
    let mut command = Command::new("unshare");
    command.args(ALONE).args([
        "--net",
        "--",
        "sh",
        "-c",
        &format!("{READ_ONLY}{ROOMS}{SEAL}"),
        "seal",
    ]);
    command.arg(rooms.own).arg(rooms.sessions).arg(hidden.join("\n")).arg(rooms.python);
    command
}

/// `program`, locked in where the system allows it, with no variable of ours but `PATH` and its own.
pub fn locked(walls: Walls, program: &Command, rooms: &Rooms) -> Command {
    let mut command = match walls {
        Walls::Namespaces => {
            let mut command = sealed(rooms);
            command.arg(program.get_program());
            command
        }
        Walls::None => Command::new(program.get_program()),
    };
    command.args(program.get_args()).current_dir(rooms.own).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

/// Runs a program to its end or to the first broken limit; then none of its processes is left. Returns also what
/// it wrote to the standard output; errors go to `log`.
///
/// # Errors
/// When it does not start, or its output cannot be kept.
pub fn run(mut command: Command, dir: &Path, log: &Path, limits: &Limits) -> Result<(End, String)> {
    let log = std::fs::File::create(log)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("не удалось запустить {program}"))?;
    let said = child.stdout.take().map(Said::by);
    let end = watch(&mut child, dir, limits);
    end_tree(&mut child);
    Ok((end?, said.map(Said::all).unwrap_or_default()))
}

fn watch(child: &mut Child, dir: &Path, limits: &Limits) -> Result<End> {
    let started = Instant::now();
    let mut system = processes()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Itself(status.success()));
        }
        if let Some(broken) = broken(&mut system, child.id(), dir, limits, started.elapsed()) {
            return Ok(End::Stopped(broken));
        }
        std::thread::sleep(PERIOD);
    }
}

/// The limit that is broken now, in words.
fn broken(
    system: &mut System,
    root: u32,
    dir: &Path,
    limits: &Limits,
    elapsed: Duration,
) -> Option<String> {
    if elapsed > limits.time {
        return Some(format!("работает дольше {} с", limits.time.as_secs()));
    }
    let tree = tree(system, root);
    if tree.len() > limits.processes {
        return Some(format!("процессов {}, а можно {}", tree.len(), limits.processes));
    }
    let memory: u64 =
        tree.iter().filter_map(|pid| system.process(*pid)).map(sysinfo::Process::memory).sum();
    if memory >> 20 > limits.memory_mib {
        return Some(format!("памяти {} МиБ, а можно {}", memory >> 20, limits.memory_mib));
    }
    let written = size(dir) >> 20;
    (written > limits.files_mib)
        .then(|| format!("записано {written} МиБ, а можно {}", limits.files_mib))
}

/// What is known of the system's processes; nothing at first.
///
/// # Errors
/// When they cannot be listed here.
fn processes() -> Result<System> {
    System::new().context("процессы этой системы нельзя перечислить")
}

/// A process and all below it; threads are not counted.
fn tree(system: &mut System, root: u32) -> Vec<Pid> {
    let what = ProcessRefreshKind::nothing().with_memory().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let mut found = vec![Pid::from_u32(root)];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = system.processes().iter().filter(|(_, p)| p.parent() == Some(parent));
        found.extend(children.map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// Ends a process with all below it.
fn end_tree(child: &mut Child) {
    if let Ok(mut system) = processes() {
        for pid in tree(&mut system, child.id()) {
            if let Some(process) = system.process(pid) {
                process.kill();
            }
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Bytes in a folder; what cannot be read counts nothing.
fn size(dir: &Path) -> u64 {
    let mut folders: Vec<PathBuf> = vec![dir.into()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => bytes += meta.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LIMITS: Limits =
        Limits { memory_mib: 200, time: Duration::from_secs(20), processes: 20, files_mib: 10 };

    fn shell(code: &str, limits: &Limits) -> (End, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let mut program = Command::new("sh");
        program.args(["-c", code]);
        let python = Path::new("python3");
        let hidden = [dir.path().join("secret"), dir.path().join("solution")];
        std::fs::create_dir(&hidden[0]).unwrap();
        std::fs::write(hidden[0].join("answer"), "42").unwrap();
        std::fs::write(&hidden[1], "43").unwrap();
        let rooms = Rooms { own: dir.path(), sessions: dir.path(), hidden: &hidden, python };
        let command = locked(Walls::tried(python), &program, &rooms);
        let (end, said) = run(command, dir.path(), &dir.path().join("log"), limits).unwrap();
        std::fs::write(dir.path().join("said"), said).unwrap();
        (end, dir)
    }

    fn reason(code: &str, limits: &Limits) -> String {
        match shell(code, limits).0 {
            End::Stopped(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_program_ends_by_itself() {
        let (end, dir) = shell("echo да > answer", &LIMITS);
        assert_eq!(end, End::Itself(true));
        assert_eq!(std::fs::read_to_string(dir.path().join("answer")).unwrap(), "да\n");
        assert_eq!(shell("exit 3", &LIMITS).0, End::Itself(false));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let limits = Limits { time: Duration::from_secs(1), ..LIMITS };
        assert_eq!(reason("sleep 600", &limits), "работает дольше 1 с");
    }

    #[test]
    fn what_was_said_before_a_stop_is_kept() {
        let limits = Limits { time: Duration::from_secs(1), ..LIMITS };
        let (end, dir) = shell("echo первое; sleep 600", &limits);
        assert!(matches!(end, End::Stopped(_)), "{end:?}");
        assert_eq!(std::fs::read_to_string(dir.path().join("said")).unwrap(), "первое\n");
    }

    #[test]
    fn a_swarm_is_ended_as_a_whole() {
        let told = reason("for i in $(seq 40); do sleep 611 & done; wait", &LIMITS);
        assert!(told.starts_with("процессов "), "{told}");
        let mut system = processes().unwrap();
        let what = ProcessRefreshKind::nothing().with_cmd(sysinfo::UpdateKind::Always);
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let left = system.processes().values().filter(|p| p.cmd().iter().any(|arg| arg == "611"));
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn a_program_that_fills_the_disk_is_ended() {
        let told = reason("head -c 40000000 /dev/zero > big; sleep 600", &LIMITS);
        assert!(told.starts_with("записано "), "{told}");
    }

    #[test]
    fn behind_walls_there_is_no_network_and_nothing_to_write() {
        if Walls::tried(Path::new("python3")) == Walls::None {
            eprintln!("no namespaces here");
            return;
        }
        let outside = tempfile::tempdir().unwrap();
        let code = format!(
            "test $(grep -c : /proc/net/dev) = 1 && ! touch {0}/x && ! mount -o remount,bind,rw / && \
             ! umount {0} && ! touch {0}/x && ! touch /dev/shm/x && ! (: > /proc/sys/kernel/panic) && ! cat secret/answer && ! grep 43 solution && \
             ! unshare --user --map-root-user --mount mount -o remount,bind,rw /",
            outside.path().display()
        );
        assert_eq!(shell(&code, &LIMITS).0, End::Itself(true));
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
