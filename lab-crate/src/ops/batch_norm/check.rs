//! What is refused before batch normalization begins. Not here: the arithmetic. Read next: `forward.rs`.

use candle_core::Tensor;

use super::Stats;
use super::loops::Size;
use crate::ops::require_real;
use crate::{Error, Result};

/// The shape of `x`; `params` are weight and bias.
///
/// # Errors
/// Shapes or dtypes do not fit, or the batch is too small for statistics of its own.
pub(super) fn check(
    x: &Tensor,
    params: [&Tensor; 2],
    stats: Stats<'_>,
    residual: Option<&Tensor>,
) -> Result<Size> {
    require_real("batch_norm", "вход x", x)?;
    let &[images, channels, height, width] = x.dims() else {
        return Err(Error::Argument(format!(
            "batch_norm: вход x имеет форму {:?}, а нужна (N, C, H, W): N изображений, C каналов; одно \
             изображение (C, H, W) превращает в пакет x.unsqueeze(0)?",
            x.dims()
        )));
    };
    let size = Size { images, channels, plane: height * width };
    check_vector(x, "вес", params[0])?;
    check_vector(x, "сдвиг", params[1])?;
    if let Stats::Given { mean, variance } = stats {
        check_vector(x, "среднее", mean)?;
        check_vector(x, "дисперсия", variance)?;
    }
    if let Some(residual) = residual {
        if residual.dims() != x.dims() {
            return Err(Error::Argument(format!(
                "batch_norm: вход x имеет форму {:?}, а прибавляемый residual - {:?}; формы должны совпадать",
                x.dims(),
                residual.dims()
            )));
        }
        same_dtype(x, "residual", residual)?;
    }
    if matches!(stats, Stats::Batch) && size.per_channel() < 2 {
        return Err(Error::Argument(format!(
            "batch_norm: вход x формы {:?} даёт {} чисел на канал, а для среднего и дисперсии при обучении нужно \
             хотя бы 2: возьмите пакет побольше или режим проверки forward_t(&x, false)",
            x.dims(),
            size.per_channel()
        )));
    }
    Ok(size)
}

/// A number for every channel.
fn check_vector(x: &Tensor, name: &str, vector: &Tensor) -> Result<()> {
    let channels = x.dim(1)?;
    if vector.dims() != [channels] {
        return Err(Error::Argument(format!(
            "batch_norm: у входа формы {:?} каналов {channels}, а {name} имеет форму {:?}; слой создают с \
             числом каналов входа: nn::batch_norm2d({channels}, vb)",
            x.dims(),
            vector.dims()
        )));
    }
    same_dtype(x, name, vector)
}

fn same_dtype(x: &Tensor, name: &str, other: &Tensor) -> Result<()> {
    if x.dtype() == other.dtype() {
        return Ok(());
    }
    Err(Error::Argument(format!(
        "batch_norm: вход x имеет тип {}, а {name} - {}; типы должны совпадать: x.to_dtype(DType::{:?})?",
        x.dtype().as_str(),
        other.dtype().as_str(),
        other.dtype()
    )))
}
