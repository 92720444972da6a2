//! The command line: which commands there are, and the call of each.
//!
//! Not here: what the commands do. Each has a file of its own name (`test` is `suite.rs`, `setup` is in `up.rs`).

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::release::Kind;
use crate::workspace::Workspace;
use crate::{
    bench, doctor, fetch, grade, hint, hub, release, reset, run, student_report, suite, up,
};

/// The parsed command line.
#[derive(Parser)]
#[command(
    name = "cargo lab",
    bin_name = "cargo lab",
    version,
    about = "Лабораторная по глубокому обучению на Rust: подготовка, запуск, проверка",
    disable_help_subcommand = true
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Выполнить все блокноты и собрать отчёт в target/lab
    Run(RunArgs),
    /// Подготовить всё, что нужно блокнотам, и ничего не запускать
    Setup,
    /// Открыть блокноты в JupyterLab
    Up(UpArgs),
    /// Открыть лабораторную классу: JupyterHub на этом компьютере
    Hub(HubArgs),
    /// Проверить всё: форматирование, clippy, зависимости, документация, тесты, ядро, блокноты
    Test,
    /// Получить наборы данных (без имён: все)
    Data {
        /// Имена наборов
        #[arg(value_name = "НАБОР")]
        sets: Vec<String>,
    },
    /// Сделать версии блокнотов: для студентов, для преподавателя и слайды
    Release(ReleaseArgs),
    /// Проверить сданные блокноты: таблица и страница для каждого студента
    Grade(GradeArgs),
    /// Начать задание в своём блокноте заново; прежний ответ сохраняется
    Reset {
        /// Номер задания, например 2.1
        #[arg(value_name = "ЗАДАНИЕ")]
        task: String,
    },
    /// Собрать отчёт по выполненным блокнотам: HTML и PDF
    Report(ReportArgs),
    /// Показать подсказки к заданию: от вопроса до половины строки
    Hint(HintArgs),
    /// Показать, чего не хватает, и как это исправить
    Doctor,
    /// Измерить скорость
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
}

/// Options of `cargo lab run`.
#[derive(clap::Args)]
pub struct RunArgs {
    /// Выполнить заново и те блокноты, которые не изменились
    #[arg(long)]
    pub force: bool,
    /// Предел времени одной ячейки
    #[arg(long, value_name = "СЕКУНД", default_value_t = 600)]
    pub timeout: u64,
}

/// Options of `cargo lab release`.
#[derive(clap::Args)]
pub struct ReleaseArgs {
    /// Куда писать (по умолчанию target/lab/release)
    #[arg(long, value_name = "ПАПКА")]
    pub out: Option<PathBuf>,
    /// Сделать в папке курс для nbgrader
    #[arg(long, value_name = "ПАПКА", conflicts_with_all = ["out", "check"])]
    pub nbgrader: Option<PathBuf>,
    /// Не писать, а сравнить готовый выпуск с исходными блокнотами
    #[arg(long)]
    pub check: bool,
    /// Сделать заново картинки README (notebooks/pictures) по последнему cargo lab run
    #[arg(long, conflicts_with_all = ["out", "check", "nbgrader"])]
    pub pictures: bool,
}

/// Options of `cargo lab grade`.
#[derive(clap::Args)]
pub struct GradeArgs {
    /// Папка с работами: СТУДЕНТ/01-tensors.ipynb или ИМЯ.ipynb
    #[arg(value_name = "ПАПКА")]
    pub dir: PathBuf,
    /// Куда писать (по умолчанию target/lab/grades)
    #[arg(long, value_name = "ПАПКА")]
    pub out: Option<PathBuf>,
    /// Сколько работ проверять одновременно (по умолчанию по числу ядер и памяти)
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Предел памяти одной работы
    #[arg(long, value_name = "МИБ", default_value_t = 3072)]
    pub memory: u64,
    /// Предел времени одной работы
    #[arg(long, value_name = "СЕКУНД", default_value_t = 900)]
    pub timeout: u64,
    /// Предел времени одной ячейки
    #[arg(long, value_name = "СЕКУНД", default_value_t = 120)]
    pub cell_timeout: u64,
    /// Предел числа процессов одной работы
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub processes: usize,
    /// Предел записанного одной работой
    #[arg(long, value_name = "МИБ", default_value_t = 512)]
    pub files: u64,
    /// Начальное число скрытых вариантов проверок (по умолчанию случайное)
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Выполнять все ячейки, а не только те, что нужны проверкам
    #[arg(long)]
    pub full: bool,
}

