//! The first page, `index.html`: a card for each notebook with its figure and key numbers.
//!
//! Not here: the pages of the notebooks, which python/report.py makes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::execution::Outcome;
use crate::stamp;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--card:#8881}\
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}\
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem}\
.card{border:1px solid var(--line);background:var(--card);border-radius:10px;padding:1rem;display:flex;flex-direction:column;gap:.5rem}\
.card h2{font-size:1.1rem;margin:0}.card p{margin:0}.card img{width:100%;background:#fff;border-radius:6px}\
.card .last{margin-top:auto;font-size:.9rem;opacity:.85}\
dl{display:grid;grid-template-columns:1fr auto;gap:.1rem .8rem;margin:0}dd{margin:0;font-variant-numeric:tabular-nums;font-weight:600}\
.ok{color:#2a9d4a}.bad{color:#d05050}.stand-in{background:#f0c04055;border-radius:4px;padding:0 .3rem}\
pre{white-space:pre-wrap;background:#d0505022;padding:.75rem;border-radius:6px}";

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
    let cards: String = outcomes.iter().map(card).collect();
    let failures: String = outcomes.iter().filter_map(failure).collect();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    format!(
        "<!DOCTYPE html>\n<html lang=\"ru\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Глубокое обучение на Rust</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Глубокое обучение на Rust</h1>\n\
         <p>Лабораторная из блокнотов Jupyter: тензоры, градиенты, регрессия, оптимизаторы, сеть для цифр, перенос \
         обучения. Все ячейки выполнены настоящим ядром за {seconds:.0} с. Открыть блокноты: \
         <code>cargo lab up</code>.</p>\n\
         <div class=\"cards\">\n{cards}</div>\n{failures}</body>\n</html>\n"
    )
}

fn card(outcome: &Outcome) -> String {
    let Outcome { name, cells, done, seconds, .. } = outcome;
    let title = if outcome.title.is_empty() { name } else { &outcome.title };
    let (class, state) = match &outcome.failure {
        None => ("ok", "✓ выполнен".to_owned()),
        Some(failure) if failure.cell == 0 => ("bad", "✗ не запустился".to_owned()),
        Some(failure) => ("bad", format!("✗ ячейка {}, выполнено {done}", failure.cell)),
    };
    let number = |(name, value): &(String, Option<String>)| {
        let value = value.as_deref().unwrap_or("нет");
        format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value))
    };
    let numbers: String = outcome.numbers.iter().map(number).collect();
    let is_real = outcome.data.iter().all(|data| data.contains("настоящие"));
    let data = if outcome.data.is_empty() {
        "Данные не нужны".to_owned()
    } else {
        outcome.data.join("; ")
    };
    let model = outcome.model.as_deref();
    let model = model.map_or_else(String::new, |model| format!(" Сеть: {}.", escape(model)));
    let picture = outcome.picture.as_deref().map_or_else(String::new, |address| {
        format!("<a href=\"{}.html\"><img alt=\"\" src=\"{}\"></a>", escape(name), escape(address))
    });
    format!(
        "<section class=\"card\"><h2><a href=\"{file}.html\">{title}</a></h2>\n{picture}\n\
         <p>{goal}</p>\n<dl>{numbers}</dl>\n<p class=\"last\"><span class=\"{class}\">{state}</span>, ячеек {cells}, \
         {seconds:.1} с. <span{mark}>{data}</span>.{model} <a href=\"{file}.ipynb\">.ipynb</a></p></section>\n",
        file = escape(name),
        title = escape(title),
        goal = escape(&outcome.goal),
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
            numbers: vec![("ошибка".into(), Some("0.5267".into())), ("шагов".into(), None)],
            goal: "Понять a < b".into(),
            model: Some("resnet18".into()),
            picture: Some("data:image/svg+xml;base64,AA".into()),
            ..Outcome::default()
        }
    }

    #[test]
    fn a_good_notebook_is_one_card() {
        let page = page(&[outcome()]);
        assert!(
            page.contains("<a href=\"03-linear.html\">Регрессия &lt;линейная&gt;</a>"),
            "{page}"
        );
        for part in [
            "12.3 с",
            "Сеть: resnet18.",
            "<dt>ошибка</dt><dd>0.5267</dd>",
            "<dd>нет</dd>",
            "a &lt; b",
            "base64,AA",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
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
        assert!(page.contains("<span class=\"stand-in\">California housing: ЗАМЕНИТЕЛЬ"), "{page}");
        assert!(page.contains("ячейка 3: f(x)?;\n    E: a &lt; b"), "{page}");
    }
}
