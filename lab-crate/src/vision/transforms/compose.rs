//! A chain of transforms, from an image to numbers. Not here: the steps. Read next: `transform.rs`.

use candle_core::{Device, Tensor};

use super::Size;
use super::normalize::tables;
use super::transform::Transform;
use crate::vision::Image;
use crate::vision::view::{Tables, View};
use crate::{Error, Result, Rng};

/// Transforms, one after another (as `torchvision.transforms.Compose`).
///
/// Crops and flips copy no pixels: what a later step does not show is never resized, and the last
/// pass mirrors, scales and normalizes at once. The numbers are those of the steps done one by one.
///
/// ```
/// use lab::Rng;
/// use lab::vision::Image;
/// use lab::vision::transforms::{Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, ToTensor};
/// let transform = Compose::new()
///     .then(RandomResizedCrop::new(224))
///     .then(RandomHorizontalFlip::default())
///     .then(ToTensor)
///     .then(Normalize::imagenet());
/// let image = Image::new(300, 200, vec![128; 180_000])?;
/// let x = transform.tensor(&image, &mut Rng::seed(42))?;
/// assert_eq!(x.dims(), [3, 224, 224]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compose {
    steps: Vec<Transform>,
}

/// An image after its last step, and how its bytes become numbers.
pub(in crate::vision) struct Ready<'a> {
    view: View<'a>,
    tables: Tables,
}

impl Ready<'_> {
    /// The shape of the numbers: `[3, height, width]`.
    pub(in crate::vision) fn dims(&self) -> [usize; 3] {
        [3, self.view.height(), self.view.width()]
    }

    /// Writes the numbers, channel by channel.
    pub(in crate::vision) fn write(&self, out: &mut [f32]) {
        self.view.write(&self.tables, out);
    }
}

impl Compose {
    /// A chain without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// The chain with one more step at its end.
    #[must_use]
    pub fn then(mut self, step: impl Into<Transform>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// The steps in their order.
    pub fn steps(&self) -> &[Transform] {
        &self.steps
    }

    /// Tells a step with a wrong field or at a wrong place, and a chain without [`super::ToTensor`].
    ///
    /// # Errors
    /// As said.
    ///
    /// ```
    /// use lab::{Rng, vision::{Image, transforms::{CenterCrop, Compose, Normalize, ToTensor}}};
    /// let early = Compose::new().then(Normalize::imagenet()).then(ToTensor);
    /// assert!(early.check().is_err()); // numbers are normalized, bytes are not
    /// let chain = Compose::new().then(CenterCrop::new(2)).then(ToTensor);
    /// assert_eq!((chain.check().is_ok(), chain.steps().len()), (true, 2));
    /// let image = chain.image(&Image::new(4, 4, vec![7; 48])?, &mut Rng::seed(0))?;
    /// assert_eq!((image.width(), image.height()), (2, 2));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn check(&self) -> Result<()> {
        self.check_order()?;
        match self.to_tensor() {
            Some(_) => Ok(()),
            None => Err(Error::Argument(
                "Compose: нет шага ToTensor, а модели нужен тензор; добавьте .then(ToTensor) после \
                 шагов с картинкой"
                    .into(),
            )),
        }
    }

    /// The place of the first step that makes numbers.
    fn to_tensor(&self) -> Option<usize> {
        self.steps.iter().position(|step| matches!(step, Transform::ToTensor(_)))
    }

    fn check_order(&self) -> Result<()> {
        let place = self.to_tensor();
        for (i, step) in self.steps.iter().enumerate() {
            step.check()?;
            let is_after = place.is_some_and(|place| i > place);
            let is_at_its_place = match step {
                Transform::ToTensor(_) => !is_after,
                Transform::Normalize(_) => is_after,
                _ => !is_after,
            };
            if !is_at_its_place {
                let side = if is_after { "до" } else { "после" };
                return Err(Error::Argument(format!(
                    "Compose: шаг {} ({}) стоит не на своём месте, он нужен {side} ToTensor; порядок: шаги \
                     с картинкой, ToTensor один раз, Normalize",
                    i + 1,
                    step.name()
                )));
            }
        }
        Ok(())
    }

    /// `image` after the steps with images: what the model will see, before it becomes numbers.
    ///
    /// # Errors
    /// A step has a wrong field or stands at a wrong place.
    pub fn image(&self, image: &Image, rng: &mut Rng) -> Result<Image> {
        self.check_order()?;
        self.run(image, rng)?.into_image()
    }

