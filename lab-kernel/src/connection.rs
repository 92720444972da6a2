//! The connection file: where Jupyter tells the kernel to listen, and the key of its messages.
//!
//! A kernel runs whatever a message says, so only programs of this machine that can read the file may talk
//! to it. Every Jupyter client starts its kernels that way unless it is told otherwise; a file that says
//! otherwise is refused. Not here: the channels themselves, see `server.rs`.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use jupyter_protocol::{ConnectionInfo, Transport};

/// The one way of signing that the protocol library knows.
const SCHEME: &str = "hmac-sha256";

/// Reads the connection file.
///
/// # Errors
/// When it cannot be read, or does not ask for signed messages on the loopback interface.
pub fn read(file: &Path) -> Result<ConnectionInfo> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("не прочитан файл соединения {}", file.display()))?;
    let connection = serde_json::from_str(&text)
        .with_context(|| format!("{} не файл соединения Jupyter", file.display()))?;
    check(&connection).with_context(|| format!("файл соединения {} не принят", file.display()))?;
    Ok(connection)
}

fn check(connection: &ConnectionInfo) -> Result<()> {
    if !matches!(connection.transport, Transport::TCP) {
        bail!(
            "transport «ipc», ожидалось «tcp»: сокетов Unix у этого ядра нет; уберите настройку \
             KernelManager.transport"
        );
    }
    let ip = connection.ip.as_str();
    let is_loopback = ip == "localhost" || ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if !is_loopback {
        bail!(
            "ip «{ip}», ожидался адрес этого компьютера (127.0.0.1): сообщения ядра не шифруются, и по сети \
             их прочёл бы любой. Уберите настройку KernelManager.ip; сервер Jupyter, открытый в сеть или в \
             контейнер (ServerApp.ip), говорит с ядром через 127.0.0.1"
        );
    }
    if connection.key.is_empty() {
        bail!(
            "key пуст, ожидался ключ подписи: ядро без ключа выполнило бы код любой программы этого \
             компьютера. Уберите настройку Session.key, Jupyter сам придумает ключ"
        );
    }
    if connection.signature_scheme != SCHEME {
        bail!(
            "signature_scheme «{}», ожидалось «{SCHEME}»: другой подписи у этого ядра нет; уберите настройку \
             Session.signature_scheme",
            connection.signature_scheme
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The file as jupyter_client 8 writes it, with some fields changed.
    fn file(changes: &serde_json::Value) -> Result<ConnectionInfo> {
        let mut fields = serde_json::json!({
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
            "ip": "127.0.0.1", "key": "c6ea5bd8-f14e3c2d9e8a4b5f6a7b8c9d", "transport": "tcp",
            "signature_scheme": "hmac-sha256", "kernel_name": "rust", "jupyter_session": "a.ipynb",
        });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let path = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        std::fs::write(&path, fields.to_string()).unwrap();
        let connection = read(&path);
        std::fs::remove_file(&path).unwrap();
        connection
    }

    #[test]
    fn what_clients_write_is_taken() {
        for ip in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] {
            assert_eq!(file(&serde_json::json!({ "ip": ip })).unwrap().ip, ip);
        }
    }

    #[test]
    fn what_opens_the_kernel_to_others_is_refused_with_a_cure() {
        for (field, value, expected) in [
            ("ip", "0.0.0.0", "KernelManager.ip"),
            ("ip", "", "KernelManager.ip"),
            ("ip", "*", "KernelManager.ip"),
            ("ip", "::", "KernelManager.ip"),
            ("ip", "192.168.0.7", "KernelManager.ip"),
            ("ip", "::ffff:10.0.0.1", "KernelManager.ip"),
            ("ip", "localhost.example.org", "KernelManager.ip"),
            ("key", "", "Session.key"),
            ("transport", "ipc", "KernelManager.transport"),
            ("signature_scheme", "hmac-md5", "Session.signature_scheme"),
            ("signature_scheme", "", "Session.signature_scheme"),
        ] {
            let error = format!("{:#}", file(&serde_json::json!({ field: value })).unwrap_err());
            assert!(error.contains(expected), "{field} {value}: {error}");
            assert!(error.contains(&format!("{field} ")), "{field} {value}: {error}");
        }
        let error = format!("{:#}", file(&serde_json::json!({ "key": null })).unwrap_err());
        assert!(error.contains("не файл соединения Jupyter"), "{error}");
    }
}
