//! A program that measures one figure each time it is asked: our example `bench`, or PyTorch's script.
//!
//! Not here: what is asked and compared (`duel.rs`).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A running program that measures.
pub struct Side {
    /// Its name in tables.
    pub name: String,
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// How long it took.
    pub seconds: f64,
    /// The peak of the program's resident memory meanwhile, where the system tells it.
    pub peak_bytes: Option<u64>,
}

/// One line of its output.
#[derive(Deserialize)]
struct Answer {
    seconds: Option<f64>,
    peak_bytes: Option<u64>,
    about: Option<String>,
    error: Option<String>,
}

impl Side {
    /// Starts `command` and asks what it is.
    ///
    /// # Errors
    /// It does not start or does not answer.
    pub fn start(mut command: Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("не удалось запустить {program}"))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{program}: нет связи с программой");
        };
        let answers = BufReader::new(answers);
        let mut side = Self { name: program, child, questions: Some(questions), answers };
        side.name = side.ask("about")?.about.context("программа не назвала себя")?;
        Ok(side)
    }

    /// Measures `figure` once.
    ///
    /// # Errors
    /// The program has ended, or could not measure; its own reason is in the text.
    pub fn measure(&mut self, figure: &str) -> Result<Measured> {
        let answer = self.ask(figure)?;
        match (answer.seconds, answer.error) {
            (Some(seconds), _) => Ok(Measured { seconds, peak_bytes: answer.peak_bytes }),
            (None, Some(error)) => bail!("{}, {figure}: {error}", self.name),
            (None, None) => bail!("{}, {figure}: ответ без числа", self.name),
        }
    }

    fn ask(&mut self, question: &str) -> Result<Answer> {
        let mut line = String::new();
        if let Some(questions) = &mut self.questions {
            writeln!(questions, "{question}")
                .with_context(|| format!("{} не слушает", self.name))?;
        }
        if self.answers.read_line(&mut line)? == 0 {
            bail!("{} завершилась на вопросе {question}", self.name);
        }
        serde_json::from_str(&line)
            .with_context(|| format!("{}: непонятный ответ {:?}", self.name, line.trim_end()))
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // The end of its input ends the program.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A program that answers the lines it gets in turn.
    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn numbers_errors_and_the_end_are_told_apart() {
        let script = r#"read q; echo '{"about": "проба"}'
            read q; echo '{"seconds": 0.25, "peak_bytes": 4096}'; read q; echo '{"error": "нет данных"}'
            read q; echo 'ой'; read q"#;
        let mut side = Side::start(shell(script)).unwrap();
        assert_eq!(side.name, "проба");
        let measured = Measured { seconds: 0.25, peak_bytes: Some(4096) };
        assert_eq!(side.measure("a").unwrap(), measured);
        assert_eq!(side.measure("b").unwrap_err().to_string(), "проба, b: нет данных");
        assert!(side.measure("c").unwrap_err().to_string().contains("непонятный ответ \"ой\""));
        assert!(side.measure("d").unwrap_err().to_string().contains("завершилась на вопросе d"));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Side::start(Command::new("no-such-program-of-ours")).err().unwrap();
        assert!(error.to_string().contains("no-such-program-of-ours"));
    }
}
