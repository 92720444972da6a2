//! What a pickle holds: a flat list of values that refer to each other by number.
//!
//! A value may be referred to many times or even hold itself: nothing is copied, and nobody walks
//! the values deeper than a list of tensors is. Not here: the commands that make them (`pickle.rs`).

use candle_core::DType;

/// The number of a value.
pub(super) type Id = usize;

/// One value. `'a` is the life of the file's bytes.
#[derive(Debug)]
pub(super) enum Value<'a> {
    None,
    Bool,
    Int(i64),
    Float,
    Str(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    /// A call that is remembered, not made: the function and its arguments, a tuple.
    Call(Global, Id),
    /// Where the numbers of a tensor are: a tuple, see `record.rs`.
    Storage(Id),
}

/// The only names of Python that a file may mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    /// A storage of numbers of this type.
    StorageType(DType),
}

impl Global {
    /// The meaning of `module name`; `None` for all that weights do not need.
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        let storage = match (module, name) {
            ("collections", "OrderedDict") => return Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => return Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => return Some(Self::RebuildParameter),
            ("torch", "FloatStorage") => DType::F32,
            ("torch", "DoubleStorage") => DType::F64,
            ("torch", "HalfStorage") => DType::F16,
            ("torch", "BFloat16Storage") => DType::BF16,
            ("torch", "LongStorage") => DType::I64,
            ("torch", "IntStorage") => DType::I32,
            // candle has no truth values: they are read as 0 and 1.
            ("torch", "ByteStorage" | "BoolStorage") => DType::U8,
            _ => return None,
        };
        Some(Self::StorageType(storage))
    }
}

impl Value<'_> {
    /// What the value is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool => "True или False",
            Self::Int(_) => "целое число",
            Self::Float => "число",
            Self::Str(_) => "строка",
            Self::Tuple(_) => "кортеж",
            Self::List(_) => "список",
            Self::Dict(_) => "словарь",
            Self::Global(_) => "имя функции",
            Self::Call(..) => "тензор",
            Self::Storage(_) => "хранилище",
        }
    }
}