/// Options of `cargo lab report`.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// Блокноты, по имени или номеру (по умолчанию все выполненные)
    #[arg(value_name = "БЛОКНОТ")]
    pub notebooks: Vec<String>,
    /// Кто выполнил
    #[arg(long, value_name = "ИМЯ")]
    pub author: Option<String>,
    /// Группа
    #[arg(long, value_name = "ГРУППА")]
    pub group: Option<String>,
}

/// Options of `cargo lab hint`.
#[derive(clap::Args)]
pub struct HintArgs {
    /// Номер задания, например 2.1
    #[arg(value_name = "ЗАДАНИЕ")]
    pub task: String,
    /// Сколько подсказок показать
    #[arg(value_name = "СКОЛЬКО", default_value_t = 1)]
    pub stage: usize,
}

/// Options of `cargo lab up`.
#[derive(clap::Args)]
pub struct UpArgs {
    /// Открыть блокноты с решениями
    #[arg(long)]
    pub solutions: bool,
    /// Не открывать браузер
    #[arg(long)]
    pub no_browser: bool,
    /// Порт (по умолчанию выбирает JupyterLab, обычно 8888)
    #[arg(long, value_name = "ПОРТ")]
    pub port: Option<u16>,
    /// Остальное передаётся программе jupyter lab
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "АРГУМЕНТЫ")]
    pub rest: Vec<String>,
}

/// Options of `cargo lab hub`.
#[derive(clap::Args)]
pub struct HubArgs {
    /// Сколько студентов: student01, student02, …
    #[arg(long, value_name = "N", default_value_t = 30, conflicts_with = "user")]
    pub users: usize,
    /// Имя студента; повторите для каждого
    #[arg(long, value_name = "ИМЯ")]
    pub user: Vec<String>,
    /// Имя преподавателя: он видит и останавливает чужие серверы
    #[arg(long, value_name = "ИМЯ", default_value = "teacher")]
    pub admin: String,
    /// На каком адресе слушать; 0.0.0.0 открывает классу
    #[arg(long, value_name = "АДРЕС", default_value = "127.0.0.1")]
    pub ip: std::net::IpAddr,
    /// Порт; ещё два следующих занимают внутренние части
    #[arg(long, value_name = "ПОРТ", default_value_t = 8000, value_parser = clap::value_parser!(u16).range(1..=65533))]
    pub port: u16,
    /// Сертификат для HTTPS
    #[arg(long, value_name = "ФАЙЛ", requires = "ssl_key")]
    pub ssl_cert: Option<PathBuf>,
    /// Ключ сертификата
    #[arg(long, value_name = "ФАЙЛ", requires = "ssl_cert")]
    pub ssl_key: Option<PathBuf>,
    /// Где лежат домашние папки и состояние (по умолчанию target/lab/hub)
    #[arg(long, value_name = "ПАПКА")]
    pub base: Option<PathBuf>,
    /// Через сколько минут простоя останавливать ядра и серверы
    #[arg(long, value_name = "МИНУТ", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub idle: u32,
    /// Не отделять студентов друг от друга, если эта система не умеет
    #[arg(long)]
    pub no_walls: bool,
}

