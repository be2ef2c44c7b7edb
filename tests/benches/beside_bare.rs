//! Work measured in turn with the bare cryptography that it contains, so that the machine's speed cancels out in the ratios.

use std::time::Duration;

use pozi_tests::{
    figures::{Aim, Figure},
    turns::{Side, Turns},
};

/// How often each side is measured.
const ROUNDS: usize = 60;
/// For how long each time.
const SLICE: Duration = Duration::from_millis(20);

/// A figure about one side.
pub(crate) struct Row<'a> {
    what: String,
    aim: Aim,
    is_ratio: bool,
    side: Side<'a>,
}

impl<'a> Row<'a> {
    /// A side's time as a multiple of the bare cryptography's, which should be `most` at most.
    pub(crate) fn ratio(what: &str, most: f64, side: Side<'a>) -> Self {
        Self { what: format!("{what} ÷ bare"), aim: Aim::AtMost(most), is_ratio: true, side }
    }

    /// A side's time.
    pub(crate) fn time(what: &str, aim: Aim, side: Side<'a>) -> Self {
        Self { what: what.to_owned(), aim, is_ratio: false, side }
    }
}

/// Measures `rows` in turn with `bare`, which does what `of_what` says.
pub(crate) fn measure(of_what: &str, bare: Side<'_>, rows: Vec<Row<'_>>) -> Vec<Figure> {
    let (mut sides, mut texts) = (vec![bare], Vec::new());
    for Row { what, aim, is_ratio, side } in rows {
        sides.push(side);
        texts.push((what, aim, is_ratio));
    }
    let turns = Turns::take(&mut sides, ROUNDS, SLICE);
    let beside = format!("{of_what}: {:.1} µs", turns.median(0));
    let figure = |(index, (what, aim, is_ratio))| {
        let (result, unit) =
            if is_ratio { (turns.ratio(index, 0), "×") } else { (turns.median(index), "µs") };
        Figure::new(what, aim, result, unit).beside(&*beside)
    };
    (1..).zip(texts).map(figure).collect()
}
