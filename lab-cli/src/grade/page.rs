//! One page for a student, and the table of all of them: HTML that needs no network.
//!
//! Not here: the verdicts (`outcome.rs`).

use super::outcome::Outcome;
use super::submission::Submission;
use crate::index::escape;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .7rem;border-bottom:1px solid #8884;vertical-align:top}\
pre{white-space:pre-wrap;margin:0;font:inherit}.ok{color:#2a9d4a}.bad{color:#d05050}.note{background:#f0c04033;padding:.6rem .9rem;border-radius:6px}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"ru\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n{body}</body></html>\n",
        title = escape(title)
    )
}

/// The page of one submission.
pub fn feedback(submission: &Submission, outcome: &Outcome) -> String {
    let title = format!(
        "{}: {}",
        submission.student,
        submission.notebook.as_deref().unwrap_or("блокнот не узнан")
    );
    let mut body = format!("<h1>{}</h1>\n", escape(&title));
    if let Some(reason) = &outcome.broken {
        body += &format!("<p class=\"note\">Проверить не удалось: {}.</p>\n", escape(reason));
        return page(&title, &body);
    }
    body += &format!("<p>Баллов {} из {}.</p>\n", outcome.points(), outcome.max());
    for remark in &outcome.remarks {
        body += &format!("<p class=\"note\">{}</p>\n", escape(remark));
    }
    body += "<table><thead><tr><th>Задание</th><th>Баллы</th><th>Что сказала проверка</th></tr></thead><tbody>\n";
    for task in &outcome.tasks {
        let (class, mark) = if task.points > 0 { ("ok", '✓') } else { ("bad", '✗') };
        body += &format!(
            "<tr><td class=\"{class}\">{mark} {} {}</td><td>{} из {}</td><td><pre>{}</pre></td></tr>\n",
            escape(&task.id),
            escape(&task.title),
            task.points,
            task.max,
            escape(&task.text)
        );
    }
    body += "</tbody></table>\n";
    if !outcome.answers.is_empty() {
        body += "<h2>Ответы на вопросы</h2>\n";
        for answer in &outcome.answers {
            body += &format!("<pre>{}</pre><hr>\n", escape(answer));
        }
    }
    page(&title, &body)
}

/// The table of all submissions: file of the page, submission, outcome.
pub fn index(rows: &[(String, Submission, Outcome)]) -> String {
    let mut body =
        "<h1>Проверка</h1>\n<table><thead><tr><th>Студент</th><th>Блокнот</th><th>Баллы</th>\
                    <th>Замечания</th></tr></thead><tbody>\n"
            .to_owned();
    for (file, submission, outcome) in rows {
        body += &format!(
            "<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{} из {}</td><td>{}</td></tr>\n",
            escape(file),
            escape(&submission.student),
            escape(submission.notebook.as_deref().unwrap_or("не узнан")),
            outcome.points(),
            outcome.max(),
            escape(&outcome.remark())
        );
    }
    page("Проверка", &(body + "</tbody></table>\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::outcome::Verdict;

    #[test]
    fn points_words_and_remarks_are_shown_escaped() {
        let submission = Submission {
            student: "Иванов <b>".into(),
            file: "x.ipynb".into(),
            notebook: Some("01-tensors".into()),
        };
        let verdict = Verdict {
            id: "1.1".into(),
            title: "Тождество".into(),
            points: 1,
            max: 1,
            text: "решено".into(),
        };
        let wrong =
            Verdict { id: "1.2".into(), points: 0, text: "а < b?".into(), ..verdict.clone() };
        let outcome = Outcome {
            tasks: vec![verdict, wrong],
            remarks: vec!["ячейка изменена".into()],
            ..Outcome::default()
        };
        let page = feedback(&submission, &outcome);
        for part in
            ["Иванов &lt;b&gt;", "Баллов 1 из 2", "✓ 1.1", "✗ 1.2", "а &lt; b?", "ячейка изменена"]
        {
            assert!(page.contains(part), "{part} in {page}");
        }
        let table = index(&[("a.html".into(), submission, outcome)]);
        assert!(table.contains("href=\"a.html\"") && table.contains("1 из 2"), "{table}");
        let broken = feedback(
            &Submission { student: "П".into(), file: "y".into(), notebook: None },
            &Outcome::broken("это не блокнот"),
        );
        assert!(broken.contains("Проверить не удалось: это не блокнот."), "{broken}");
    }
}
