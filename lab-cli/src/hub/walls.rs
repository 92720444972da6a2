//! What keeps one student's server from the others' work, from the hub's secrets and from the solutions.
//!
//! Every server lives in mount and process namespaces of its own: of the home folder of whoever runs the hub, of
//! the lab and of the hub it sees only what it needs, and can write only into its own home. Where root runs the
//! hub, each student also has a user number of their own. Not here: limits of a student's memory as a whole, which nothing sets.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::person::{self, Person};
use super::place::Place;
use super::settings;
use crate::mounts::{ADDRESS_SPACE, READ_ONLY};
use crate::toolchain;
use crate::workspace::Workspace;

/// Who is tried when the walls are: an own home, so that no student's is touched.
const TRIAL: &str = "lab-trial";

/// Folders that every system has and that may be covered for a moment.
const STAGES: [&str; 4] = ["/mnt", "/media", "/srv", "/opt"];

/// `$1` stage, `$2` sources, `$3` targets, `$4` covers, `$5` writable (one a line each), `$6` home, then the program.
///
/// What is kept is held aside, the rest of its folders is covered, then it comes back. The shell stays as the
/// first process: it waits for orphans, and its end is the end of all.
const WALLS: &str = r#"
stage=$1 sources=$2 targets=$3 covers=$4 writable=$5 home=$6
shift 6
umask 077
mount -t tmpfs -o mode=0755 stage "$stage"
count=0
while read -r path; do
  count=$((count + 1))
  if [ -d "$path" ]; then mkdir -m 0755 "$stage/$count"; else : > "$stage/$count"; fi
  mount --rbind "$path" "$stage/$count"
done <<END
$sources
END
umask 022
while read -r path; do
  [ -d "$path" ] || mkdir -p "$path"
  mount -t tmpfs -o mode=0755 covered "$path"
done <<END
$covers
END
count=0
while read -r path; do
  count=$((count + 1))
  if [ -d "$stage/$count" ]; then [ -d "$path" ] || mkdir -p "$path"
  elif [ ! -e "$path" ]; then mkdir -p "$(dirname "$path")"; : > "$path"; fi
  mount --rbind "$stage/$count" "$path"
done <<END
$targets
END
umount -R "$stage"
[ ! -d /dev/shm ] || mount -t tmpfs -o mode=1777,size=256m shm /dev/shm
IFS='
'
read_only_except() { unset IFS; read_only "$@" /dev/shm; }
read_only_except $writable
unset IFS
cd "$home"
umask 077
trap : INT TERM
"$@" &
child=$!
code=0
while :; do
  wait "$child" && code=0 || code=$?
  kill -0 "$child" 2> /dev/null || break
done
exit "$code"
"#;

/// What this system offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Walls {
    /// Namespaces and a user number for each (root).
    Uids,
    /// Namespaces alone.
    Namespaces,
    /// Nothing.
    None,
}

impl Walls {
    /// Tries what the system allows, with all that a server needs.
    ///
    /// # Errors
    /// When it does not work, with the reason.
    pub fn tried(workspace: &Workspace, place: &Place) -> Result<Walls> {
        let person = person::settle(place, TRIAL)?;
        let walls = if is_root(place)? { Walls::Uids } else { Walls::Namespaces };
        let result = trial(workspace, place, &person, walls);
        for dir in [place.homes(), place.rooms()] {
            let _ = std::fs::remove_dir_all(dir.join(TRIAL));
        }
        result.map(|()| walls)
    }

    /// What it means for the students.
    pub fn in_words(self) -> &'static str {
        match self {
            Walls::Uids => {
                "Студенты отделены: у каждого свой номер пользователя, чужих папок не видно."
            }
            Walls::Namespaces => {
                "Студенты отделены: чужих папок не видно. Сдача через nbgrader работает, когда команду запускает \
                 root; без него работы собирает cargo lab grade."
            }
            Walls::None => {
                "Студенты НЕ отделены: каждый может прочитать и изменить работы остальных."
            }
        }
    }
}

