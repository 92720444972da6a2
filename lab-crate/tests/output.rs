//! The marked lines that a cell prints, byte by byte. Each test runs this program again with the environment of a
//! kernel and reads its standard output.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;

use lab::prelude::*;

/// Set in the child, so that the same test knows its role.
const CHILD: &str = "LAB_TEST_CHILD";

/// The lines that the test `name` prints as a child, with `variables` set.
fn run(name: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]);
    for unset in ["LAB_KERNEL", "EVCXR_IS_RUNTIME", "LAB_INTERRUPT"] {
        command.env_remove(unset);
    }
    let output = command.env(CHILD, "1").envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let start = text.find("BEGIN\n").expect("the child printed nothing") + "BEGIN\n".len();
    let end = text.find("\nEND\n").unwrap_or(text.len());
    text[start..end.max(start)].lines().map(String::from).collect()
}

/// Runs `body` in the child, between marks.
fn child(body: impl FnOnce() -> lab::Result<()>) -> bool {
    if std::env::var_os(CHILD).is_none() {
        return false;
    }
    println!("\nBEGIN");
    body().unwrap();
    println!("\nEND");
    true
}

/// The first lines of all blocks.
fn heads(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.strip_prefix("EVCXR_BEGIN_CONTENT ")).collect()
}

/// The value of `id=` in the first line of a block.
fn id(head: &str) -> &str {
    head.split(" id=").nth(1).unwrap().split(' ').next().unwrap()
}

const KERNEL: (&str, &str) = ("LAB_KERNEL", "1");
const STOCK: (&str, &str) = ("EVCXR_IS_RUNTIME", "1");

fn point(y: f64) -> Figure {
    Figure::new().title(format!("кадр {y}")).scatter(&[0.0], &[y]).unwrap()
}

#[test]
fn a_figure_is_a_picture_and_words() {
    let print = || point(1.0).show();
    if child(print) {
        return;
    }
    let lines = run("a_figure_is_a_picture_and_words", &[KERNEL]);
    let both = heads(&lines);
    let name = id(both[0]);
    assert_eq!(both, [format!("image/svg+xml id={name}"), format!("text/plain id={name}")]);
    assert!(lines[1].starts_with("<svg"));
    let words = &lines[lines.len() - 4..];
    assert_eq!(words[0], "EVCXR_END_CONTENT");
    assert_eq!(words[1], format!("EVCXR_BEGIN_CONTENT {}", both[1]));
    assert_eq!(words[2..], ["График «кадр 1»", "EVCXR_END_CONTENT"]);
    assert_eq!(heads(&run("a_figure_is_a_picture_and_words", &[STOCK])).len(), 2);
    assert!(
        heads(&run("a_figure_is_a_picture_and_words", &[])).is_empty(),
        "nothing in a terminal"
    );
}

#[test]
fn a_last_expression_has_no_name() {
    let print = || {
        point(1.0).evcxr_display();
        Ok(())
    };
    if child(print) {
        return;
    }
    let lines = run("a_last_expression_has_no_name", &[KERNEL]);
    assert_eq!(heads(&lines), ["image/svg+xml", "text/plain"]);
}

#[test]
fn a_live_figure_updates_one_output_and_ends_with_the_last_frame() {
    let print = || {
        let mut live = Live::new();
        for frame in 0..1000 {
            live.show(&point(f64::from(frame)))?;
        }
        live.finish()?;
        live.show(&point(-1.0))
    };
    if child(print) {
        return;
    }
    let name = "a_live_figure_updates_one_output_and_ends_with_the_last_frame";
    let lines = run(name, &[KERNEL]);
    let heads_of_all = heads(&lines);
    let pictures: Vec<&&str> =
        heads_of_all.iter().filter(|head| head.starts_with("image")).collect();
    assert!(pictures.len() >= 3 && pictures.len() < 100, "{}", pictures.len());
    assert!(!pictures[0].contains("update"), "{}", pictures[0]);
    assert!(
        pictures[1].ends_with(" update=1") && id(pictures[1]) == id(pictures[0]),
        "{}",
        pictures[1]
    );
    let last = pictures[pictures.len() - 1];
    assert!(!last.contains("update") && id(last) != id(pictures[0]), "a new output: {last}");
    let frames: Vec<&String> = lines.iter().filter(|line| line.starts_with("График")).collect();
    assert_eq!(frames[0], "График «кадр 0»");
    assert_eq!(frames[frames.len() - 2], "График «кадр 999»");
    let stock = run(name, &[STOCK]);
    let frames: Vec<&String> = stock.iter().filter(|line| line.starts_with("График")).collect();
    assert_eq!(frames, ["График «кадр 999»", "График «кадр -1»"]);
    assert!(heads(&stock).iter().all(|head| !head.contains("id=")));
}