#[derive(Subcommand)]
enum Bench {
    /// Ядро: запуск, ячейки, показ, вывод
    Kernel(KernelArgs),
    /// Обучение: эпоха MNIST, шаг регрессии, шаги оптимизаторов - рядом с PyTorch, если он есть
    Train(DuelArgs),
    /// Класс: память, диск и первый тензор многих ядер сразу - рядом с ipykernel и torch
    Class(ClassArgs),
    /// Зрение: ResNet18 и загрузчик картинок - рядом с torchvision, память, потоки
    Vision(DuelArgs),
}

/// Options of `cargo lab bench train` and `cargo lab bench vision`.
#[derive(clap::Args)]
pub struct DuelArgs {
    /// Записать все числа в файл
    #[arg(long, value_name = "ФАЙЛ")]
    pub json: Option<PathBuf>,
    /// Python, в котором есть torch (по умолчанию python3)
    #[arg(long, value_name = "ПУТЬ")]
    pub torch: Option<PathBuf>,
    /// Сколько раз измерить каждую строку; в таблице медиана
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
}

/// Options of `cargo lab bench class`.
#[derive(clap::Args)]
pub struct ClassArgs {
    /// Записать все числа в файл
    #[arg(long, value_name = "ФАЙЛ")]
    pub json: Option<PathBuf>,
    /// Python, в котором есть torch, numpy и ipykernel (по умолчанию измеряется только наше ядро)
    #[arg(long, value_name = "ПУТЬ")]
    pub torch: Option<PathBuf>,
    /// Сколько ядер запускать сразу; через запятую
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 8, 30], value_parser = clap::value_parser!(u32).range(1..=200))]
    pub kernels: Vec<u32>,
    /// Не отделять ядра друг от друга, если эта система не умеет; тогда чужие файлы не проверяются
    #[arg(long)]
    pub no_walls: bool,
}

/// Options of `cargo lab bench kernel`.
#[derive(clap::Args)]
pub struct KernelArgs {
    /// Записать все числа в файл
    #[arg(long, value_name = "ФАЙЛ")]
    pub json: Option<PathBuf>,
    /// Рядом измерить обычное ядро evcxr_jupyter (из LAB_STOCK_KERNEL или PATH)
    #[arg(long)]
    pub stock: bool,
    /// Сколько раз запускать каждое ядро
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rounds: u32,
}

impl Args {
    /// Runs the command; `false` means that it ran to its end and something it checked failed.
    ///
    /// # Errors
    /// When the command could not do its work.
    pub fn run(self) -> Result<bool> {
        let workspace = Workspace::find()?;
        match self.command {
            Command::Run(args) => run::run(&workspace, &args),
            Command::Setup => up::prepare(&workspace, Kind::Student),
            Command::Up(args) => up::up(&workspace, &args),
            Command::Hub(args) => hub::hub(&workspace, &args),
            Command::Test => suite::test(&workspace),
            Command::Data { sets } => fetch::data(&workspace, &sets),
            Command::Release(args) => release::release(&workspace, &args),
            Command::Grade(args) => grade::grade(&workspace, &args),
            Command::Reset { task } => reset::reset(&workspace, &task),
            Command::Report(args) => student_report::report(&workspace, &args),
            Command::Hint(args) => hint::hint(&workspace, &args),
            Command::Doctor => doctor::doctor(&workspace),
            Command::Bench { what: Bench::Kernel(args) } => bench::kernel(&workspace, &args),
            Command::Bench { what: Bench::Train(args) } => bench::train(&workspace, &args),
            Command::Bench { what: Bench::Class(args) } => bench::class(&workspace, &args),
            Command::Bench { what: Bench::Vision(args) } => bench::vision(&workspace, &args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn up_passes_the_rest_through() {
        let args = Args::try_parse_from(["lab", "up", "--port", "9000", "--", "--collaborative"]);
        let Ok(Args { command: Command::Up(up) }) = args else { panic!("`up` was not understood") };
        assert_eq!(up.port, Some(9000));
        assert_eq!(up.rest, ["--collaborative"]);
    }
}