fn trial(workspace: &Workspace, place: &Place, person: &Person, walls: Walls) -> Result<()> {
    let command = command(workspace, place, person, walls)?;
    let (program, first) = command.split_first().context("no walls")?;
    let test = "rustc --version && \"$1\" -c 'import jupyterhub' && \"$2\" --version && touch here";
    let mut trial = Command::new(program);
    trial.args(first).args(["sh", "-ec", test, "trial"]);
    trial.arg(workspace.venv_python()).arg(workspace.kernel_program());
    trial.env_clear().envs(settings::environment(workspace, place)?);
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        trial.env("LD_LIBRARY_PATH", libraries);
    }
    let output = trial.output().with_context(|| format!("не удалось запустить {program}"))?;
    if output.status.success() && person.home.join("here").exists() {
        return Ok(());
    }
    bail!(
        "отделить студентов друг от друга здесь не получается:\n{}\nНужны Linux с пространствами имён и \
         программы unshare, setpriv, prlimit (util-linux). Без этого: --no-walls, и тогда каждый может прочитать \
         работы остальных",
        String::from_utf8_lossy(&output.stderr).trim()
    )
}

#[cfg(unix)]
fn is_root(place: &Place) -> Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(place.base())?) == 0)
}

#[cfg(not(unix))]
fn is_root(_: &Place) -> Result<bool> {
    Ok(false)
}

/// The start of a command line that runs a person's server.
///
/// # Errors
/// When the places that it needs cannot be found.
pub fn command(
    workspace: &Workspace,
    place: &Place,
    person: &Person,
    walls: Walls,
) -> Result<Vec<String>> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (alone, own): (&[&str], Vec<String>) = match walls {
        Walls::None => return Ok(Vec::new()),
        Walls::Uids => (&[], as_user(person.id)),
        Walls::Namespaces => (&["--user", "--map-root-user"], mapped_back(person.id)),
    };
    let rooms = Rooms::of(workspace, place, person, walls)?;
    let mut line = vec!["unshare".to_owned()];
    line.extend(alone.iter().map(ToString::to_string));
    line.extend(
        ["--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc", "--"]
            .map(str::to_owned),
    );
    line.extend([
        "sh".to_owned(),
        "-c".to_owned(),
        format!("{READ_ONLY}{WALLS}"),
        "walls".to_owned(),
    ]);
    let lines =
        |paths: &[&PathBuf]| paths.iter().map(|path| text(path)).collect::<Vec<_>>().join("\n");
    line.push(rooms.stage()?.to_owned());
    line.push(lines(&rooms.kept.iter().map(|(source, _)| source).collect::<Vec<_>>()));
    line.push(lines(&rooms.kept.iter().map(|(_, target)| target).collect::<Vec<_>>()));
    line.push(lines(&rooms.covered.iter().collect::<Vec<_>>()));
    line.push(lines(&rooms.writable.iter().collect::<Vec<_>>()));
    line.push(text(&person.home));
    line.extend(limits(walls));
    line.extend(own);
    Ok(line)
}

/// What every process of a student gets. Where students have numbers of their own, a swarm of processes is that student's own
/// trouble.
fn limits(walls: Walls) -> Vec<String> {
    let mut line =
        vec!["prlimit".to_owned(), "--core=0".to_owned(), format!("--as={ADDRESS_SPACE}")];
    if walls == Walls::Uids {
        line.push("--nproc=2000".to_owned());
    }
    line.push("--".to_owned());
    line
}

/// Root becomes a user with no rights.
fn as_user(id: u32) -> Vec<String> {
    let id = id.to_string();
    ["setpriv", "--reuid", &id, "--regid", &id]
        .into_iter()
        .chain(["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"])
        .map(str::to_owned)
        .collect()
}