    /// `image` after all steps: f32, `(3, height, width)`, on the CPU.
    ///
    /// # Errors
    /// As for [`Compose::check`].
    pub fn tensor(&self, image: &Image, rng: &mut Rng) -> Result<Tensor> {
        self.check()?;
        let ready = self.ready(image, rng)?;
        let dims = ready.dims();
        let mut numbers = vec![0.0; dims.iter().product()];
        ready.write(&mut numbers);
        Ok(Tensor::from_vec(numbers, &dims[..], &Device::Cpu)?)
    }

    /// Height and width of every result; `None` when they depend on the image.
    pub(in crate::vision) fn size(&self) -> Option<[usize; 2]> {
        self.steps.iter().fold(None, |size, step| match step {
            Transform::Resize(step) => match step.size {
                Size::Exact(height, width) => Some([height, width]),
                Size::Shorter(_) => None,
            },
            Transform::CenterCrop(step) => Some([step.size.0, step.size.1]),
            Transform::RandomResizedCrop(step) => Some([step.size.0, step.size.1]),
            _ => size,
        })
    }

    /// `image` before its numbers are written; the chain was checked.
    pub(in crate::vision) fn ready<'a>(
        &self,
        image: &'a Image,
        rng: &mut Rng,
    ) -> Result<Ready<'a>> {
        Ok(Ready { view: self.run(image, rng)?, tables: tables(&self.steps) })
    }

    fn run<'a>(&self, image: &'a Image, rng: &mut Rng) -> Result<View<'a>> {
        self.steps.iter().try_fold(View::of(image), |view, step| step.apply(view, rng))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::*;
    use super::*;

    fn image() -> Image {
        Image::new(7, 5, (0..105).map(|i| (i * 73 % 256) as u8).collect()).unwrap()
    }

    #[test]
    fn wrong_orders_are_told() {
        let error = |chain: Compose| chain.check().unwrap_err().to_string();
        assert!(error(Compose::new()).contains("нет шага ToTensor"));
        let text = error(Compose::new().then(Normalize::imagenet()).then(ToTensor));
        assert!(text.contains("шаг 1 (Normalize)") && text.contains("после ToTensor"), "{text}");
        let text = error(Compose::new().then(ToTensor).then(Resize::new(8)));
        assert!(text.contains("шаг 2 (Resize)") && text.contains("до ToTensor"), "{text}");
        assert!(error(Compose::new().then(ToTensor).then(ToTensor)).contains("шаг 2 (ToTensor)"));
        assert!(error(Compose::new().then(Resize::new(0)).then(ToTensor)).contains("сторона 0"));
    }

    #[test]
    fn a_size_that_does_not_depend_on_the_image_is_known() {
        let chain = Compose::new().then(CenterCrop { size: (4, 6) });
        assert_eq!(chain.clone().then(ToTensor).size(), Some([4, 6]));
        assert_eq!(chain.clone().then(Resize::exact(2, 3)).size(), Some([2, 3]));
        assert_eq!(chain.then(Resize::new(3)).size(), None);
        assert_eq!(Compose::new().then(RandomResizedCrop::new(5)).size(), Some([5, 5]));
    }

    #[test]
    fn the_fused_chain_equals_its_steps_one_by_one() {
        let steps: [Transform; 4] = [
            RandomResizedCrop::new(6).into(),
            RandomHorizontalFlip { p: 0.5 }.into(),
            ColorJitter { brightness: 0.4, hue: 0.1, ..Default::default() }.into(),
            Resize::exact(4, 3).into(),
        ];
        for seed in 0..30 {
            let (mut one, mut two) = (Rng::seed(seed), Rng::seed(seed));
            let chain = steps.iter().fold(Compose::new(), |chain, step| chain.then(step.clone()));
            let fused = chain.image(&image(), &mut one).unwrap();
            let mut single = image();
            for step in &steps {
                single = Compose::new().then(step.clone()).image(&single, &mut two).unwrap();
            }
            assert_eq!(fused, single, "{seed}");
            let x = chain.then(ToTensor).tensor(&image(), &mut Rng::seed(seed)).unwrap();
            let right = single.to_tensor().unwrap();
            assert_eq!(x.to_vec3::<f32>().unwrap(), right.to_vec3::<f32>().unwrap());
        }
    }
}
