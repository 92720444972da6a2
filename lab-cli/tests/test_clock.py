"""A clock that jumps: files from the future and from before 1970 change nothing of what is made or kept."""

import os

import pytest

import disaster

# 2100 and 1965, in seconds.
TIMES = {"future": 4_102_444_800, "past": -157_766_400}


@pytest.fixture(name="lab", params=TIMES)
def fixture_lab(request, tmp_path):
    """A lab in which everything was written at another time, once everything was made."""
    lab = disaster.make(tmp_path)
    disaster.run(lab, "run")
    for path in [*lab.rglob("*"), lab]:
        if not path.is_symlink():
            os.utime(path, (TIMES[request.param],) * 2)
    return lab


def test_what_was_made_at_another_time_is_as_good(lab):
    before = disaster.content(lab)
    ended = disaster.run(lab, "report", "01")
    # An answer is missing and the check was never run: that is what 1 says here.
    assert ended.returncode == 1 and "не заполнено: Вопрос 1" in ended.stdout, ended.stderr
    ended = disaster.run(lab, "doctor")
    assert "✓ Программы Python" in ended.stdout, ended.stdout
    ended = disaster.run(lab, "reset", "1.1")
    assert ended.returncode == 0, ended.stderr
    kept = list((lab / "notebooks/.lab-answers").glob("1.1-*.rs"))
    assert len(kept) == 1 and "mine()" in kept[0].read_text("utf-8")
    changed = [name for name, text in disaster.content(lab).items() if before.get(name, text) != text]
    assert changed == ["notebooks/01-mini.ipynb"]


def test_a_notebook_is_run_again_for_its_content_not_for_its_time(lab):
    ended = disaster.run(lab, "run")
    assert "ячейка 2" in ended.stdout and "panicked" not in ended.stderr, ended.stdout + ended.stderr
    (lab / "notebooks/01-mini.md").write_text("# 01. Проба\n\n```rust\n1 + 2\n```\n", "utf-8")
    (lab / "lab-crate/labs.toml").write_text('[[lab]]\nnotebook = "01-mini"\n', "utf-8")
    assert disaster.run(lab, "run").returncode == 0
    for path in lab.rglob("*.md"):
        os.utime(path, (TIMES["future"],) * 2)
    ended = disaster.run(lab, "run")
    assert ended.returncode == 0 and "не изменился" in ended.stdout, ended.stdout
