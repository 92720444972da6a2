"""Interrupts: cells that look for one keep their variables, others are killed.

A cell learns of an interrupt by the file named in LAB_INTERRUPT (in labs through
`lab::interrupted()`). Ends of the whole kernel are in test_lifecycle.py.
"""

import time

from client import assert_interrupted

POLL = """
let flag = std::env::var("LAB_INTERRUPT").unwrap();
let mut steps = 0u64;
println!("polling");
while !std::path::Path::new(&flag).exists() {
    steps += 1;
    std::thread::sleep(std::time::Duration::from_millis(10));
}
"""
SPIN = 'println!("spinning"); loop { std::hint::black_box(0); }'


def process(client):
    """The id of the process that runs the cells."""
    return client.check('println!("{}", std::process::id());')


def test_a_polling_cell_keeps_all_variables(client):
    client.check("let kept = vec![1, 2, 3];")
    before = process(client)
    cell = client.begin(POLL).until_text("polling\n")
    assert client.interrupt() == {"status": "ok"}
    assert_interrupted(cell.finish())
    assert client.check('println!("{:?} {}", kept, steps > 0);') == "[1, 2, 3] true\n"
    assert process(client) == before


def test_the_request_ends_with_the_cell(client):
    cell = client.begin(POLL).until_text("polling\n")
    client.interrupt()
    cell.finish()
    flag = 'std::path::Path::new(&std::env::var("LAB_INTERRUPT").unwrap()).exists()'
    assert client.check(f'println!("{{}}", {flag});') == "false\n"


def test_a_polling_cell_may_end_with_an_error_of_its_own(client):
    client.check("let kept = 1;")
    cell = client.begin(POLL + 'Err::<(), &str>("Прервано")?;').until_text("polling\n")
    client.interrupt()
    assert_interrupted(cell.finish())
    assert client.check('println!("{kept}");') == "1\n"


def test_an_interrupt_between_cells_is_harmless(client):
    client.check("let kept = 1;")
    assert client.interrupt() == {"status": "ok"}
    cell = client.begin(POLL).until_text("polling\n")
    assert not cell.idle
    client.interrupt()
    assert_interrupted(cell.finish())
    assert client.check('println!("{kept}");') == "1\n"


def test_an_interrupt_empties_the_queue(client):
    cell = client.begin(POLL).until_text("polling\n")
    queued = client.begin('println!("must not run");')
    client.interrupt()
    assert_interrupted(cell.finish())
    assert queued.finish().reply["status"] == "aborted"
    assert queued.text() == ""


def test_a_cell_that_does_not_look_is_killed_and_a_second_interrupt_kills_at_once(client):
    def interrupt(times):
        """Seconds from the first interrupt to the end of a deaf cell."""
        cell = client.begin(SPIN).until_text("spinning\n")
        before = time.monotonic()
        for _ in range(times):
            client.interrupt()
        cell.finish()
        assert_interrupted(cell)
        assert client.check('println!("next");') == "next\n"
        return time.monotonic() - before

    assert interrupt(2) < interrupt(1)


def test_an_interrupt_while_a_cell_is_compiled(client):
    client.check("let kept = 1;")
    cell = client.begin('println!("{kept}");' + POLL).until(lambda c: c.contents("execute_input"))
    client.interrupt()
    assert_interrupted(cell.finish())
    assert client.check('println!("next");') == "next\n"
