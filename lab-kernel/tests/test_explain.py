"""The Russian line under common errors: every entry of both tables, in the real kernel.

A case is code and a piece of the line that must be shown last. Errors that are no
entry's get no line. The library's cases need its tensors, so this file has a
kernel of its own with the library in it.
"""

import pathlib
import re

import pytest

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10 and earlier
    import tomli as tomllib

ROOT = pathlib.Path(__file__).parents[2]
TABLES = [ROOT / "lab-kernel/src/explain.toml", ROOT / "lab-crate/explain.toml"]

SETUP = """:dep lab-crate = { path = "%s" }
use lab::prelude::*;
let dev = Device::Cpu;
let a = Tensor::zeros((2, 3), DType::F32, &dev)?;
let b = Tensor::zeros((2, 2), DType::F32, &dev)?;
let c = Tensor::zeros((2, 3), DType::F64, &dev)?;
let whole = Tensor::zeros((2, 2), DType::I64, &dev)?;"""

RUST = [
    ("{ let x = vec![1]; let y = x; println!(\"{x:?}\"); }", "значение переехало"),
    ("{ let x = vec![1]; let r = &x; drop(x); println!(\"{r:?}\"); }", "значение одолжено и ещё нужно"),
    ("{ let mut v = vec![1]; let r = &v[0]; v.push(3); println!(\"{r}\"); }", "одолжено на чтение"),
    ("{ let mut v = vec![1]; let r = &mut v; let q = &mut v; r.push(1); q.push(2); }", "изменяемая ссылка"),
    ("fn f(x: &Tensor) -> lab::Result<Tensor> { x.sqr()? }", "`?` уже достал значение"),
    ("fn f(x: &Tensor) -> Tensor { x.sqr() }", "операция вернула Result; поставьте"),
    ("fn f(x: &Tensor) -> lab::Result<Tensor> { x.clone() }", "функция возвращает Result: оберните"),
    ("let x: f32 = 5;", "поставьте точку"),
    ("let x: f64 = a.sum_all()?.to_scalar::<f32>()?;", "`x as f64`"),
    ('let s: String = "abc";', ".to_string()"),
    ("if a.rank() = 2 { println!(); }", "сравнивают двумя"),
    ("fn f(x: &Tensor) -> usize { x.rank() }\nf(a.clone());", "ожидалась ссылка"),
    ("fn f(x: &Tensor) -> Tensor { x.sqr()? }", "функция должна возвращать lab::Result"),
    ("let y = a.sqr() + 1.0;", "x.sqr()? + 1.0"),
    ("let y = (a.sqr() * 2.0)?;", "x.sqr()? * 2.0"),
    ("let y = 2 * 3.0;", "сами не смешиваются"),
    ("struct P; println!(\"{:?}\", P);", "#[derive(Debug)]"),
    ("let y = a.sqr().mean_all()?;", "поставьте `?` перед точкой"),
    ("let y = Some(a.clone()).mean_all()?;", "а здесь Option"),
    ("let y = a.foo()?;", "такого метода у этого типа нет"),
    ("unknown(1);", "это имя неизвестно"),
    ("let y = Nothing::new();", "этот тип или модуль неизвестен"),
    ("use lab::nothing;", "в библиотеке нет такого имени"),
    ("{ let v = 5; v = 6; println!(\"{v}\"); }", "заведите её как let mut"),
    ("{ let v: Vec<i32> = Vec::new(); v.push(1); }", "чтобы менять значение"),
    ("let y = Tensor::zeros(2)?;", "число аргументов не то"),
    ("struct Q; let y = Q == Q;", "такой операции нет"),
    ("let v = Vec::new();", "компилятор не знает типа"),
    ("fn g(x: &str, y: &str) -> &str { x }", "чью ссылку"),
    ("let z = match Some(3) { Some(x) => x };", "все случаи"),
    ("{ let r: &'static Vec<i32> = &vec![1]; println!(\"{r:?}\"); }", "ссылка пережила бы"),
    ("let v: Vec<i32> = Vec::new(); let first = v.first().unwrap();", "должна владеть данными"),
    ("let f = |x: f64| x * 2.0;", "замыкание между ячейками"),
    ("let y = (1 + 1", "скобка открыта"),
    ("let y = 5\nprintln!(\"{y}\");", "точки с запятой"),
    ('todo!("ЗАДАНИЕ 1.1: Шаг");', "задание ещё не решено"),
    ("let i = std::hint::black_box(0usize); println!(\"{}\", i - 1);", "вычли большее"),
    ("let i = std::hint::black_box(3); println!(\"{}\", vec![1][i]);", "номера идут от 0"),
    ("let n: i32 = Vec::new().pop().unwrap();", "значения нет (None)"),
    ('let t = std::fs::read_to_string("nowhere.txt")?;', "такого файла нет"),
]

LIBRARY = [
    ("a.matmul(&a)?;", "у матриц (N, K)"),
    ("a.broadcast_add(&b)?;", "по правому краю"),
    ("(&a + &b)?;", "broadcast_add, broadcast_sub"),
    ("(&a + &c)?;", "типы элементов разные"),
    ("a.to_scalar::<f32>()?;", "нужен тензор из одного числа"),
    ("a.to_vec1::<f32>()?;", "число осей не то"),
    ("a.to_vec2::<f64>()?;", "спросили не тот тип"),
    ("a.reshape((4, 4))?;", "число элементов при смене формы"),
    ("a.i((5, 0))?;", "выходит за размер оси"),
    ("a.sum(7)?;", "такой оси нет"),
    ("whole.exp()?;", "для целых такой функции нет"),
    ("whole.matmul(&whole)?;", "операции нет: сначала"),
]

WITHOUT = [
    'let n: usize = "x".parse()?;',
    'panic!("своя ошибка");',
    "let x: u8 = 300u16;",
    'return Err("своя ошибка".into());',
]


@pytest.fixture(scope="module")
def with_library(client):
    """The kernel of this file, with the library's tensors."""
    client.check(SETUP % (ROOT / "lab-crate"), timeout=300)
    return client


def plain(cell):
    """The traceback without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", cell.traceback())


@pytest.mark.parametrize(("code", "line"), RUST + LIBRARY, ids=[line for _, line in RUST + LIBRARY])
def test_the_line_is_the_last_one(with_library, code, line):
    last = plain(with_library.run(code)).splitlines()[-1]
    assert last.startswith("Подсказка: ") and line in last


@pytest.mark.parametrize("code", WITHOUT)
def test_no_line_where_nothing_is_known(with_library, code):
    assert "Подсказка: " not in plain(with_library.run(code))


def test_every_entry_has_a_case():
    entries = [line["text"] for table in TABLES for line in tomllib.loads(table.read_text("utf-8"))["line"]]
    assert len(entries) == len(RUST) + len(LIBRARY)
    for entry, (_, line) in zip(entries, RUST + LIBRARY):
        assert line in entry


def test_the_library_is_found_from_any_folder(with_library):
    code = ':dep lab-crate = { path = "../nowhere/lab-crate" }\nprintln!("{}", a.rank());'
    assert with_library.check(code) == "2\n"
