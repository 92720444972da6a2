//! A data set of two tensors in memory. Read next: `loader.rs`.

use candle_core::{CpuStorage, Device, Storage, Tensor, WithDType};

use super::dataset::{Batch, Dataset, outside};
use crate::{Error, Result};

/// Rows of `x` `(N, ...)` with rows of `y` `(N, ...)` (as `torch.utils.data.TensorDataset`).
///
/// A batch of neighbouring rows is a view; other rows of a CPU tensor are copied, row by row.
///
/// ```
/// use lab::batches::{Dataset, TensorDataset};
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::new(&[[0f32, 1.0], [2.0, 3.0], [4.0, 5.0]], &Device::Cpu)?;
/// let set = TensorDataset::new(x, Tensor::new(&[7u32, 8, 9], &Device::Cpu)?)?;
/// let batch = set.batch(&[2, 0])?;
/// assert_eq!(batch.x.to_vec2::<f32>()?, [[4.0, 5.0], [0.0, 1.0]]);
/// assert_eq!(batch.y.to_vec1::<u32>()?, [9, 7]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TensorDataset {
    x: Tensor,
    y: Tensor,
}

impl TensorDataset {
    /// A data set of as many items as `x` and `y` have rows. Gradients do not flow through it.
    ///
    /// # Errors
    /// `x` or `y` is a scalar, their numbers of rows differ, or there are none.
    pub fn new(x: Tensor, y: Tensor) -> Result<Self> {
        let rows = |name: &str, t: &Tensor| match t.dims().first() {
            Some(&rows) => Ok(rows),
            None => Err(Error::Argument(format!(
                "TensorDataset: {name} скаляр, а нужен тензор, у которого первая размерность считает примеры"
            ))),
        };
        let (in_x, in_y) = (rows("x", &x)?, rows("y", &y)?);
        if in_x != in_y {
            return Err(Error::Argument(format!(
                "TensorDataset: примеров в x {in_x} (форма {:?}), а ответов в y {in_y} (форма {:?}); \
                 их должно быть поровну",
                x.dims(),
                y.dims()
            )));
        }
        if in_x == 0 {
            return Err(Error::Argument("TensorDataset: нет ни одного примера".into()));
        }
        Ok(Self { x: x.detach().contiguous()?, y: y.detach().contiguous()? })
    }

    /// All examples, `(N, ...)`.
    ///
    /// ```
    /// # use lab::{batches::TensorDataset, candle_core::{DType, Device, Tensor}};
    /// let x = Tensor::zeros((8, 3), DType::F32, &Device::Cpu)?;
    /// let set = TensorDataset::new(x, Tensor::zeros(8, DType::U32, &Device::Cpu)?)?;
    /// assert_eq!((set.x().dims(), set.y().dims()), (&[8, 3][..], &[8][..]));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// All targets, `(N, ...)`.
    pub fn y(&self) -> &Tensor {
        &self.y
    }
}

impl Dataset for TensorDataset {
    fn len(&self) -> usize {
        self.x.dims()[0]
    }

    fn get(&self, index: usize) -> Result<(Tensor, Tensor)> {
        if index >= self.len() {
            return Err(outside(index, self.len()));
        }
        Ok((self.x.get(index)?, self.y.get(index)?))
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        if let Some(&index) = indices.iter().find(|&&index| index >= self.len()) {
            return Err(outside(index, self.len()));
        }
        Ok(Batch { x: rows(&self.x, indices)?, y: rows(&self.y, indices)? })
    }
}

/// The rows `indices`, all of which exist, of a contiguous tensor.
fn rows(t: &Tensor, indices: &[usize]) -> Result<Tensor> {
    if let Some(&first) = indices.first()
        && indices.iter().enumerate().all(|(i, &index)| index == first + i)
    {
        return Ok(t.narrow(0, first, indices.len())?);
    }
    if matches!(t.device(), Device::Cpu)
        && let Some(rows) = copied(t, indices)?
    {
        return Ok(rows);
    }
    let list: Vec<u32> = indices.iter().map(|&index| index as u32).collect();
    Ok(t.index_select(&Tensor::from_vec(list, indices.len(), t.device())?, 0)?)
}

