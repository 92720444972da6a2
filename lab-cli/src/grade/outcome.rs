//! What came of a submission: points and words, as python/grade.py writes them.
//!
//! Not here: how it is shown (`page.rs`).

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::sandbox::End;
use crate::task::Lab;

/// The verdict on one task.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Verdict {
    /// The task's number.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Points given.
    pub points: u32,
    /// Points there are.
    pub max: u32,
    /// What the check said.
    pub text: String,
}

/// What came of a submission.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Outcome {
    /// The verdicts in the order of the tasks.
    pub tasks: Vec<Verdict>,
    /// What the instructor should know.
    pub remarks: Vec<String>,
    /// The student's answers to the questions, Markdown.
    pub answers: Vec<String>,
    /// Why there was nothing to run.
    pub broken: Option<String>,
}

impl Outcome {
    /// What grade.py left in `dir`; no points where it left nothing, and why.
    pub fn read(dir: &Path, lab: &Lab, end: &End) -> Outcome {
        let mut outcome = match end {
            // What lies there then may have been written by the submission itself.
            End::Stopped(reason) => Outcome {
                remarks: vec![format!("остановлено: {reason}")],
                ..Outcome::default()
            },
            End::Itself(_) => {
                let text = fs::read_to_string(dir.join("result.json")).unwrap_or_default();
                serde_json::from_str(&text).unwrap_or_default()
            }
        };
        if outcome == Outcome::default() {
            outcome.remarks.push("проверка оборвалась, не сказав, чем дело кончилось".into());
        }
        if outcome.tasks.is_empty() {
            outcome.tasks = lab.tasks.iter().map(Verdict::none).collect();
        }
        outcome
    }

    /// A submission that cannot be run.
    pub fn broken(reason: &str) -> Outcome {
        Outcome { broken: Some(reason.into()), ..Outcome::default() }
    }

    /// Points given.
    pub fn points(&self) -> u32 {
        self.tasks.iter().map(|task| task.points).sum()
    }

    /// Points there are.
    pub fn max(&self) -> u32 {
        self.tasks.iter().map(|task| task.max).sum()
    }

    /// Everything the instructor should know, in one line.
    pub fn remark(&self) -> String {
        self.broken.iter().chain(&self.remarks).cloned().collect::<Vec<_>>().join("; ")
    }
}

impl Verdict {
    fn none(task: &crate::task::Task) -> Verdict {
        Verdict {
            id: task.id.clone(),
            title: task.title.clone(),
            max: task.points,
            text: "до проверки дело не дошло".into(),
            points: 0,
        }
    }
}
