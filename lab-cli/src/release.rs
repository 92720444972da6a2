//! `cargo lab release`: the student's, the instructor's and the lecturer's version of every notebook.
//!
//! All are made from the one source by python/versions.py and python/slides.py. Not here: the copies that
//! `cargo lab up` opens (`student.rs`), nbgrader's course (`course.rs`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::args::ReleaseArgs;
use crate::dataset;
use crate::notebook::Notebook;
use crate::step::Step;
use crate::task::{self, Lab};
use crate::workspace::Workspace;
use crate::{child, course, fetch, scripts, setup};

/// A version of a notebook.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Stubs instead of solutions, no outputs.
    Student,
    /// With solutions and answers, no outputs.
    Solved,
    /// As the source, with nbgrader's marks.
    Marked,
    /// With solutions, answers and outputs.
    Instructor,
    /// Slides that need no network.
    Slides,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Solved => "solved",
            Self::Marked => "marked",
            Self::Instructor => "instructor",
            Self::Slides => "slides",
        }
    }

    fn extension(self) -> &'static str {
        if self == Self::Slides { "html" } else { "ipynb" }
    }

    /// Whether it shows the outputs of an execution.
    fn is_executed(self) -> bool {
        matches!(self, Self::Instructor | Self::Slides)
    }
}

/// The command; `false` when a released notebook differs from its source.
///
/// # Errors
/// When the set-up fails, a source is not what it should be, or a notebook was not executed.
pub fn release(workspace: &Workspace, args: &ReleaseArgs) -> Result<bool> {
    setup::python(workspace)?;
    if let Some(dir) = &args.nbgrader {
        course::make(workspace, dir)?;
        return Ok(true);
    }
    if args.pictures {
        return pictures(workspace);
    }
    let out = args.out.clone().unwrap_or_else(|| workspace.lab_dir().join("release"));
    if args.check {
        return check(workspace, &out);
    }
    let slides = slides_ready(workspace)?;
    for (notebook, lab) in task::notebooks(workspace)? {
        let step = Step::start(format!("Выпуск {}", notebook.name));
        let mut sizes = Vec::new();
        for kind in [Kind::Student, Kind::Instructor, Kind::Slides] {
            if kind == Kind::Slides && !slides {
                continue;
            }
            let path = path(&out, &notebook, kind);
            make(workspace, &notebook, &lab, kind, &path)?;
            sizes.push(format!("{} {} КБ", kind.name(), fs::metadata(&path)?.len() / 1024));
        }
        step.done(&sizes.join(", "));
    }
    println!("\nВыпуск: {}", workspace.short(&out));
    Ok(true)
}

/// Makes the README's pictures from the last run, and from a task that the kernel checks now.
fn pictures(workspace: &Workspace) -> Result<bool> {
    setup::tools(workspace)?;
    let out = workspace.notebooks().join("pictures");
    let mut script = scripts::command(workspace, "pictures.py")?;
    let is_done = child::succeeds(script.arg(workspace.lab_dir()).arg(&out))?;
    if is_done {
        println!("Картинки: {}", workspace.short(&out));
    }
    Ok(is_done)
}

/// Whether the released notebooks are those that the sources give; tells every one that is not.
fn check(workspace: &Workspace, out: &Path) -> Result<bool> {
    let mut is_same = true;
    for (notebook, lab) in task::notebooks(workspace)? {
        for kind in [Kind::Student, Kind::Instructor, Kind::Slides] {
            let path = path(out, &notebook, kind);
            if kind == Kind::Slides && !path.exists() {
                continue; // A release without reveal.js has none.
            }
            if !path.exists() {
                bail!("нет файла {}: сначала cargo lab release", path.display());
            }
            let mut script = script(workspace, &notebook, &lab, kind, &path)?;
            let output = child::output(script.arg("--check"))?;
            if !output.status.success() {
                is_same = false;
                print!("✗ {}", String::from_utf8_lossy(&output.stdout));
                eprint!("{}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    if is_same {
        println!("✓ выпуск в {} совпадает с исходными блокнотами", workspace.short(out));
    }
    Ok(is_same)
}

/// Makes the student's version of every notebook, `dir/<name>.ipynb`; returns each notebook with its version's path.
///
/// # Errors
/// As for [`make`].
pub fn students(workspace: &Workspace, dir: &Path) -> Result<Vec<(Notebook, PathBuf)>> {
    let mut made = Vec::new();
    for (notebook, lab) in task::notebooks(workspace)? {
        let path = dir.join(format!("{}.ipynb", notebook.name));
        make(workspace, &notebook, &lab, Kind::Student, &path)?;
        made.push((notebook, path));
    }
    Ok(made)
}

/// Makes one version of a notebook.
///
/// # Errors
/// When the source is not what it should be (which the error names), or the file cannot be written.
pub fn make(
    workspace: &Workspace,
    notebook: &Notebook,
    lab: &Lab,
    kind: Kind,
    path: &Path,
) -> Result<()> {
    let mut script = script(workspace, notebook, lab, kind, path)?;
    if kind.is_executed() {
        let executed = workspace.lab_dir().join(format!("{}.ipynb", notebook.name));
        if !executed.exists() {
            bail!("блокнот {} ещё не выполнен: сначала cargo lab run", notebook.name);
        }
        script.arg("--executed").arg(executed);
    }
    let output = child::output(&mut script)?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stdout);
    bail!("{}{}", told.trim_end(), String::from_utf8_lossy(&output.stderr))
}

fn script(
    workspace: &Workspace,
    notebook: &Notebook,
    lab: &Lab,
    kind: Kind,
    path: &Path,
) -> Result<std::process::Command> {
    let mut script = scripts::command(workspace, "versions.py")?;
    script.arg(kind.name()).arg(&notebook.source).arg(path);
    script.arg("--lab").arg(serde_json::to_string(lab)?);
    if kind == Kind::Slides {
        script.arg("--reveal").arg(workspace.data_cache().join("reveal"));
    }
    Ok(script)
}

fn path(out: &Path, notebook: &Notebook, kind: Kind) -> PathBuf {
    out.join(kind.name()).join(format!("{}.{}", notebook.name, kind.extension()))
}

/// Whether slides can be made; says so where they cannot.
fn slides_ready(workspace: &Workspace) -> Result<bool> {
    let files = dataset::select(&["reveal".into()])?;
    let is_there = files.iter().all(|file| fetch::bring(workspace, file));
    if !is_there {
        println!("Слайдов не будет: без reveal.js их нечем показать");
    }
    Ok(is_there)
}
