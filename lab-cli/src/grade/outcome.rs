//! What came of a submission: points and words, as python/grade.py tells them.
//!
//! Not here: how it is shown (`page.rs`).

use serde::Deserialize;

use super::sandbox::End;
use crate::task::{Lab, Task};

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

/// A line of what grade.py says.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    /// A check has run.
    Verdict(Verdict),
    /// Everything is done.
    Result(Outcome),
}

impl Outcome {
    /// What grade.py said before it ended: the whole result, or the verdicts that were there when it was stopped.
    pub fn read(said: &str, lab: &Lab, end: &End) -> Outcome {
        let mut outcome = Outcome::default();
        let mut verdicts = Vec::new();
        for line in said.lines() {
            match serde_json::from_str(line) {
                Ok(Said::Verdict(verdict)) => verdicts.push(verdict),
                Ok(Said::Result(result)) => outcome = result,
                // A line that was cut off.
                Err(_) => {}
            }
        }
        let is_whole = outcome != Outcome::default();
        match end {
            End::Stopped(reason) => outcome.remarks.push(format!("остановлено: {reason}")),
            End::Itself(_) if is_whole => {}
            End::Itself(_) => {
                outcome.remarks.push("проверка оборвалась, не сказав, чем дело кончилось".into())
            }
        }
        if outcome.tasks.is_empty() {
            let known =
                |task: &Task| verdicts.iter().find(|verdict| verdict.id == task.id).cloned();
            let verdict = |task: &Task| known(task).unwrap_or_else(|| Verdict::none(task));
            outcome.tasks = lab.tasks.iter().map(verdict).collect();
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
    fn none(task: &Task) -> Verdict {
        Verdict {
            id: task.id.clone(),
            title: task.title.clone(),
            max: task.points,
            text: "до проверки дело не дошло".into(),
            points: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Lab {
        let task = |id: &str| Task { id: id.into(), points: 2, ..Task::default() };
        Lab { tasks: vec![task("1.1"), task("1.2")], ..Lab::default() }
    }

    const FIRST: &str =
        r#"{"verdict": {"id": "1.1", "title": "", "points": 2, "max": 2, "text": "решено"}}"#;

    #[test]
    fn what_was_earned_before_a_stop_counts() {
        let said = format!("{FIRST}\n{{\"verdict\": {{\"id\": \"1.2");
        for end in [End::Stopped("памяти много".into()), End::Itself(false)] {
            let outcome = Outcome::read(&said, &lab(), &end);
            assert_eq!((outcome.points(), outcome.max()), (2, 4));
            assert_eq!(outcome.tasks[1].text, "до проверки дело не дошло");
            assert!(!outcome.remark().is_empty());
        }
        assert_eq!(Outcome::read("", &lab(), &End::Itself(true)).points(), 0);
    }

    #[test]
    fn the_whole_result_goes_before_single_verdicts() {
        let task = r#"{"id": "1.1", "title": "", "points": 0, "max": 2, "text": "нет"}"#;
        let said = format!("{FIRST}\n{{\"result\": {{\"tasks\": [{task}]}}}}");
        let outcome = Outcome::read(&said, &lab(), &End::Itself(true));
        assert_eq!((outcome.points(), outcome.remark().as_str()), (0, ""));
        let broken = r#"{"result": {"broken": "не блокнот"}}"#;
        assert_eq!(Outcome::read(broken, &lab(), &End::Itself(true)).remark(), "не блокнот");
    }
}
