//! nbgrader's course: its configuration and the notebooks with its marks, `cargo lab release --nbgrader DIR`.
//!
//! From there on nbgrader does everything; when it grades, the kernel runs behind the walls of `cargo lab grade`.
//! Not here: the marks themselves (python/versions.py), what the walls are made of (`grade/sandbox.rs`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::grade::{self, sandbox};
use crate::mounts::{ADDRESS_SPACE, ALONE, READ_ONLY};
use crate::release::{self, Kind};
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{stamp, task};

const CONFIG: &str = include_str!("../python/nbgrader_config.py");

/// What nbgrader keeps in the course and a submission must not see.
const HIDDEN: [&str; 6] =
    ["source", "release", "submitted", "autograded", "feedback", "gradebook.db"];

/// The first lines of the script.
const ABOUT: &str =
    "Made by `cargo lab release --nbgrader`: the walls behind which submissions run.";

/// `network PYTHON PROGRAM…` runs a program without a network; `kernel PROGRAM…` runs it behind the walls, in a room
/// that is gone with it. The room is made in memory: nothing of a submission stays.
const WALLS: &str = r#"
set -e
case "$1" in
network)
  loopback "$2"
  shift 2
  exec "$@" ;;
kernel)
  shift
  mkdir -p "$room"
  mount -t tmpfs -o mode=0700,size=1g room "$room"
  rooms "$room" "$sessions" "$hidden"
  cd "$room"
  export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
  export HOME="$room" TMPDIR="$room"
  exec unshare --user --map-root-user --mount -- \
    prlimit --as="$memory" --nproc="$threads" --nofile=1024 --core=0 -- "$@" ;;
esac
"#;

/// Makes the course in `dir`; files that are there and different stay, and are named.
///
/// # Errors
/// When a source is not what it should be, or a file that would be replaced differs.
pub fn make(workspace: &Workspace, dir: &Path) -> Result<()> {
    let config = dir.join("nbgrader_config.py");
    match fs::read_to_string(&config) {
        Ok(text) if text != CONFIG => {
            println!("{}: вы его изменили, оставляю как есть", config.display());
        }
        _ => stamp::write(&config, CONFIG)?,
    }
    walls(workspace, dir)?;
    for (notebook, lab) in task::notebooks(workspace)? {
        let name = &notebook.name;
        let step = Step::start(format!("Задание {name}"));
        let path = dir.join("source").join(name).join(format!("{name}.ipynb"));
        let part = path.with_extension("part.ipynb");
        release::make(workspace, &notebook, &lab, Kind::Marked, &part)?;
        let fresh = fs::read(&part)?;
        if fs::read(&path).is_ok_and(|old| old != fresh) {
            let _ = fs::remove_file(&part);
            bail!(
                "{} уже есть и отличается; переименуйте его или укажите другую папку",
                path.display()
            );
        }
        fs::rename(&part, &path)
            .with_context(|| format!("не удалось записать {}", path.display()))?;
        step.done("");
    }
    println!(
        "\nКурс для nbgrader: {}\nДальше в этой папке:\n  export PATH=\"{}:$PATH\"\n  \
         nbgrader generate_assignment 01-tensors\n  nbgrader release_assignment 01-tensors\n  \
         nbgrader collect 01-tensors\n  nbgrader autograde 01-tensors\n  \
         nbgrader generate_feedback 01-tensors",
        dir.display(),
        workspace.venv_bin().display()
    );
    Ok(())
}

/// Writes `walls.sh` and the kernelspec `rust-walled`, which starts the kernel behind them.
fn walls(workspace: &Workspace, dir: &Path) -> Result<()> {
    let dir = fs::canonicalize(dir).with_context(|| format!("нет папки {}", dir.display()))?;
    let sessions = workspace.kernel_home().join("sessions");
    fs::create_dir_all(&sessions)
        .with_context(|| format!("не удалось создать {}", sessions.display()))?;
    let mut hidden = grade::solutions(workspace, &task::labs(workspace)?);
    hidden.extend(HIDDEN.map(|name| dir.join(name)));
    let hidden: Vec<String> = hidden.iter().map(|path| path.display().to_string()).collect();
    let settings = [
        ("room", dir.join("room").display().to_string()),
        ("sessions", sessions.display().to_string()),
        ("hidden", hidden.join("\n")),
        ("memory", ADDRESS_SPACE.to_string()),
        ("threads", grade::THREADS.to_string()),
    ];
    let settings: String =
        settings.iter().map(|(name, value)| format!("{name}={}\n", quoted(value))).collect();
    let script = dir.join("walls.sh");
    let text = format!("# {ABOUT}\n{settings}{READ_ONLY}{}{WALLS}", sandbox::ROOMS);
    stamp::write(&script, &text)?;
    let spec = kernelspec(&workspace.kernelspec().join("kernel.json"), &script)?;
    stamp::write(&dir.join("kernels/rust-walled/kernel.json"), &serde_json::to_string(&spec)?)
}

/// The kernelspec at `path`, started by `script`.
fn kernelspec(path: &PathBuf, script: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| {
        format!("ядро не установлено, нет файла {}: сначала cargo lab run", path.display())
    })?;
    let mut spec: Value = serde_json::from_slice(&text)?;
    let mut argv = vec![json!("unshare")];
    argv.extend(ALONE.map(Value::from));
    argv.extend([json!("--"), json!("sh"), json!(script), json!("kernel")]);
    argv.extend(spec["argv"].as_array().cloned().unwrap_or_default());
    spec["argv"] = argv.into();
    spec["display_name"] = json!("Rust за стенами");
    Ok(spec)
}

/// A text as one word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
