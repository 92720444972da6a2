//! Gradients of variables that go from the operation straight to the optimizer.
//!
//! candle's backward pass makes zeros for the gradient of every argument and adds to them; for the weights of ResNet18
//! that is a twentieth of a training step. PyTorch's `AccumulateGrad` keeps the first gradient as it is, and so does this.
//! Not here: what is done with them (`optim/gradients.rs`). Read next: `conv/mod.rs`.

use std::cell::RefCell;
use std::collections::HashMap;

use candle_core::{Result, Tensor, TensorId};

/// The gradients of some variables, as far as they came in.
pub(crate) type Leaves = HashMap<TensorId, Option<Tensor>>;

thread_local! {
    /// The variables whose gradients are gathered now by this thread.
    static LEAVES: RefCell<Leaves> = RefCell::default();
}

/// Runs `backward` on this thread; the gradients that [`hand_over`] gets meanwhile for one of `variables` are returned
/// beside its result.
pub(crate) fn gather<R>(
    variables: impl Iterator<Item = TensorId>,
    backward: impl FnOnce() -> R,
) -> (R, Leaves) {
    /// Puts back what was gathered outside, also after a panic.
    struct Outer(Leaves);
    impl Drop for Outer {
        fn drop(&mut self) {
            LEAVES.replace(std::mem::take(&mut self.0));
        }
    }
    let outer = Outer(LEAVES.replace(variables.map(|id| (id, None)).collect()));
    let result = backward();
    let leaves = LEAVES.take();
    drop(outer);
    (result, leaves)
}

/// Keeps the gradient of `variable` for who gathers, or returns it for candle to add.
///
/// # Errors
/// The gradients of two uses of the variable cannot be added.
pub(crate) fn hand_over(variable: &Tensor, grad: Tensor) -> Result<Option<Tensor>> {
    LEAVES.with_borrow_mut(|leaves| {
        let Some(leaf) = leaves.get_mut(&variable.id()) else { return Ok(Some(grad)) };
        *leaf = Some(match leaf.take() {
            Some(before) => (before + grad)?,
            None => grad,
        });
        Ok(None)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{Device, Var};

    fn ones(n: usize) -> Tensor {
        Tensor::ones(n, candle_core::DType::F32, &Device::Cpu).unwrap()
    }

    #[test]
    fn only_gathered_variables_are_kept_and_add_up() {
        let (a, b) = (Var::from_tensor(&ones(2)).unwrap(), Var::from_tensor(&ones(2)).unwrap());
        let (rest, mut leaves) = gather([a.id()].into_iter(), || {
            assert!(hand_over(&a, ones(2)).unwrap().is_none());
            assert!(hand_over(&a, (ones(2) * 2.0).unwrap()).unwrap().is_none());
            hand_over(&b, ones(2)).unwrap()
        });
        assert!(rest.is_some());
        let sum = leaves.remove(&a.id()).unwrap().unwrap();
        assert_eq!(sum.to_vec1::<f32>().unwrap(), [3.0, 3.0]);
        assert!(leaves.is_empty());
        assert!(hand_over(&a, ones(2)).unwrap().is_some(), "nobody gathers any more");
    }

    #[test]
    fn the_outer_gathering_goes_on_after_an_inner_one_and_after_a_panic() {
        let a = Var::from_tensor(&ones(1)).unwrap();
        let ((), leaves) = gather([a.id()].into_iter(), || {
            let (inner, none) = gather(std::iter::empty(), || hand_over(&a, ones(1)).unwrap());
            assert!(inner.is_some() && none.is_empty());
            let fall = || gather(std::iter::empty(), || panic!("as an operation may"));
            assert!(std::panic::catch_unwind(fall).is_err());
            assert!(hand_over(&a, ones(1)).unwrap().is_none());
        });
        assert!(leaves[&a.id()].is_some());
    }
}
