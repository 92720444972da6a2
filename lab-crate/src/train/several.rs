//! Several observers as one: tuples, vectors, references, and nobody.
//!
//! All of them are told, in order, even when one fails; the first error is the answer.

use super::{BatchRecord, EpochRecord, Observer, Stop};
use crate::Result;

/// Nobody.
impl Observer for () {}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
        (**self).on_begin(epoch, num_epochs, batches)
    }

    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        (**self).on_batch(batch)
    }

    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        (**self).on_epoch(epoch)
    }

    fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
        (**self).on_end(stopped)
    }

    fn keep_going(&self) -> bool {
        (**self).keep_going()
    }

    fn reason(&self) -> String {
        (**self).reason()
    }
}

impl Observer for Vec<Box<dyn Observer + '_>> {
    fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
        all(self, |one| one.on_begin(epoch, num_epochs, batches))
    }

    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        all(self, |one| one.on_batch(batch))
    }

    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        all(self, |one| one.on_epoch(epoch))
    }

    fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
        all(self, |one| one.on_end(stopped))
    }

    fn keep_going(&self) -> bool {
        self.iter().all(|one| one.keep_going())
    }

    fn reason(&self) -> String {
        self.iter().find(|one| !one.keep_going()).map_or_else(String::new, |one| one.reason())
    }
}

/// Tells everyone; the first error is the answer.
fn all(
    list: &mut [Box<dyn Observer + '_>],
    tell: impl Fn(&mut dyn Observer) -> Result<()>,
) -> Result<()> {
    let mut told = Ok(());
    for one in list {
        told = told.and(tell(one.as_mut()));
    }
    told
}

/// Tuples only differ in their length.
macro_rules! tuple {
    ($($name:ident $place:tt),+) => {
        impl<$($name: Observer),+> Observer for ($($name,)+) {
            fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
                let told = Ok(());
                $(let told = told.and(self.$place.on_begin(epoch, num_epochs, batches));)+
                told
            }

            fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
                let told = Ok(());
                $(let told = told.and(self.$place.on_batch(batch));)+
                told
            }

            fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
                let told = Ok(());
                $(let told = told.and(self.$place.on_epoch(epoch));)+
                told
            }

            fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
                let told = Ok(());
                $(let told = told.and(self.$place.on_end(stopped));)+
                told
            }

            fn keep_going(&self) -> bool {
                $(self.$place.keep_going())&&+
            }

            fn reason(&self) -> String {
                $(if !self.$place.keep_going() {
                    return self.$place.reason();
                })+
                String::new()
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Error;

    /// Counts calls; fails or stops when told to.
    #[derive(Default)]
    struct Probe {
        ends: usize,
        fails: bool,
        stops: Option<&'static str>,
    }

    impl Observer for Probe {
        fn on_end(&mut self, _: Option<&Stop>) -> Result<()> {
            self.ends += 1;
            if self.fails { Err(Error::Argument("нет места".into())) } else { Ok(()) }
        }

        fn keep_going(&self) -> bool {
            self.stops.is_none()
        }

        fn reason(&self) -> String {
            self.stops.unwrap_or("").to_string()
        }
    }

    #[test]
    fn all_are_told_even_after_an_error() {
        let (mut a, mut b) = (Probe { fails: true, ..Probe::default() }, Probe::default());
        let error = (&mut a, &mut b, ()).on_end(None).unwrap_err().to_string();
        assert_eq!((error.as_str(), a.ends, b.ends), ("нет места", 1, 1));
        let mut list: Vec<Box<dyn Observer + '_>> = vec![Box::new(&mut a), Box::new(&mut b)];
        assert!(list.on_end(None).is_err());
        drop(list);
        assert_eq!((a.ends, b.ends), (2, 2));
    }

    #[test]
    fn the_one_that_stops_gives_the_reason() {
        let stops = |text| Probe { stops: Some(text), ..Probe::default() };
        let three = (Probe::default(), stops("хватит"), stops("поздно"));
        assert_eq!((three.keep_going(), three.reason().as_str()), (false, "хватит"));
        let list: Vec<Box<dyn Observer>> = vec![Box::new(()), Box::new(stops("да"))];
        assert_eq!((list.keep_going(), list.reason().as_str()), (false, "да"));
        assert!(((), Probe::default()).keep_going());
    }
}
