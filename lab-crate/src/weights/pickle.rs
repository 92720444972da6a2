//! Reads a pickle and executes nothing: a closed list of commands, a closed list of names.
//!
//! The commands are those that `torch.save` writes (protocol 2 of Python's `pickletools`); any other is an
//! error. Not here: what the values mean (`record.rs`). Read next: `value.rs`, then
//! `record.rs`.
//!
//! `candle_core::pickle` does not serve: it reads zip files only, copies whole values out of the memo (a
//! small file can ask for any amount of memory) and indexes arguments without looking at their number.

use std::collections::HashMap;

use super::Told;
use super::cursor::Cursor;
use super::value::{Global, Id, Value};

/// More commands than any model needs (ResNet152 has 40,000): bounds time and memory.
const MAX_COMMANDS: usize = 1 << 22;

/// A pickle that was read: its values, and the one it stands for.
pub(super) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: Id,
    /// Where the next byte after the pickle is.
    pub(super) end: usize,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle that starts at byte `start` of `bytes`.
    pub(super) fn read(bytes: &'a [u8], start: usize) -> Told<Self> {
        let mut machine = Machine {
            input: Cursor { bytes, at: start },
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        for _ in 0..MAX_COMMANDS {
            if let Some(root) = machine.step()? {
                return Ok(Self { values: machine.values, root, end: machine.input.at });
            }
        }
        Err(format!("в описании больше {MAX_COMMANDS} команд"))
    }

    /// The value that the pickle stands for.
    pub(super) fn root(&self) -> &Value<'a> {
        self.get(self.root)
    }

    /// The value with this number.
    pub(super) fn get(&self, id: Id) -> &Value<'a> {
        // Numbers are made by `Machine::push` only, so the value is there.
        self.values.get(id).unwrap_or(&Value::None)
    }

    /// All values.
    pub(super) fn values(&self) -> &[Value<'a>] {
        &self.values
    }
}

fn unknown(place: usize, command: u8) -> String {
    format!("байт {place}: команда pickle 0x{command:02x} не поддерживается")
}

