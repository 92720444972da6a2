//! `cargo lab hub`: JupyterHub for a class on this machine, each student with an own home.
//!
//! | file | what it is |
//! |---|---|
//! | `class.rs` | all of the class made ready, also for `cargo lab bench class` |
//! | `place.rs` | the folders of a hub |
//! | `person.rs` | who may come in, and their homes |
//! | `walls.rs` | what keeps one student's server from the others' |
//! | `proxy.rs` | the program in front of JupyterHub, from npm |
//! | `settings.rs` | what python/jupyterhub_config.py is told |

mod class;
mod person;
mod place;
mod proxy;
mod settings;
mod walls;

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

use crate::args::HubArgs;
use crate::workspace::Workspace;
use crate::{child, scripts, setup};
pub use class::Class;
pub use place::Place;
use walls::Walls;

/// The command; returns when JupyterHub ends.
///
/// # Errors
/// When a name, a port or the system does not suit, or the set-up fails.
pub fn hub(workspace: &Workspace, args: &HubArgs) -> Result<bool> {
    let names = person::names(args)?;
    check_ports(args)?;
    let place = Place::open(workspace, args.base.as_deref())?;
    setup::everything(workspace)?;
    setup::step(workspace, "Прокси для JupyterHub (npm)", proxy::ensure)?;
    let class = Class::settle(workspace, &place, &names, args.no_walls)?;
    settings::write(workspace, &place, args, &class)?;
    tell(workspace, &place, args, class.walls);
    let mut jupyterhub = child::command(workspace, workspace.venv_python());
    jupyterhub
        .args(["-m", "jupyterhub", "--config"])
        .arg(scripts::path(workspace, "jupyterhub_config.py")?)
        .env("LAB_HUB", place.settings())
        .current_dir(place.state());
    child::replace_with(jupyterhub).context("JupyterHub не запустился")
}

fn check_ports(args: &HubArgs) -> Result<()> {
    // The hub itself and the proxy's own door are open to this machine only, whoever is let in at the front.
    let inner = IpAddr::from(Ipv4Addr::LOCALHOST);
    for (ip, port) in [(args.ip, args.port), (inner, args.port + 1), (inner, args.port + 2)] {
        if let Err(error) = TcpListener::bind((ip, port)) {
            bail!("порт {port} на {ip} занять нельзя ({error}); укажите другой: --port ПОРТ");
        }
    }
    Ok(())
}

fn tell(workspace: &Workspace, place: &Place, args: &HubArgs, walls: Walls) {
    let short = |path: std::path::PathBuf| workspace.short(&path);
    let scheme = if args.ssl_cert.is_some() { "https" } else { "http" };
    println!("\nJupyterHub: {scheme}://{}:{}/", args.ip, args.port);
    println!("Имена и пароли: {}", short(place.passwords()));
    println!("Работы студентов: {} (cargo lab grade {0})", short(place.homes()));
    if args.ip.is_loopback() {
        println!(
            "Слушает только этот компьютер. Открыть классу: --ip 0.0.0.0, а чтобы пароли не шли по сети \
             открыто, ещё --ssl-cert ФАЙЛ --ssl-key ФАЙЛ"
        );
    } else if args.ssl_cert.is_none() {
        println!("Без --ssl-cert и --ssl-key пароли идут по сети открыто.");
    }
    println!("{}", walls.in_words());
    println!(
        "Памяти каждому по отдельности этот способ не ограничивает: простаивающие ядра останавливаются \
         через {} мин. Пределы памяти есть в Kubernetes.",
        args.idle
    );
    if walls == Walls::Uids {
        println!(
            "nbgrader: cargo lab release --nbgrader КУРС, затем в папке КУРС\n  \
             export JUPYTER_CONFIG_PATH=\"{}\"\n  и команды nbgrader; студенты получают и сдают через него же.",
            place.config().display()
        );
    }
    println!("Остановить: Ctrl-C\n");
}
