//! Colours: one of its own for every sample catalogue, and the paler ones that are made of it.

use std::fmt;

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Colour(pub(super) [u8; 3]);

pub(super) const WHITE: Colour = Colour([255; 3]);

impl Colour {
    /// The colour at `index`, as far as can be from those before it: each is turned on by the golden angle.
    pub(super) fn own(index: u32) -> Self {
        const FIRST: f64 = 16.0;
        const GOLDEN: f64 = 137.507_764;
        let hue = (FIRST + f64::from(index) * GOLDEN) % 360.0;
        // Strong enough to tell apart, dark enough for white letters.
        let (saturation, lightness) = (0.52, 0.38);
        let part = |turn: f64| {
            let at = (turn + hue / 30.0) % 12.0;
            let strength = saturation * f64::min(lightness, 1.0 - lightness);
            byte(lightness - strength * (at - 3.0).min(9.0 - at).clamp(-1.0, 1.0))
        };
        Self([part(0.0), part(8.0), part(4.0)])
    }

    /// This colour with `share` (0 to 1) of `other`.
    pub(super) fn with(self, other: Self, share: f64) -> Self {
        let mixed = |index: usize| {
            let (own, other) = (f64::from(self.0[index]), f64::from(other.0[index]));
            byte((own + (other - own) * share) / 255.0)
        };
        Self([mixed(0), mixed(1), mixed(2)])
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is within 0 to 255 by then"
)]
fn byte(part: f64) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0).round() as u8
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_catalogues_share_a_colour_and_white_letters_can_be_read_on_each() {
        let all: BTreeSet<_> = (0..60).map(Colour::own).collect();
        assert_eq!(all.len(), 60);
        // WCAG 2.2: contrast of large letters, at least 3.
        let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
        for Colour([red, green, blue]) in all {
            let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
            assert!(1.05 / (luminance + 0.05) > 3.0, "{red} {green} {blue}");
        }
    }

    #[test]
    fn a_mixture_is_between_its_colours() {
        assert_eq!(Colour([100, 0, 255]).with(WHITE, 0.5).to_string(), "#b280ff");
        assert_eq!(Colour([1, 2, 3]).with(WHITE, 0.0).to_string(), "#010203");
    }
}