/// A namespace inside the first one, in which its mounts cannot be undone.
fn mapped_back(id: u32) -> Vec<String> {
    let (user, group) = (format!("--map-user={id}"), format!("--map-group={id}"));
    ["unshare", "--user", &user, &group, "--", "setpriv", "--no-new-privs", "--"]
        .map(str::to_owned)
        .to_vec()
}

/// What a server sees of the file system.
struct Rooms {
    /// What stays or comes back: from where, and where it is seen.
    kept: Vec<(PathBuf, PathBuf)>,
    /// What else looks empty.
    covered: Vec<PathBuf>,
    /// What can be written, where it is seen.
    writable: Vec<PathBuf>,
}

impl Rooms {
    fn of(workspace: &Workspace, place: &Place, person: &Person, walls: Walls) -> Result<Rooms> {
        let root = workspace.root().canonicalize()?;
        let mut covered = vec![root, place.base().to_path_buf()];
        covered.extend(
            std::env::var_os("HOME")
                .map(PathBuf::from)
                .filter(|home| home.is_absolute() && home.parent().is_some()),
        );
        covered.sort();
        let sessions = workspace.kernel_home().canonicalize()?.join("sessions");
        let moved = [
            (person.temporary.clone(), "/tmp".into()),
            (person.temporary.clone(), "/var/tmp".into()),
        ];
        let mut kept: Vec<(PathBuf, PathBuf)> = moved.into();
        let mut writable =
            vec![person.home.clone(), sessions.clone(), "/tmp".into(), "/var/tmp".into()];
        let here = |path: PathBuf| path.exists().then(|| (path.clone(), path));
        kept.extend(shared(workspace)?.into_iter().chain([place.config()]).filter_map(here));
        if walls == Walls::Uids {
            kept.push((place.passwd(), "/etc/passwd".into()));
            kept.push((place.exchange(), place.exchange()));
            writable.push(place.exchange());
        }
        kept.push((person.sessions.clone(), sessions));
        kept.push((person.home.clone(), person.home.clone()));
        Ok(Rooms { kept, covered, writable })
    }

    /// A folder to hold things aside in, which nobody needs.
    fn stage(&self) -> Result<&'static str> {
        let needed = |stage: &&str| {
            let below = |path: &PathBuf| path.starts_with(stage);
            self.kept.iter().any(|(source, target)| below(source) || below(target))
                || self.covered.iter().any(below)
        };
        let found = STAGES.iter().find(|stage| Path::new(stage).is_dir() && !needed(stage));
        found.copied().with_context(|| format!("нужна одна из папок {}", STAGES.join(", ")))
    }
}

/// What all share and nobody may write: the tools, the library without its lessons, the data.
fn shared(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let root = workspace.root().canonicalize()?;
    let python = Command::new(workspace.venv_python())
        .args(["-c", "import sys; print(sys.base_prefix)"])
        .output()
        .context("Python из .venv не запускается")?;
    let python = String::from_utf8_lossy(&python.stdout).trim().to_owned();
    let cargo = cargo_home()?;
    let parts =
        ["lab-crate", "lab-kernel", "lab-cli", "Cargo.toml", "Cargo.lock", ".cargo", ".venv"];
    let mut shared: Vec<PathBuf> = parts.iter().map(|part| root.join(part)).collect();
    shared.extend([workspace.kernel_program(), workspace.kernel_home(), workspace.data_cache()]);
    shared.extend([
        toolchain::sysroot(workspace)?,
        cargo.join("registry"),
        cargo.join("config.toml"),
    ]);
    // A system's Python is seen anyway.
    shared.extend(Some(PathBuf::from(python)).filter(|path| path.ancestors().count() > 2));
    let whole = shared.into_iter().filter_map(|path| path.canonicalize().ok());
    Ok(whole.collect())
}

/// Where cargo keeps the sources of the libraries.
///
/// # Errors
/// When nothing says where.
pub fn cargo_home() -> Result<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .context("не известно, где папка cargo: нет переменных HOME и CARGO_HOME; задайте HOME")
}
