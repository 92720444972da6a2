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
TABLES = [*sorted((ROOT / "lab-kernel/src/explain").glob("*.toml")), ROOT / "lab-crate/explain.toml"]

SETUP = """:dep lab-crate = { path = "%s" }
use lab::prelude::*;
let dev = Device::Cpu;
let a = Tensor::zeros((2, 3), DType::F32, &dev)?;
let b = Tensor::zeros((2, 2), DType::F32, &dev)?;
let c = Tensor::zeros((2, 3), DType::F64, &dev)?;
let whole = Tensor::zeros((2, 2), DType::I64, &dev)?;
fn bump(v: &mut Vec<i32>) { v.push(1); }
fn twice(x: f64) -> f64 { x * 2.0 }
mod traits { pub trait Hidden { fn hidden(&self) {} } impl Hidden for i32 {} }"""

RUST = [
    ('{ let x = vec![1]; let y = x; println!("{x:?}"); }', "значение переехало"),
    ('{ let x = vec![1]; let r = &x; drop(x); println!("{r:?}"); }', "значение одолжено и ещё нужно"),
    ('{ let mut v = vec![1]; let r = &v[0]; v.push(3); println!("{r}"); }', "одолжено на чтение"),
    ("{ let mut v = vec![1]; let r = &mut v; let q = &mut v; r.push(1); q.push(2); }", "изменяемая ссылка"),
    ('{ let mut x = 1; let r = &x; x = 2; println!("{r}"); }', "присвоить ему новое"),
    ('{ let v = vec![String::new()]; let s = v[0]; println!("{s}"); }', "забрать его отсюда нельзя"),
    ("fn g<'a>() -> &'a Vec<i32> { let v = vec![1]; &v }", "значение живёт до конца функции"),
    ('{ let r; { let v = vec![1]; r = &v; } println!("{r:?}"); }', "исчезнет раньше"),
    ('{ let v = vec![1]; std::thread::spawn(|| println!("{v:?}")); }', "замыкание проживёт дольше"),
    ('{ let x: i32; println!("{x}"); }', "ещё нет значения"),
    ('{ let v = 5; v = 6; println!("{v}"); }', "заведите её как let mut"),
    ("fn g(v: &Vec<i32>) { v.push(1); }", "только для чтения"),
    ("{ let v: Vec<i32> = Vec::new(); v.push(1); }", "чтобы менять значение"),
    ("{ let x = 1; let r = &x; *r = 2; }", "через ссылку & менять нельзя"),
    ("fn g(x: &str, y: &str) -> &str { x }", "чью ссылку"),
    ("{ let r: &'static Vec<i32> = &vec![1]; println!(\"{r:?}\"); }", "ссылка пережила бы"),
    ("let v: Vec<i32> = Vec::new(); let first = v.first().unwrap();", "должна владеть данными"),
    ("let f = |x: f64| x * 2.0;", "замыкание между ячейками"),
    ("let y = a.sqr().mean_all()?;", "поставьте `?` перед точкой"),
    ("let y = Some(a.clone()).mean_all()?;", "а здесь Option"),
    ("1i32.hidden();", "не подключён"),
    ("let y = a.foo()?;", "такого метода у этого типа нет"),
    ("let yes = True;", "с маленькой буквы"),
    ("unknown(1);", "это имя неизвестно"),
    ("{ let n = 1; fn g() -> i32 { n } g(); }", "не видит переменных вокруг себя"),
    ("let y = Nothing::new();", "этот тип или модуль неизвестен"),
    ("use lab::nothing;", "в библиотеке нет такого имени"),
    ("let y = Tensor::zeros(2)?;", "число аргументов не то"),
    ("struct Q; let y = Q == Q;", "такой операции нет"),
    ("let v = Vec::new();", "компилятор не знает типа"),
    ("{ let s = vec![1.0].iter().sum() * 2.0; }", ".sum::<f64>()"),
    ('{ let x = "5".parse().unwrap(); }', ".parse::<f64>()"),
    ("let y = 2.0.powi(2);", "пишите 2.0_f64"),
    ("let n = a.dims;", "добавьте скобки"),
    ('{ for x in &vec![1f64] { println!("{}", x as f32); } }', "`*x as f64`"),
    ("struct R { x: i32, y: i32 }\nlet r = R { x: 1 };", "даны не все поля"),
    ("let z = match Some(3) { Some(x) => x };", "все случаи"),
    ("let y = (1 + 1", "скобка открыта"),
    ('printn!("x");', "такого макроса нет"),
    ("let s = 'abc';", "в двойных кавычках"),
    ("if true and false { }", "пишутся &&"),
    ("{ let mut i = 0; i++; }", "i += 1"),
    ('println!("{} {}", 1);', "сколько мест"),
    ('let y = 5\nprintln!("{y}");', "точки с запятой"),
    ('todo!("ЗАДАНИЕ 1.1: Шаг");', "задание ещё не решено"),
    ('let i = std::hint::black_box(0usize); println!("{}", i - 1);', "вычли большее"),
    ('let i = std::hint::black_box(3); println!("{}", vec![1][i]);', "номера идут от 0"),
    ("let n: i32 = Vec::new().pop().unwrap();", "значения нет (None)"),
    ('let t = std::fs::read_to_string("nowhere.txt")?;', "такого файла нет"),
    ("fn f(x: &Tensor) -> lab::Result<Tensor> { x.sqr()? }", "`?` уже достал значение"),
    ("fn g(x: i32) -> lab::Result<i32> { Ok(x + 1); }", "уберите её"),
    ("fn f(x: &Tensor) -> Tensor { x.sqr() }", "операция вернула Result; поставьте"),
    ("a.matmul(&a.t())?;", "операция внутри &"),
    ("fn f(x: &Tensor) -> lab::Result<Tensor> { x.clone() }", "функция возвращает Result: оберните"),
    ("let x: f32 = 5;", "поставьте точку"),
    ("let x: f64 = a.sum_all()?.to_scalar::<f32>()?;", "`x as f64`"),
    ("let x: f32 = 1f64;", "`x as f32`"),
    ('{ let i = 0i64; let n: usize = i; println!("{n}"); }', "`i as usize`"),
    ('{ let i = 0usize; let n: u32 = i; println!("{n}"); }', "`i as u32`"),
    ("let x: Option<i32> = 5;", "в Some(…)"),
    ("let x: i32 = Some(5);", "это Option, «значение или ничего»"),
    ("let v: Vec<i32> = [1, 2];", "ещё не Vec"),
    ('let s: String = "abc";', ".to_string()"),
    ("if a.rank() = 2 { println!(); }", "сравнивают двумя"),
    ("fn f(x: &Tensor) -> usize { x.rank() }\nf(a.clone());", "ожидалась ссылка"),
    ("let mut v = vec![1i32]; bump(v);", "поставьте перед ним &mut"),
    ("let mut v = vec![1i32]; bump(&v);", "вместо & поставьте &mut"),
    ("let q = &1f64; twice(q);", "поставьте перед именем *"),
    ("let q = 1f64; twice(&q);", "ссылка здесь лишняя"),
    ("fn f(x: &Tensor) -> Tensor { x.sqr()? }", "функция должна возвращать lab::Result"),
    ("fn g() -> lab::Result<i32> { let x = Some(1)?; Ok(x) }", "превратите «ничего» в ошибку"),
    ("let x = 5i32?;", "уберите `?`"),
    ('fn g() -> lab::Result<i32> { Ok("1".parse::<i32>()?) }', "у этой ошибки другой тип"),
    ("let y = a.sqr() + 1.0;", "x.sqr()? + 1.0"),
    ("let y = (a.sqr() * 2.0)?;", "x.sqr()? * 2.0"),
    ("let y = 2 * 3.0;", "сами не смешиваются"),
    ('{ let (n, x) = (1usize, 1f64); println!("{}", n * x); }', "переведите одно"),
    ('{ let (v, i) = (vec![1], 0i32); println!("{}", v[i]); }', "v[i as usize]"),
    ('for i in 5 { println!("{i}"); }', "нельзя идти циклом"),
    ('println!("{}", vec![1]);', "возьмите {:?}"),
    ("let v: Vec<f64> = (0..3).map(|x: i32| x).collect();", "collect получил"),
    ("let s: f64 = vec![1f32].iter().sum();", "до .sum()"),
    ('struct P; println!("{:?}", P);', "#[derive(Debug)]"),
    ("fn g<T: Copy>(x: T) -> T { x }\ng(vec![1]);", "этот тип сюда не подходит"),
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
    ("let y = (&a + 2)?;", "пишите 2.0 вместо 2"),
    ("let y = a[0];", "x.i((1, 2))?"),
    ("let y = -&a;", "x.neg()?"),
    ("let y = a as f32;", "x.to_scalar::<f32>()?"),
]

WITHOUT = [
    'let n: usize = "x".parse()?;',
    'panic!("своя ошибка");',
    "let x: u8 = 300u16;",
    'return Err("своя ошибка".into());',
    'panic!("моя проверка: index out of bounds");',
    'return Err("No such file or directory".into()); // index out of bounds: the len is 1 but the index is 3',
    'panic!("expected `;` и unclosed delimiter");',
    "fn g(x: &Tensor) -> usize { x.rank() }\ng(5);",
    "fn g(x: &Tensor) -> usize { x.rank() }\ng(&5);",
    'panic!("{}", "cannot find macro");',
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


def test_the_library_is_found_from_any_folder(start, tmp_path):
    client = start(cwd=tmp_path)
    code = ':dep lab-crate = { path = "../lab-crate" }\nuse lab::prelude::*;'
    assert not (tmp_path / "../lab-crate").exists()
    client.check(code, timeout=300)
    dir_and_shape = 'println!("{:?} {:?}", std::env::current_dir()?, Tensor::zeros(2, DType::F32, &Device::Cpu)?.dims());'
    assert client.check(dir_and_shape) == f'"{tmp_path}" [2]\n'
