//! The report's first page, `index.html`: a table of the notebooks.
//!
//! Not here: the pages of the notebooks, which python/report.py makes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::execution::Outcome;
use crate::stamp;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem .75rem;border-bottom:1px solid #ddd;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.ok{color:#17692f}.bad{color:#a11}.stand-in{background:#fff3c4}
pre{white-space:pre-wrap;background:#fdeeee;padding:.75rem}";

/// Writes `index.html` into `dir` and returns its path.
///
/// # Errors
/// When it cannot be written.
pub fn write(dir: &Path, outcomes: &[Outcome]) -> Result<PathBuf> {
    let path = dir.join("index.html");
    stamp::write(&path, &page(outcomes))?;
    Ok(path)
}

fn page(outcomes: &[Outcome]) -> String {
    let rows: String = outcomes.iter().map(row).collect();
    let failures: String = outcomes.iter().filter_map(failure).collect();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    format!(
        "<!DOCTYPE html>\n<html lang=\"ru\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Лабораторная: отчёт</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Лабораторная: отчёт</h1>\n\
         <p>Блокноты выполнены в ядре Jupyter «Rust», всего {seconds:.1} с. Открыть их в JupyterLab: \
         <code>cargo lab up</code>.</p>\n\
         <table>\n<thead><tr><th>Блокнот</th><th>Ячеек</th><th>Секунд</th><th>Состояние</th>\
         <th>Данные</th><th></th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n{failures}</body>\n</html>\n"
    )
}

fn row(outcome: &Outcome) -> String {
    let Outcome { name, cells, done, seconds, .. } = outcome;
    let title = if outcome.title.is_empty() { name } else { &outcome.title };
    let (class, state) = match &outcome.failure {
        None => ("ok", "✓ выполнен".to_owned()),
        Some(failure) if failure.cell == 0 => ("bad", "✗ не запустился".to_owned()),
        Some(failure) => ("bad", format!("✗ ячейка {}, выполнено {done}", failure.cell)),
    };
    let is_real = outcome.data.iter().all(|data| data.contains("настоящие"));
    let data = if outcome.data.is_empty() {
        "не нужны".to_owned()
    } else {
        outcome.data.join("; ")
    };
    format!(
        "<tr><td><a href=\"{file}.html\">{title}</a></td><td class=\"n\">{cells}</td>\
         <td class=\"n\">{seconds:.1}</td><td class=\"{class}\">{state}</td><td{mark}>{data}</td>\
         <td><a href=\"{file}.ipynb\">.ipynb</a></td></tr>\n",
        file = escape(name),
        title = escape(title),
        mark = if is_real { "" } else { " class=\"stand-in\"" },
        data = escape(&data),
    )
}

fn failure(outcome: &Outcome) -> Option<String> {
    let failure = outcome.failure.as_ref()?;
    Some(format!("<pre>{}</pre>\n", escape(&failure.describe(&outcome.name))))
}

/// A text as HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::Failure;

    fn outcome() -> Outcome {
        Outcome {
            name: "03-linear".into(),
            title: "Регрессия <линейная>".into(),
            cells: 7,
            done: 7,
            seconds: 12.34,
            data: vec!["Boston housing: настоящие данные".into()],
            ..Outcome::default()
        }
    }

    #[test]
    fn a_good_notebook_is_one_row() {
        let page = page(&[outcome()]);
        assert!(
            page.contains("<a href=\"03-linear.html\">Регрессия &lt;линейная&gt;</a>"),
            "{page}"
        );
        assert!(page.contains("<td class=\"n\">12.3</td>"), "{page}");
        assert!(page.contains("✓ выполнен") && !page.contains("class=\"stand-in\""), "{page}");
    }

    #[test]
    fn a_failure_and_a_stand_in_are_seen() {
        let mut bad = outcome();
        bad.done = 2;
        bad.failure = Some(Failure { cell: 3, line: "f(x)?;".into(), reason: "E: a < b".into() });
        bad.data = vec!["California housing: ЗАМЕНИТЕЛЬ".into()];
        let page = page(&[bad]);
        assert!(page.contains("✗ ячейка 3, выполнено 2"), "{page}");
        assert!(page.contains("<td class=\"stand-in\">California housing: ЗАМЕНИТЕЛЬ"), "{page}");
        assert!(page.contains("ячейка 3: f(x)?;\n    E: a &lt; b"), "{page}");
    }
}
