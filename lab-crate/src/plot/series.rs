//! What can be an axis of a plot: anything that gives numbers in a row.
//!
//! Read next: `figure.rs`, which takes series.

use candle_core::{DType, Tensor};
use ndarray::{ArrayBase, ArrayRef, Data, Ix1};
use num_traits::AsPrimitive;

use crate::{Error, Result};

/// Numbers for one axis: a `Vec`, slice or array of numbers, an `Array1` or its view, a `Tensor` of rank 1.
///
/// ```
/// use lab::Series;
/// assert_eq!(vec![1.5f32, 2.0].to_f64()?, [1.5, 2.0]);
/// assert_eq!([1u32, 2][..].to_f64()?, [1.0, 2.0]);
/// # Ok::<(), lab::Error>(())
/// ```
pub trait Series {
    /// The numbers as f64, in order.
    ///
    /// # Errors
    /// A tensor whose rank is not 1, or that cannot be read from its device.
    fn to_f64(&self) -> Result<Vec<f64>>;
}

impl<T: AsPrimitive<f64>> Series for [T] {
    fn to_f64(&self) -> Result<Vec<f64>> {
        Ok(self.iter().map(|number| number.as_()).collect())
    }
}

impl<T: AsPrimitive<f64>> Series for Vec<T> {
    fn to_f64(&self) -> Result<Vec<f64>> {
        self.as_slice().to_f64()
    }
}

impl<T: AsPrimitive<f64>, const N: usize> Series for [T; N] {
    fn to_f64(&self) -> Result<Vec<f64>> {
        self.as_slice().to_f64()
    }
}

impl<T: AsPrimitive<f64>, S: Data<Elem = T>> Series for ArrayBase<S, Ix1> {
    fn to_f64(&self) -> Result<Vec<f64>> {
        let array: &ArrayRef<T, Ix1> = self;
        Ok(array.iter().map(|number| number.as_()).collect())
    }
}

impl Series for Tensor {
    fn to_f64(&self) -> Result<Vec<f64>> {
        if self.rank() != 1 {
            return Err(Error::Plot(format!(
                "дан тензор формы {:?}, а нужен одномерный. \
                 Возьмите столбец, x.i((.., 0))?, или разверните тензор: x.flatten_all()?",
                self.dims()
            )));
        }
        Ok(self.to_dtype(DType::F64)?.to_vec1::<f64>()?)
    }
}

/// A reference to a series is a series: `&&x` and `&*x` both work.
impl<S: Series + ?Sized> Series for &S {
    fn to_f64(&self) -> Result<Vec<f64>> {
        (**self).to_f64()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{Device, Var};
    use ndarray::{Array1, array};

    #[test]
    fn all_kinds_give_the_same_numbers() {
        let expected = [1.0, 2.0, 3.0];
        assert_eq!(vec![1i64, 2, 3].to_f64().unwrap(), expected);
        assert_eq!([1.0f32, 2.0, 3.0].to_f64().unwrap(), expected);
        assert_eq!(vec![1usize, 2, 3][..].to_f64().unwrap(), expected);
        assert_eq!(Array1::from(vec![1.0, 2.0, 3.0]).to_f64().unwrap(), expected);
        let matrix = array![[1.0f32, 9.0], [2.0, 9.0], [3.0, 9.0]];
        assert_eq!(matrix.column(0).to_f64().unwrap(), expected);
        let tensor = Tensor::new(&[1u8, 2, 3], &Device::Cpu).unwrap();
        assert_eq!(tensor.to_f64().unwrap(), expected);
        let var = Var::new(&[1.0f32, 2.0, 3.0], &Device::Cpu).unwrap();
        assert_eq!(var.to_f64().unwrap(), expected);
    }

    #[test]
    fn a_matrix_is_not_a_series() {
        let tensor = Tensor::new(&[[1.0f32], [2.0]], &Device::Cpu).unwrap();
        let error = tensor.to_f64().unwrap_err().to_string();
        assert!(error.contains("[2, 1]") && error.contains("flatten_all"), "{error}");
    }
}