/// The rows copied one by one; `None` for dtypes left to candle.
fn copied(t: &Tensor, indices: &[usize]) -> Result<Option<Tensor>> {
    let (storage, layout) = t.storage_and_layout();
    let (Storage::Cpu(storage), Some((from, to))) = (&*storage, layout.contiguous_offsets()) else {
        return Ok(None);
    };
    let range = from..to;
    let tensor = match storage {
        CpuStorage::F32(all) => gathered(&all[range], t.dims(), indices),
        CpuStorage::F64(all) => gathered(&all[range], t.dims(), indices),
        CpuStorage::U8(all) => gathered(&all[range], t.dims(), indices),
        CpuStorage::U32(all) => gathered(&all[range], t.dims(), indices),
        CpuStorage::I64(all) => gathered(&all[range], t.dims(), indices),
        _ => return Ok(None),
    };
    tensor.map(Some)
}

/// The rows `indices` of a tensor of the numbers `all` and the shape `dims`.
fn gathered<T: WithDType>(all: &[T], dims: &[usize], indices: &[usize]) -> Result<Tensor> {
    let width = all.len() / dims[0];
    let mut out = Vec::with_capacity(width * indices.len());
    for &index in indices {
        out.extend_from_slice(&all[index * width..][..width]);
    }
    let mut shape = dims.to_vec();
    shape[0] = indices.len();
    Ok(Tensor::from_vec(out, shape, &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;
    use candle_core::{DType, Var};

    #[test]
    fn any_rows_of_any_dtype_equal_candles() {
        let mut rng = Rng::seed(1);
        for dtype in [DType::F32, DType::F64, DType::U8, DType::U32, DType::I64, DType::F16] {
            for shape in [&[7usize][..], &[7, 3], &[7, 1, 2, 2]] {
                let x = rng.rand(shape, 0.0, 100.0, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
                let set = TensorDataset::new(x.clone(), x.clone()).unwrap();
                let indices: Vec<usize> = (0..5).map(|_| rng.below(7)).collect();
                let list = Tensor::from_iter(indices.iter().map(|&i| i as u32), &Device::Cpu);
                let right = x.index_select(&list.unwrap(), 0).unwrap();
                let batch = set.batch(&indices).unwrap();
                assert_eq!((batch.x.dims(), batch.x.dtype()), (right.dims(), dtype));
                let numbers = |t: &Tensor| {
                    t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
                };
                assert_eq!(numbers(&batch.x), numbers(&right), "{dtype:?} {shape:?} {indices:?}");
            }
        }
    }

    #[test]
    fn a_transposed_tensor_and_a_part_of_one_give_their_own_rows() {
        let all = Tensor::arange(0f32, 12., &Device::Cpu).unwrap().reshape((3, 4)).unwrap();
        let part = all.t().unwrap().narrow(0, 1, 3).unwrap();
        let set = TensorDataset::new(part.clone(), part).unwrap();
        let batch = set.batch(&[2, 0]).unwrap();
        assert_eq!(batch.x.to_vec2::<f32>().unwrap(), [[3.0, 7.0, 11.0], [1.0, 5.0, 9.0]]);
        assert_eq!(set.get(1).unwrap().0.to_vec1::<f32>().unwrap(), [2.0, 6.0, 10.0]);
    }

    #[test]
    fn batches_carry_no_graph() {
        let x = Var::new(&[[1f32], [2.0]], &Device::Cpu).unwrap();
        let doubled = (x.as_tensor() * 2.0).unwrap();
        let set = TensorDataset::new(doubled.clone(), doubled).unwrap();
        assert!(!set.batch(&[1, 0]).unwrap().x.track_op());
        assert!(!set.batch(&[0, 1]).unwrap().x.track_op());
    }

    #[test]
    fn wrong_input_is_told() {
        let t = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        let error = |x, y| TensorDataset::new(x, y).unwrap_err().to_string();
        assert!(error(t(&[3, 2]), t(&[4])).contains("x 3 (форма [3, 2]), а ответов в y 4"));
        assert!(error(t(&[]), t(&[4])).contains("x скаляр"));
        assert!(error(t(&[0, 2]), t(&[0])).contains("нет ни одного примера"));
        let set = TensorDataset::new(t(&[3]), t(&[3])).unwrap();
        let text = set.batch(&[0, 3]).unwrap_err().to_string();
        assert_eq!(text, "нет элемента 3: в наборе их 3, номера от 0");
        assert!(set.get(9).is_err());
    }
}