#[test]
fn bars_inside_a_bar_share_an_output() {
    let print = || {
        for epoch in progress(0..3).comment("эпохи") {
            for _ in progress(0..5).comment(format!("эпоха {epoch}")) {}
        }
        Ok(())
    };
    if child(print) {
        return;
    }
    let lines = run("bars_inside_a_bar_share_an_output", &[KERNEL]);
    let all = heads(&lines);
    let mut names: Vec<&str> = all.iter().map(|head| id(head)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 2, "{all:?}");
    let new: Vec<&&str> = all.iter().filter(|head| !head.contains("update=1")).collect();
    assert_eq!(new.len(), 4, "two outputs of two types: {new:?}");
    assert!(lines.iter().any(|line| line.starts_with("эпоха 2: 100 %|") && line.contains("5/5")));
    assert!(lines.iter().any(|line| line.starts_with("эпохи: 100 %|") && line.contains("3/3")));
    let plain = run("bars_inside_a_bar_share_an_output", &[STOCK]);
    assert!(plain.iter().any(|line| line.starts_with("эпохи: 100 %|")), "{plain:?}");
    assert!(heads(&plain).is_empty(), "whole lines on a stock kernel");
}

#[test]
fn a_fast_loop_sends_few_bars() {
    let print = || {
        for _ in progress(0..100_000) {}
        Ok(())
    };
    if child(print) {
        return;
    }
    let lines = run("a_fast_loop_sends_few_bars", &[KERNEL]);
    assert!(heads(&lines).len() < 40, "{}", heads(&lines).len());
    assert!(
        lines.iter().any(|line| line.contains("100000/100000")),
        "the last state is always drawn"
    );
}

#[test]
fn tensors_and_tables_show_themselves() {
    let print = || {
        let x = Tensor::new(&[[1.0f32, 2.0]], &Device::Cpu)?;
        x.evcxr_display();
        x.table()?.evcxr_display();
        Ok(())
    };
    if child(print) {
        return;
    }
    let lines = run("tensors_and_tables_show_themselves", &[KERNEL]);
    assert_eq!(heads(&lines), ["text/plain", "text/html", "text/plain"]);
    assert_eq!(lines[1..4], ["[[1., 2.]]", "Tensor[[1, 2], f32]", "EVCXR_END_CONTENT"]);
    let terminal = run("tensors_and_tables_show_themselves", &[]);
    assert_eq!(terminal[..2], ["[[1., 2.]]", "Tensor[[1, 2], f32]"]);
}

#[test]
fn a_figure_that_cannot_be_drawn_says_why() {
    let print = || {
        Figure::new().evcxr_display();
        Ok(())
    };
    if child(print) {
        return;
    }
    let lines = run("a_figure_that_cannot_be_drawn_says_why", &[KERNEL]);
    assert!(lines[0].starts_with("график: рисовать нечего"), "{lines:?}");
}

#[test]
fn an_interrupt_ends_the_loop_and_keeps_what_was_done() {
    let print = || {
        let mut done = Vec::new();
        for i in progress(0..5) {
            done.push(i);
            if i == 1 {
                // Looks at the file are 10 ms apart.
                std::fs::write(std::env::var("LAB_INTERRUPT").unwrap(), "").unwrap();
                while !interrupted() {}
            }
        }
        println!("done {done:?}, {}", check_interrupted().unwrap_err());
        Ok(())
    };
    if child(print) {
        return;
    }
    let path = std::env::temp_dir().join(format!("lab-output-interrupt-{}", std::process::id()));
    let file = path.to_str().unwrap();
    let lines = run(
        "an_interrupt_ends_the_loop_and_keeps_what_was_done",
        &[KERNEL, ("LAB_INTERRUPT", file)],
    );
    std::fs::remove_file(&path).unwrap();
    assert!(lines.contains(&"done [0, 1], Прервано".to_string()), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("2/5") && line.ends_with("— прервано")),
        "{lines:?}"
    );
}
