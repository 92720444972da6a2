//! `cargo lab grade`: grades a folder of submitted notebooks to one table and a page for each.
//!
//! | file | what it is |
//! |---|---|
//! | `submission.rs` | what was submitted |
//! | `sandbox.rs`, `said.rs` | a program under limits, and what it says |
//! | `outcome.rs`, `page.rs` | verdicts, and how they are shown |
//!
//! The submission's cells are run by python/grade.py.

pub mod outcome;
mod page;
mod said;
pub mod sandbox;
mod submission;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::outcome::Outcome;
use self::sandbox::{Limits, Rooms, Walls};
use self::submission::Submission;
use crate::args::GradeArgs;
use crate::task::{self, Lab};
use crate::workspace::Workspace;
use crate::{child, notebook_file, release, scripts, setup, stamp};

/// Processes and threads of one submission, as far as the system counts them for it alone.
pub const THREADS: usize = 512;

/// What all submissions share.
struct Grading<'a> {
    workspace: &'a Workspace,
    args: &'a GradeArgs,
    walls: Walls,
    script: PathBuf,
    /// The notebooks as students got them, one file each, by name.
    given: tempfile::TempDir,
    labs: Vec<Lab>,
    out: PathBuf,
    seed: u64,
}

/// The command. A submission that is broken or breaks a limit costs only itself.
///
/// # Errors
/// When the set-up fails, there are no submissions, or the results cannot be written.
pub fn grade(workspace: &Workspace, args: &GradeArgs) -> Result<bool> {
    if cfg!(not(unix)) {
        bail!("проверка работ ограничивает чужие программы средствами Unix; в этой системе их нет");
    }
    setup::tools(workspace)?;
    let grading = Grading {
        workspace,
        args,
        walls: Walls::tried(&workspace.venv_python()),
        script: scripts::path(workspace, "grade.py")?,
        given: given(workspace)?,
        labs: task::labs(workspace)?,
        out: args.out.clone().unwrap_or_else(|| workspace.lab_dir().join("grades")),
        seed: args.seed.unwrap_or_else(|| u64::from(std::process::id()) + 1000),
    };
    if grading.walls == Walls::None {
        println!(
            "Внимание: система не даёт пространств имён, сеть не отключена и запись вне папки не запрещена"
        );
    }
    let submissions = submission::all(&args.dir, &grading.labs)?;
    let jobs = args.jobs.unwrap_or_else(|| jobs(args.memory)).max(1);
    println!(
        "Работ {}, одновременно {jobs}, начальное число проверок {}",
        submissions.len(),
        grading.seed
    );
    let rows = grading.all(submissions, jobs)?;
    let table = grading.write(&rows)?;
    println!("\nТаблица: {}", workspace.short(&table));
    Ok(true)
}

/// Every notebook as students get it, made once for all submissions.
fn given(workspace: &Workspace) -> Result<tempfile::TempDir> {
    let dir = tempfile::tempdir()?;
    release::students(workspace, dir.path())?;
    Ok(dir)
}

/// Where solutions lie, and what was made of them.
pub fn solutions(workspace: &Workspace, labs: &[Lab]) -> Vec<PathBuf> {
    let (root, lab) = (workspace.root(), workspace.lab_dir());
    let mut found = vec![workspace.notebooks(), root.join(".git")];
    found.extend(["test", "release", "report", "student", "logs"].map(|name| lab.join(name)));
    for lab_of in labs {
        let file = |extension| lab.join(format!("{}.{extension}", lab_of.notebook));
        found.extend(["ipynb", "html"].map(file));
    }
    found
}

/// As many at once as there are processors, and as fit into the free memory.
fn jobs(memory_mib: u64) -> usize {
    let Ok(mut system) = sysinfo::System::new() else { return 1 };
    system.refresh_memory();
    let fitting = (system.available_memory() >> 20) / memory_mib.max(1);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.min(usize::try_from(fitting).unwrap_or(1))
}