struct Machine<'a> {
    input: Cursor<'a>,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// The heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// Obeys one command; the result's number after the last one.
    fn step(&mut self) -> Told<Option<Id>> {
        let place = self.input.at;
        match self.input.byte()? {
            b'.' => return self.pop().map(Some),
            0x80 => self.protocol()?,
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.push(Value::None),
            0x88 | 0x89 => self.push(Value::Bool),
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => self.integer(4)?,
            0x8a => self.long()?,
            b'G' => self.input.take(8).map(|_| self.push(Value::Float))?,
            b'X' => self.string()?,
            b'c' => self.global()?,
            b')' => self.push(Value::Tuple(Vec::new())),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => self.marked().map(|items| self.push(Value::Tuple(items)))?,
            b']' => self.push(Value::List(Vec::new())),
            b'a' => self.pop().and_then(|item| self.append(vec![item]))?,
            b'e' => self.marked().and_then(|items| self.append(items))?,
            b'}' => self.push(Value::Dict(Vec::new())),
            b's' => self.several(2).and_then(|pair| self.set(&pair))?,
            b'u' => self.marked().and_then(|pairs| self.set(&pairs))?,
            b'q' => self.input.number(1).and_then(|key| self.remember(key))?,
            b'r' => self.input.number(4).and_then(|key| self.remember(key))?,
            b'h' => self.input.number(1).and_then(|key| self.recall(key))?,
            b'j' => self.input.number(4).and_then(|key| self.recall(key))?,
            b'Q' => self.pop().map(|id| self.push(Value::Storage(id)))?,
            b'R' => self.call()?,
            b'b' => self.build()?,
            other => return Err(unknown(place, other)),
        }
        Ok(None)
    }

    fn protocol(&mut self) -> Told<()> {
        match self.input.byte()? {
            0..=3 => Ok(()),
            other => {
                Err(format!("протокол pickle {other}, а нужен 2, как по умолчанию в torch.save"))
            }
        }
    }

    /// An integer: with a sign only when it has 4 bytes.
    fn integer(&mut self, width: usize) -> Told<()> {
        let number = self.input.number(width)?;
        let signed = if width == 4 { i64::from(number as i32) } else { i64::from(number) };
        self.push(Value::Int(signed));
        Ok(())
    }

    /// A long integer: its width in one byte, then two's complement. One that does not fit is no size
    /// of anything: it is kept as a number nobody reads.
    fn long(&mut self) -> Told<()> {
        let width = usize::from(self.input.byte()?);
        let bytes = self.input.take(width)?;
        let sign = bytes.last().map_or(0, |last| if *last < 0x80 { 0 } else { 0xff });
        let mut whole = [sign; 8];
        let value = match whole.get_mut(..width) {
            Some(low) => {
                low.copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(whole))
            }
            None => Value::Float,
        };
        self.push(value);
        Ok(())
    }

    fn string(&mut self) -> Told<()> {
        let place = self.input.at;
        let length = self.input.number(4)? as usize;
        let text = std::str::from_utf8(self.input.take(length)?)
            .map_err(|_| format!("байт {place}: имя не в UTF-8"))?;
        self.push(Value::Str(text));
        Ok(())
    }

    fn global(&mut self) -> Told<()> {
        let (module, name) = (self.input.line()?, self.input.line()?);
        let global = Global::named(module, name).ok_or_else(|| {
            format!(
                "в нём объект «{module}.{name}», а читаются только тензоры и их имена; сохраните в PyTorch \
                 только веса: torch.save(model.state_dict(), \"weights.pth\")"
            )
        })?;
        self.push(Value::Global(global));
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    /// The last value of the stack, which lies above the last mark.
    fn pop(&mut self) -> Told<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.broken());
        }
        self.stack.pop().ok_or_else(|| self.broken())
    }

    /// The last `count` values, in order.
    fn several(&mut self, count: usize) -> Told<Vec<Id>> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Told<Vec<Id>>>()?;
        items.reverse();
        Ok(items)
    }

    /// All values above the last mark, which goes too.
    fn marked(&mut self) -> Told<Vec<Id>> {
        match self.marks.pop() {
            Some(mark) if mark <= self.stack.len() => Ok(self.stack.split_off(mark)),
            _ => Err(self.broken()),
        }
    }

    fn broken(&self) -> String {
        format!(
            "байт {}: команды pickle не складываются в значение",
            self.input.at.saturating_sub(1)
        )
    }

    fn tuple(&mut self, count: usize) -> Told<()> {
        let items = self.several(count)?;
        self.push(Value::Tuple(items));
        Ok(())
    }

    /// The value on top of the stack.
    fn top(&mut self) -> Told<&mut Value<'a>> {
        let id = self.pop()?;
        self.stack.push(id);
        let broken = self.broken();
        self.values.get_mut(id).ok_or(broken)
    }

    fn append(&mut self, items: Vec<Id>) -> Told<()> {
        let broken = self.broken();
        match self.top()? {
            Value::List(list) => list.extend(items),
            _ => return Err(broken),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Told<()> {
        let broken = self.broken();
        let (pairs, rest) = items.as_chunks::<2>();
        match self.top()? {
            Value::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|[key, value]| (*key, *value)));
            }
            _ => return Err(broken),
        }
        Ok(())
    }

    fn remember(&mut self, key: u32) -> Told<()> {
        let id = self.pop()?;
        self.stack.push(id);
        self.memo.insert(key, id);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Told<()> {
        let id = self.memo.get(&key).copied().ok_or_else(|| self.broken())?;
        self.stack.push(id);
        Ok(())
    }

    /// A call: an ordered dictionary is made, the rest is remembered.
    fn call(&mut self) -> Told<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let value = match (self.values.get(function), self.values.get(arguments)) {
            (Some(Value::Global(Global::OrderedDict)), Some(Value::Tuple(items)))
                if items.is_empty() =>
            {
                Value::Dict(Vec::new())
            }
            (
                Some(Value::Global(global @ (Global::RebuildTensor | Global::RebuildParameter))),
                _,
            ) => Value::Call(*global, arguments),
            _ => return Err(self.broken()),
        };
        self.push(value);
        Ok(())
    }

    /// Attributes of an ordered dictionary (`_metadata` of a `state_dict`): left out.
    fn build(&mut self) -> Told<()> {
        self.pop()?;
        let broken = self.broken();
        match self.top()? {
            Value::Dict(_) => Ok(()),
            _ => Err(broken),
        }
    }
}
