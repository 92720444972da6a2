//! Tests of `history_csv.rs`.
#![allow(clippy::unwrap_used)]

use super::super::history::tests::example;
use super::*;
use crate::Rng;

fn file(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("lab-history-{name}-{}.csv", std::process::id()))
}

#[test]
fn what_is_written_is_read_back_bit_for_bit() {
    let path = file("same");
    let mut rng = Rng::seed(4);
    let stops = [
        None,
        Some(Stop::Interrupted),
        Some(Stop::Diverged { step: 6, loss: f64::NEG_INFINITY, lr: 1e-7 }),
        Some(Stop::Observer("хватит, \"да\"\nи всё".into())),
        Some(Stop::Failed(",;".into())),
    ];
    for stopped in stops {
        let mut history = example();
        history.stopped = stopped;
        for one in &mut history.steps {
            one.loss = rng.normal() * 10f64.powi(rng.below(600) as i32 - 300);
        }
        history.steps[1].loss = -0.0;
        history.steps[2].accuracy = None;
        history.epochs[1].val = None;
        history.to_csv(&path).unwrap();
        let back = History::from_csv(&path).unwrap();
        assert_eq!(back, history);
        assert!(back.steps[1].loss.is_sign_negative());
        let bits = |history: &History| -> Vec<u64> {
            history.steps.iter().map(|one| one.loss.to_bits()).collect()
        };
        assert_eq!(bits(&back), bits(&history));
    }
    let mut nan = example();
    nan.steps[5].loss = f64::NAN;
    nan.to_csv(&path).unwrap();
    assert!(History::from_csv(&path).unwrap().steps[5].loss.is_nan());
    assert!(!path.with_added_extension("part").exists());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_damaged_line_is_named() {
    let text = String::from_utf8(example().text().unwrap()).unwrap();
    let error = |text: String| {
        let path = file("damaged");
        std::fs::write(&path, text).unwrap();
        let error = History::from_csv(&path).unwrap_err().to_string();
        std::fs::remove_file(path).unwrap();
        error
    };
    let told = error(text.replace("step,,3,", "step,,три,"));
    assert!(told.contains("строка 4: в столбце step «три»"), "{told}");
    let told = error(text.replace("step,,3,", "step,,2,"));
    assert!(told.contains("строка 4: номер 2 идёт после 2"), "{told}");
    let told = error(text.replace("step,,3,", "stop,,3,"));
    assert!(told.contains("строка 4: kind = «stop»"), "{told}");
    let told = error(text.replace("step,,3,", "step,,3,1,"));
    assert!(told.contains("строка 4: не читается"), "{told}");
    let told = error(text.replace("kind,", "Kind,"));
    assert!(told.contains("строка 1: нужен заголовок"), "{told}");
    assert!(error(String::new()).contains("строка 1: файл пуст"));
    let told = error(format!("{text}interrupted,,,,,,,,,,,\nepoch,9,9,1,,,,4,,1,1,\n"));
    assert!(told.contains("строка 11: строка после причины"), "{told}");
    let told = error(text[..text.len() - 12].to_string());
    assert!(told.contains("строка 9: "), "{told}");
    assert!(History::from_csv("/нет/такого.csv").is_err());
}

#[test]
fn no_damage_makes_a_panic() {
    let whole = example().text().unwrap();
    let mut rng = Rng::seed(11);
    for _ in 0..2000 {
        let mut bytes = whole.clone();
        for _ in 0..=rng.below(4) {
            let place = rng.below(bytes.len());
            bytes[place] = rng.below(256) as u8;
        }
        bytes.truncate(rng.below(bytes.len() + 1));
        if let Err((line, what)) = read(&bytes) {
            assert!((1..=12).contains(&line) && !what.is_empty(), "{line} {what}");
        }
    }
}

#[test]
fn a_folder_that_does_not_exist_is_told() {
    let error = example().to_csv("/нет/такой/папки/h.csv").unwrap_err().to_string();
    assert!(error.contains("/нет/такой/папки/h.csv"), "{error}");
}