impl Grading<'_> {
    /// Grades every submission, `jobs` at a time; rows in the order of the submissions.
    fn all(
        &self,
        submissions: Vec<Submission>,
        jobs: usize,
    ) -> Result<Vec<(String, Submission, Outcome)>> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| {
                    while let Some(submission) =
                        submissions.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let outcome = self.one(submission);
                        done.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((submission, outcome));
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut rows = Vec::new();
        for (i, submission) in submissions.iter().enumerate() {
            let found = done.iter().find(|(other, _)| std::ptr::eq(*other, submission));
            let outcome = found.map(|(_, outcome)| outcome.clone()).unwrap_or_default();
            let file = format!("{:03}.html", i + 1);
            stamp::write(&self.out.join(&file), &page::feedback(submission, &outcome))?;
            rows.push((file, submission.clone(), outcome));
        }
        Ok(rows)
    }

    fn one(&self, submission: &Submission) -> Outcome {
        let outcome =
            self.run(submission).unwrap_or_else(|error| Outcome::broken(&format!("{error:#}")));
        println!(
            "{} {}: {} из {} {}",
            submission.student,
            submission.notebook.as_deref().unwrap_or("?"),
            outcome.points(),
            outcome.max(),
            outcome.remark()
        );
        outcome
    }

    fn run(&self, submission: &Submission) -> Result<Outcome> {
        let Some(name) = &submission.notebook else {
            return Ok(Outcome::broken(
                "непонятно, какой это блокнот: имя не вида 01-tensors.ipynb, заданий в нём нет",
            ));
        };
        let Some(lab) = self.labs.iter().find(|lab| &lab.notebook == name) else {
            return Ok(Outcome::broken("такого блокнота в лабораторной нет"));
        };
        let dir = tempfile::Builder::new().prefix("lab-grade-").tempdir()?;
        let copy = dir.path().join("notebook.ipynb");
        fs::write(&copy, notebook_file::bytes(&submission.file)?)
            .with_context(|| format!("не удалось записать {}", copy.display()))?;
        for name in ["home", "tmp"] {
            fs::create_dir(dir.path().join(name))?;
        }
        fs::copy(self.given.path().join(format!("{name}.ipynb")), dir.path().join("ours.ipynb"))?;
        let command = self.command(dir.path(), lab)?;
        let log = dir.path().join("grade.log");
        let (end, said) = sandbox::run(command, dir.path(), &log, &self.limits())?;
        Ok(Outcome::read(&said, lab, &end))
    }

    fn limits(&self) -> Limits {
        Limits {
            memory_mib: self.args.memory,
            time: Duration::from_secs(self.args.timeout),
            processes: self.args.processes,
            files_mib: self.args.files,
        }
    }

    fn command(&self, dir: &Path, lab: &Lab) -> Result<std::process::Command> {
        let (workspace, args) = (self.workspace, self.args);
        let mut program = child::command(workspace, workspace.venv_python());
        program.arg(&self.script).arg(dir).args(["notebook.ipynb", "ours.ipynb"]);
        program.arg("--lab").arg(serde_json::to_string(lab)?);
        // Address space is more than what is used of it; a process that asks for more is refused at once.
        program.arg("--memory").arg((args.memory * 2 + 2048).to_string());
        program.arg("--files").arg(args.files.to_string());
        program.arg("--threads").arg(THREADS.to_string());
        program.arg("--cell-timeout").arg(args.cell_timeout.to_string());
        if args.full {
            program.arg("--full");
        }
        if self.walls == Walls::Namespaces {
            program.arg("--own-network");
        }
        let home = |name: &str, below: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .or_else(|| Some(std::env::home_dir()?.join(below)))
        };
        for (name, below) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let Some(path) = home(name, below) {
                program.env(name, path);
            }
        }
        program
            .env("HOME", dir.join("home"))
            .env("TMPDIR", dir.join("tmp"))
            .env("JUPYTER_RUNTIME_DIR", dir.join("home/runtime"))
            .env("IPYTHONDIR", dir.join("home/ipython"))
            .env("JUPYTER_DATA_DIR", dir.join("home/data"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("LAB_DATA", workspace.data_cache())
            .env("LAB_PROGRESS", "off")
            .env("LAB_CHECK_SEED", self.seed.to_string());
        let sessions = workspace.kernel_home().join("sessions");
        fs::create_dir_all(&sessions)?;
        let rooms = Rooms {
            own: dir,
            sessions: &sessions,
            hidden: &self.hidden(),
            python: &workspace.venv_python(),
        };
        Ok(sandbox::locked(self.walls, &program, &rooms))
    }

    /// What a submission must not read: solutions, what was made of them, and the other submissions.
    fn hidden(&self) -> Vec<PathBuf> {
        let mut hidden = solutions(self.workspace, &self.labs);
        hidden.extend([&self.out, &self.args.dir].map(Clone::clone));
        hidden.iter().filter_map(|path| fs::canonicalize(path).ok()).collect()
    }

    /// The table as CSV and as a page.
    fn write(&self, rows: &[(String, Submission, Outcome)]) -> Result<PathBuf> {
        let path = self.out.join("grades.csv");
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["student", "notebook", "points", "max", "tasks", "remarks", "seed"])?;
        for (_, submission, outcome) in rows {
            let tasks: Vec<String> =
                outcome.tasks.iter().map(|task| format!("{}={}", task.id, task.points)).collect();
            csv.write_record([
                &submission.student,
                submission.notebook.as_deref().unwrap_or(""),
                &outcome.points().to_string(),
                &outcome.max().to_string(),
                &tasks.join(" "),
                &outcome.remark(),
                &self.seed.to_string(),
            ])?;
        }
        let text = String::from_utf8(csv.into_inner()?)?;
        stamp::write(&path, &text)?;
        stamp::write(&self.out.join("index.html"), &page::index(rows))?;
        Ok(path)
    }
}
