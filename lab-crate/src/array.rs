//! Between `ndarray` and tensors: the counterparts of `torch.from_numpy` and `.numpy()`.
//!
//! Not here: series for a plot (`plot/series.rs`). Both directions copy the numbers.
//! Read next: `table.rs`.

use candle_core::{Device, Tensor, WithDType};
use ndarray::{ArrayD, ArrayRef, Dimension, IxDyn};

use crate::{Error, Result};

/// A tensor on the CPU with the shape, the element type and the numbers of `array`.
///
/// Element types: f32, f64, i64, u8, u32. The layout of the array does not matter: transposed arrays,
/// columns and other views give the numbers in the order of their indices. The numbers are copied.
///
/// # Errors
/// candle refuses the tensor.
///
/// ```
/// use lab::ndarray::array;
/// let x = lab::from_ndarray(&array![[1.0f32, 2.0], [3.0, 4.0]].t())?; // (2, 2), transposed
/// assert_eq!(x.to_vec2::<f32>()?, [[1.0, 3.0], [2.0, 4.0]]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn from_ndarray<T: WithDType, D: Dimension>(array: &ArrayRef<T, D>) -> Result<Tensor> {
    let numbers: Vec<T> = array.iter().copied().collect();
    Ok(Tensor::from_vec(numbers, array.shape(), &Device::Cpu)?)
}

/// An array with the shape and the numbers of `tensor`, whose element type must be `T`.
///
/// The tensor may lie on any device and in any layout. `.into_dimensionality::<Ix2>()?` gives the array a fixed rank.
///
/// # Errors
/// The element type of the tensor is not `T`.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::new(&[[1.0f64, 2.0], [3.0, 4.0]], &Device::Cpu)?;
/// assert_eq!(lab::to_ndarray::<f64>(&x)?.sum(), 10.0);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn to_ndarray<T: WithDType>(tensor: &Tensor) -> Result<ArrayD<T>> {
    if tensor.dtype() != T::DTYPE {
        let (given, asked) = (tensor.dtype().as_str(), T::DTYPE.as_str());
        return Err(Error::Argument(format!(
            "to_ndarray::<{asked}>: у тензора тип {given}. Попросите to_ndarray::<{given}> \
             или переведите тензор: .to_dtype(DType::{})?",
            asked.to_uppercase()
        )));
    }
    let numbers = tensor.flatten_all()?.to_vec1::<T>()?;
    Ok(ArrayD::from_shape_vec(IxDyn(tensor.dims()), numbers)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ndarray::{Array2, Array3, array, s};

    #[test]
    fn views_of_any_layout_keep_their_order() {
        let a = Array2::from_shape_fn((3, 4), |(i, j)| (i * 10 + j) as i64);
        let t = from_ndarray(&a.t()).unwrap();
        assert_eq!(t.dims(), [4, 3]);
        assert_eq!(t.to_vec2::<i64>().unwrap()[3], [3, 13, 23]);
        let column = from_ndarray(&a.column(1)).unwrap();
        assert_eq!(column.to_vec1::<i64>().unwrap(), [1, 11, 21]);
        let every_other = from_ndarray(&a.slice(s![.., ..;2])).unwrap();
        assert_eq!(every_other.to_vec2::<i64>().unwrap()[0], [0, 2]);
    }

    #[test]
    fn there_and_back_is_the_same_array() {
        let a = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f32);
        let back = to_ndarray::<f32>(&from_ndarray(&a).unwrap()).unwrap();
        assert_eq!(back, a.into_dyn());
    }

    #[test]
    fn transposed_tensors_come_out_transposed() {
        let t = from_ndarray(&array![[1u8, 2], [3, 4]]).unwrap().t().unwrap();
        assert_eq!(to_ndarray::<u8>(&t).unwrap(), array![[1u8, 3], [2, 4]].into_dyn());
    }

    #[test]
    fn scalars_and_empty_arrays_pass() {
        let t = Tensor::new(1.5f32, &Device::Cpu).unwrap();
        assert_eq!(to_ndarray::<f32>(&t).unwrap().ndim(), 0);
        let empty = from_ndarray(&Array2::<f32>::zeros((0, 3))).unwrap();
        assert_eq!(empty.dims(), [0, 3]);
    }

    #[test]
    fn a_wrong_type_tells_both_ways_out() {
        let t = Tensor::new(&[1.5f32], &Device::Cpu).unwrap();
        let error = to_ndarray::<f64>(&t).unwrap_err().to_string();
        assert!(error.contains("тип f32"), "{error}");
        assert!(error.contains(".to_dtype(DType::F64)?"), "{error}");
    }
}
