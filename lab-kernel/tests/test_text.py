"""Plain text: live, complete, in order, whatever bytes it is made of.

Rich outputs are in test_output.py. Cells wait on files made by the test (`gate`).
"""

from client import show


def raw(*values):
    """A Rust statement that writes these bytes to stdout."""
    data = ", ".join(str(v) for v in values)
    return f"""{{
        use std::io::Write;
        let mut out = std::io::stdout().lock();
        out.write_all(&[{data}]).unwrap();
        out.flush().unwrap();
    }};"""


def test_text_without_a_newline_arrives_before_the_cell_goes_on(client, gate):
    first, second, third = gate("first"), gate("second"), gate("third")
    code = f"""
    print!("10%"); {first.wait()}
    print!("\\r20%"); {second.wait()}
    print!("\\r30%"); {third.wait()}
    println!("\\rdone");
    """
    cell = client.begin(code).until_text("10%")
    first.open()
    cell.until_text("\r20%")
    second.open()
    cell.until_text("\r30%")
    third.open()
    assert cell.finish().text() == "10%\r20%\r30%\rdone\n"


def test_stderr_without_a_newline_is_live_too(client, gate):
    go = gate("go")
    cell = client.begin(f'eprint!("..."); {go.wait()} eprintln!("!");').until_text("...", "stderr")
    go.open()
    assert cell.finish().text("stderr") == "...!\n"


def test_stdout_and_stderr_both_arrive(client):
    cell = client.run('println!("to out"); eprintln!("to err"); println!("out again");')
    assert cell.text("stdout") == "to out\nout again\n"
    assert cell.text("stderr") == "to err\n"


def test_blank_lines_and_spaces_are_kept(client):
    assert client.check('println!(); println!("  a \\t"); println!(); println!();') == "\n  a \t\n\n\n"


def test_a_cell_may_end_without_a_newline(client):
    cell = client.run('print!("no end");')
    assert (cell.text(), cell.reply["status"]) == ("no end", "ok")
    cell = client.run('print!("value: "); 1 + 1')
    assert cell.text() == "value: "
    assert cell.contents("execute_result")[0]["data"]["text/plain"] == "2"


def test_two_hundred_thousand_lines(client):
    cell = client.run('for i in 0..200_000 { println!("строка {i}"); }')
    assert cell.text() == "".join(f"строка {i}\n" for i in range(200_000))
    assert len(cell.contents("stream")) < 20_000


def test_ten_megabytes(client):
    cell = client.run('let line = "x".repeat(999_999); for _ in 0..10 { println!("{line}"); }')
    assert cell.text() == ("x" * 999_999 + "\n") * 10


def test_one_line_of_ten_megabytes(client):
    cell = client.run('println!("{}", "я".repeat(5_000_000));')
    assert cell.text() == "я" * 5_000_000 + "\n"


def test_unicode(client):
    text = "Привет, мир! 🦀 👩‍🔬 e\u0301 日本"
    assert client.check(f'println!("{text}");') == text + "\n"


def test_a_character_split_between_two_writes(client, gate):
    go = gate("go")
    head, tail = "Ж".encode()
    cell = client.begin(f"{raw(ord('a'), head)} {go.wait()} {raw(tail, ord('b'))}").until_text("a")
    go.open()
    assert cell.finish().text() == "aЖb"


def test_bytes_that_are_not_text(client):
    cell = client.run(raw(ord("a"), 0xFF, 0xFE, ord("b"), ord("\n")))
    assert cell.reply["status"] == "ok"
    assert cell.text()[0] == "a" and cell.text()[-2:] == "b\n"
    assert client.check('println!("alive");') == "alive\n"


def test_half_a_character_at_the_end(client):
    cell = client.run(raw(ord("a"), 0xD0))
    assert cell.reply["status"] == "ok"
    assert cell.text().startswith("a")
    assert client.check('println!("alive");') == "alive\n"


def test_a_zero_byte(client):
    assert client.check(raw(ord("a"), 0, ord("b"), 10)) == "a\0b\n"


def test_text_of_a_thread_after_the_cell(client, gate):
    go = gate("go")
    late = client.run(f'std::thread::spawn(|| {{ {go.wait()} println!("late text"); }}); println!("spawned");')
    assert late.text() == "spawned\n"
    go.open()
    cell = client.run('println!("own text"); 1 + 1')
    assert cell.reply["status"] == "ok"
    assert "own text\n" in cell.text()
    assert cell.contents("execute_result")[0]["data"]["text/plain"] == "2"

    def everything():
        return "".join(m["content"]["text"] for ms in client.iopub.values() for m in ms if m["msg_type"] == "stream")

    client.wait(lambda: "late text" in everything(), what="the late text, of whatever cell")


def test_a_thread_that_keeps_printing(client, gate):
    stop, ended = gate("stop"), gate("ended")
    code = f"""
    std::thread::spawn(|| {{
        while !std::path::Path::new("{stop}").exists() {{
            print!("."); std::io::Write::flush(&mut std::io::stdout()).unwrap();
            std::thread::sleep(std::time::Duration::from_micros(200));
        }}
        std::fs::write("{ended}", "").unwrap();
    }});
    """
    client.run(code)
    cells = [client.run(f'println!("own {i}"); {show("text/html", f"<b>{i}</b>")} {i}') for i in range(3)]
    stop.open()
    # The thread's last text must not reach the next test: it has ended, and a cell has followed it.
    client.wait(ended.path.exists, what="the end of the printing thread")
    client.run("0")
    for i, cell in enumerate(cells):
        assert cell.reply["status"] == "ok"
        assert f"own {i}" in cell.text()
        assert [c["data"]["text/html"] for c in cell.contents("display_data")] == [f"<b>{i}</b>"]
        assert cell.contents("execute_result")[0]["data"]["text/plain"] == str(i)


def test_text_belongs_to_its_cell(client):
    cells = [client.begin(f'println!("cell {i}");') for i in range(5)]
    for i, cell in enumerate(cells):
        assert cell.finish().text() == f"cell {i}\n"
