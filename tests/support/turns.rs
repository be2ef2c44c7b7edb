//! Measures several things in turn, so that changes of the machine's speed affect all of them.

use std::time::{Duration, Instant};

/// What is measured in turn with others.
pub struct Side<'a>(Box<dyn FnMut() -> Option<Duration> + 'a>);

impl<'a> Side<'a> {
    /// Counts the whole time of `call`.
    pub fn whole(mut call: impl FnMut() + 'a) -> Self {
        Self(Box::new(move || {
            call();
            None
        }))
    }

    /// Counts what `call` returns: the time of a part of it.
    pub fn part(mut call: impl FnMut() -> Duration + 'a) -> Self {
        Self(Box::new(move || Some(call())))
    }

    /// Calls it for `slice`, and returns the time per call in microseconds.
    pub fn time_per_call(&mut self, slice: Duration) -> f64 {
        let start = Instant::now();
        let (mut calls, mut parts) = (0_u32, None);
        loop {
            if let Some(part) = (self.0)() {
                parts = Some(parts.unwrap_or_default() + part);
            }
            calls += 1;
            let passed = start.elapsed();
            if passed >= slice {
                return parts.unwrap_or(passed).as_secs_f64() * 1e6 / f64::from(calls);
            }
        }
    }
}

/// The times per call in microseconds: for each side, one for each round.
#[derive(Debug)]
pub struct Turns(Vec<Vec<f64>>);

impl Turns {
    /// Calls each of `sides` for `slice`, in turn, `rounds` times. The first round, which warms caches, is not counted.
    pub fn take(sides: &mut [Side<'_>], rounds: usize, slice: Duration) -> Self {
        let mut times = vec![Vec::with_capacity(rounds); sides.len()];
        for round in 0..=rounds {
            for (times, side) in times.iter_mut().zip(sides.iter_mut()) {
                let time = side.time_per_call(slice);
                times.extend((round > 0).then_some(time));
            }
        }
        Self(times)
    }

    /// The median of a side's times.
    pub fn median(&self, side: usize) -> f64 {
        median(self.0[side].iter().copied())
    }

    /// The median, over all rounds, of what one side took in terms of another.
    pub fn ratio(&self, of: usize, to: usize) -> f64 {
        median(self.0[of].iter().zip(&self.0[to]).map(|(of, to)| of / to))
    }
}

/// The median; the lower one of the two in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}
