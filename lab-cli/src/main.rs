//! `cargo lab`: sets up, runs, tests and reports the lab.
//!
//! It starts programs and checks files; it knows nothing of tensors or of Jupyter's protocol.
//! Read next: `args.rs` (the commands), then the noun you need:
//!
//! | file | what it is |
//! |---|---|
//! | `workspace.rs`, `child.rs`, `scripts.rs`, `step.rs`, `stamp.rs` | folders, child processes, Python files, progress lines, hashes |
//! | `advice.rs`, `lost_output.rs` | what to do about a full disk and the like |
//! | `setup.rs`, `python.rs`, `venv.rs`, `jupyter.rs`, `kernel.rs`, `record.rs` | what is made before a notebook can run |
//! | `dataset.rs`, `fetch.rs`, `source.rs`, `npm.rs`, `archive.rs`, `folder.rs`, `unreachable.rs` | data sets and where they come from |
//! | `notebook.rs`, `execution.rs`, `index.rs`, `run.rs` | executing notebooks, the first page |
//! | `task.rs`, `hint.rs` | the tasks of the notebooks, `cargo lab hint` |
//! | `release.rs`, `course.rs` | the versions for students, instructors and lecturers; nbgrader |
//! | `grade/` | grading a class |
//! | `hub/`, `mounts.rs` | JupyterHub for a class, what shuts a program in |
//! | `student_report.rs`, `notebook_file.rs` | the report that a student hands in, a notebook of somebody's |
//! | `student.rs`, `reset.rs`, `up.rs` | the student's copies and JupyterLab |
//! | `audit/` | what the lab depends on, and may |
//! | `suite.rs`, `unsolved.rs`, `doctor.rs`, `finding.rs`, `bench/` | `cargo lab test`, `doctor`, `bench` |

#![forbid(unsafe_code)]

mod advice;
mod archive;
mod args;
mod audit;
mod bench;
mod child;
mod course;
mod dataset;
mod doctor;
mod execution;
mod fetch;
mod finding;
mod folder;
#[cfg(test)]
mod fuzz;
mod grade;
mod hint;
mod hub;
mod index;
mod jupyter;
mod kernel;
mod lost_output;
mod mounts;
mod notebook;
mod notebook_file;
mod npm;
mod python;
mod record;
mod release;
mod reset;
mod run;
mod scripts;
mod setup;
mod source;
mod stamp;
mod step;
mod student;
mod student_report;
mod suite;
mod task;
mod toolchain;
mod unreachable;
mod unsolved;
mod up;
mod venv;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    lost_output::tell();
    match args::Args::parse().run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nошибка: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("причина: {cause}");
            }
            if let Some(advice) = advice::of(&error) {
                eprintln!("что сделать: {advice}");
            }
            ExitCode::FAILURE
        }
    }
}
