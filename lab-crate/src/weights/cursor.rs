//! Takes bytes, numbers and lines from the start of what is left of a file. Not here: what they mean (`pickle.rs`).

use super::Told;

/// The longest name of a module or a function.
const MAX_NAME: usize = 200;

/// The bytes of a file and the place of the next one.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Told<&'a [u8]> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken =
            taken.ok_or_else(|| format!("файл обрывается на байте {}", self.bytes.len()))?;
        self.at += count;
        Ok(taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Told<u8> {
        self.take(1).map(|bytes| bytes.first().copied().unwrap_or_default())
    }

    /// A number without a sign of 1, 2 or 4 bytes, the low byte first.
    pub(super) fn number(&mut self, width: usize) -> Told<u32> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// The text up to the end of the line.
    pub(super) fn line(&mut self) -> Told<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let rest = &rest[..rest.len().min(MAX_NAME)];
        let length = rest.iter().position(|byte| *byte == b'\n');
        let text = length.and_then(|length| std::str::from_utf8(&rest[..length]).ok());
        let text = text.ok_or_else(|| format!("байт {}: неверное имя объекта", self.at))?;
        self.at += text.len() + 1;
        Ok(text)
    }
}
