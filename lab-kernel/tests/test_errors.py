"""A failed cell says so: one `error` message, the same in the reply, a short traceback.

Covers panics, `?`, compile errors, the queue behind an error, and the death of
the process that runs the cells. What interrupts do is in test_interrupt.py.
"""

import re

import pytest

KEPT = "let kept = vec![1, 2, 3];"

# name: (code, what evalue must contain, the line that the traceback must show)
FAILURES = {
    "panic": (
        'let a = 7;\npanic!("сломалось {}", a);',
        "сломалось 7",
        'panic!("сломалось {}", a);',
    ),
    "assert": (
        'let a = 7;\nassert!(kept.len() == a, "длина {}", kept.len());\nprintln!("no");',
        "длина 3",
        'assert!(kept.len() == a, "длина {}", kept.len());',
    ),
    "assert without a message": ("assert!(kept.is_empty());", "kept.is_empty()", "assert!(kept.is_empty());"),
    "assert_eq": ("let b = 4;\n\nassert_eq!(kept.len(), b);", "right: 4", "assert_eq!(kept.len(), b);"),
    "index": ('let i = 3;\nprintln!("{}", kept[i]);', "index out of bounds", 'println!("{}", kept[i]);'),
    "unwrap": ('let n: i32 = "x".parse().unwrap();', "InvalidDigit", '"x".parse().unwrap()'),
    "question mark": ('let x: i32 = "a".parse::<i32>()?;', "invalid digit", 'let x: i32 = "a".parse::<i32>()?;'),
    "todo": ('println!("{}", kept.len());\ntodo!("ЗАДАНИЕ 1.1");', "ЗАДАНИЕ 1.1", 'todo!("ЗАДАНИЕ 1.1");'),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_of_the_program(client, name):
    code, value, line = FAILURES[name]
    client.check(KEPT)
    cell = client.run(code)
    error = cell.error()
    assert value in error["evalue"]
    assert error["ename"]
    assert line in cell.traceback()
    assert 1 <= len(cell.traceback().splitlines()) <= 8
    assert cell.reply["status"] == "error"
    assert {k: cell.reply[k] for k in error} == error
    assert cell.outputs()[-1][0] == "error"
    assert "backtrace" not in cell.text("stderr")
    assert client.check('println!("{:?}", kept);') == "[1, 2, 3]\n"


def test_text_before_a_panic_comes_before_the_error(client):
    cell = client.run('println!("out"); print!("no end"); panic!("broken");')
    assert cell.text() == "out\nno end"
    assert cell.outputs()[-1][0] == "error"


def test_a_panic_caught_by_the_cell_is_not_an_error(client):
    cell = client.run('println!("{}", std::thread::spawn(|| panic!("inside")).join().is_err());')
    assert (cell.reply["status"], cell.text()) == ("ok", "true\n")
    assert cell.contents("error") == []


def test_a_panic_in_an_earlier_cells_function_shows_its_line(client):
    client.check("fn first() {}\nfn half(x: u32) -> u32 {\n    assert!(x % 2 == 0, \"нечётное\");\n    x / 2\n}")
    told = client.run("let y = 3;\nhalf(y);").traceback()
    assert "нечётное" in told and "прежних ячеек" in told and "assert!(x % 2 == 0" in told, told
    assert "lib.rs" not in told, told


def test_variables_of_a_failed_cell_are_not_half_there(client):
    client.run('let half_made = 1; panic!("broken");')
    assert "half_made" in client.run("half_made").error()["evalue"]


def test_a_type_error_shows_the_place(client):
    cell = client.run('let fine = 1;\nlet number: i32 = "текст";\nprintln!("{number} {fine}");')
    assert "mismatched types" in cell.error()["evalue"]
    text = cell.traceback()
    assert 'let number: i32 = "текст";' in text
    assert "E0308" in text
    assert re.search(r"\^{3}|─┬─", text), text
    assert {k: cell.reply[k] for k in ("status", "ename", "evalue")} == {
        "status": "error",
        "ename": cell.error()["ename"],
        "evalue": cell.error()["evalue"],
    }


@pytest.mark.parametrize(
    "code",
    ['if true {\n    half_of("текст");\n}', '{\n    half_of("текст")\n}', 'half_of("текст")', 'println!("{}", half_of("текст"));'],
)
def test_a_wrong_argument_of_ones_own_function_shows_the_place(client, code):
    client.check("fn half_of(x: f64) -> f64 { x / 2.0 }")
    cell = client.run(code)
    assert "mismatched types" in cell.error()["evalue"]
    assert cell.error()["ename"] == "CompileError[E0308]"
    text = cell.traceback()
    assert 'half_of("текст")' in text and "expected `f64`, found `&str`" in text


def test_an_unknown_name(client):
    cell = client.run('println!("{}", no_such_name);')
    assert "no_such_name" in cell.error()["evalue"]
    assert 'println!("{}", no_such_name);' in cell.traceback()


def test_a_closure_cannot_be_kept(client):
    client.check(KEPT)
    error = client.run("let add = |x: i32| x + 1;").error()
    assert "add" in error["evalue"] and "closure" in error["evalue"]
    assert client.check('println!("{:?}", kept);') == "[1, 2, 3]\n"


def test_two_compile_errors_are_one_message(client):
    cell = client.run('let a: i32 = "x";\nlet b: bool = 1;')
    assert 'let a: i32 = "x";' in cell.traceback()
    assert "let b: bool = 1;" in cell.traceback()


@pytest.mark.parametrize("code", ["let x = ;", "fn f( {", ":no_such_command", ":dep"])
def test_nonsense(client, code):
    client.check(KEPT)
    cell = client.run(code)
    assert cell.error()["evalue"]
    assert cell.reply["status"] == "error"
    assert client.check('println!("{:?}", kept);') == "[1, 2, 3]\n"


def test_an_error_aborts_what_is_queued(client, gate):
    go = gate("go")
    broken = client.begin(f'{go.wait()} panic!("stop");')
    queued = [client.begin('println!("must not run");') for _ in range(3)]
    info = client.send("kernel_info_request")
    go.open()
    assert broken.finish().reply["status"] == "error"
    for cell in queued:
        assert cell.finish().reply["status"] == "aborted"
        assert cell.outputs() == []
        assert cell.states() == ["busy", "idle"]
    assert client.answer(info)["content"]["status"] == "ok"
    assert client.check('println!("runs");') == "runs\n"


def test_a_cell_sent_after_the_error_runs(client):
    for i in range(5):
        client.run('panic!("broken");')
        assert client.check(f'println!("{i}");') == f"{i}\n"


def test_without_stop_on_error_the_queue_goes_on(client, gate):
    go = gate("go")
    broken = client.begin(f'{go.wait()} panic!("go on");', stop_on_error=False)
    queued = client.begin('println!("runs");')
    go.open()
    assert broken.finish().reply["status"] == "error"
    assert queued.finish().text() == "runs\n"


OVERFLOW = """
fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + std::hint::black_box(deep(n + 1)) } }
println!("{}", deep(0));
"""
KILL = """
std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();
loop { std::thread::yield_now(); }
"""
MEMORY = "let v = std::hint::black_box(Vec::<u8>::with_capacity(isize::MAX as usize));"

# name: (code that ends the process, what the message must say of it)
DEATHS = {
    "abort": ("std::process::abort();", r"abort|SIGABRT|\b6\b"),
    "exit": ("std::process::exit(3);", r"\b3\b"),
    "stack overflow": (OVERFLOW, r"overflow|стек|SIG|abort|\b6\b|\b11\b"),
    "kill": (KILL, r"SIGKILL|\b9\b"),
    "out of memory": (MEMORY, r"memory|памят|SIGABRT|\b6\b"),
}


@pytest.mark.parametrize("name", DEATHS)
def test_the_process_dies(client, name):
    code, value = DEATHS[name]
    client.check(KEPT)
    cell = client.run('println!("last words");\n' + code)
    assert cell.text() == "last words\n"
    message = cell.error()["evalue"] + "\n" + cell.traceback()
    assert re.search(value, message), message
    assert re.search("[а-я]{4}", message), f"no word of Russian for the student: {message}"
    assert cell.reply["status"] == "error"
    assert cell.reply["evalue"] == cell.error()["evalue"]
    assert client.check('println!("next");') == "next\n"
    assert "kept" in client.run('println!("{:?}", kept);').error()["evalue"]
