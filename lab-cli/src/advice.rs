//! What to do about an error of the system: a full disk, a folder that cannot be written.
//!
//! Not here: what was being done, which the error itself says.

use std::io::{self, ErrorKind};

/// The error with its causes in one line, and the advice in the next, where there is one.
pub fn with(error: &anyhow::Error) -> String {
    let advice = of(error).map_or_else(String::new, |advice| format!("\nчто сделать: {advice}"));
    format!("{error:#}{advice}")
}

/// Whether a disk refused to take a file, so that it is no matter where the file came from.
pub fn is_of_the_disk(error: &anyhow::Error) -> bool {
    use ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let kinds = [FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    cause(error).is_some_and(|cause| kinds.contains(&cause.kind()))
}

/// The advice, in the student's language; `None` where the system is not to blame, or the error has its own.
pub fn of(error: &anyhow::Error) -> Option<&'static str> {
    cause(error).and_then(about)
}

/// What the system said.
fn cause(error: &anyhow::Error) -> Option<&io::Error> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

fn about(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "на диске нет места; освободите его (сколько нужно, скажет cargo lab doctor) и повторите команду. \
             То, что было, осталось как было"
        }
        ErrorKind::FileTooLarge => {
            "система не разрешает файлы такой величины (ulimit -f); снимите предел и повторите команду"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "сюда можно только читать; скопируйте папку лабораторной туда, где можно писать, и повторите там"
        }
        ErrorKind::PermissionDenied => {
            "нет прав на этот файл или папку; посмотрите, чьи они (ls -l), и работайте под тем же именем"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_cause_decides_whatever_stands_around_it() {
        let full: anyhow::Result<()> = Err(io::Error::from(ErrorKind::StorageFull).into());
        let error = full.context("не удалось записать").unwrap_err();
        assert!(of(&error).unwrap().contains("освободите") && is_of_the_disk(&error));
        assert!(
            with(&error).starts_with("не удалось записать: ")
                && with(&error).contains("\nчто сделать: ")
        );
        // A mirror may have a file that we may not read; another place can have it too.
        assert!(!is_of_the_disk(&io::Error::from(ErrorKind::PermissionDenied).into()));
        assert!(of(&anyhow::anyhow!("нет места")).is_none());
        assert!(of(&io::Error::from(ErrorKind::NotFound).into()).is_none());
    }
}
