//! Golomb-Rice coding of sorted numbers: each as its difference from the one before, whose high part is written in unary
//! (as many ones, then a zero), followed by its `rice` low bits. Bits fill bytes from the most significant one, and zeros
//! fill the last byte.

use super::RevocationSetError;

/// The most low bits of a code.
pub(super) const MAX_RICE: u32 = 40;

/// Returns the bits of `lists`, one after the other, each in ascending order. `rice` is at most [`MAX_RICE`].
pub(super) fn encode(lists: &[Vec<u64>], rice: u32) -> Vec<u8> {
    let mut bits = Writer::default();
    for list in lists {
        let mut before = 0;
        for number in list {
            let difference = number - before;
            (0..difference >> rice).for_each(|_| bits.push(true));
            bits.push(false);
            (0..rice).rev().for_each(|bit| bits.push(difference >> bit & 1 == 1));
            before = *number;
        }
    }
    bits.bytes
}

/// Reads the lists of `lengths` numbers that [`encode`] wrote. Refuses whatever it would not have written. No more is
/// allocated than `bytes` can hold.
pub(super) fn decode(
    bytes: &[u8],
    rice: u32,
    lengths: impl IntoIterator<Item = u64>,
) -> Result<Vec<Vec<u64>>, RevocationSetError> {
    if rice > MAX_RICE {
        return Err(RevocationSetError::Rice(rice));
    }
    let mut bits = Reader { bytes, at: 0 };
    let lists = lengths.into_iter().map(|length| bits.list(length, rice)).collect::<Result<_, _>>()?;
    if bits.is_at_end() { Ok(lists) } else { Err(RevocationSetError::TrailingBits) }
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    used: usize,
}

impl Writer {
    fn push(&mut self, bit: bool) {
        if self.used.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (7 - self.used % 8);
        }
        self.used += 1;
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Reads `length` numbers of at least `rice + 1` bits each.
    fn list(&mut self, length: u64, rice: u32) -> Result<Vec<u64>, RevocationSetError> {
        let fits = self.remaining() / (rice as usize + 1);
        let length = usize::try_from(length).ok().filter(|length| *length <= fits);
        let length = length.ok_or(RevocationSetError::Truncated)?;
        let mut list = Vec::with_capacity(length);
        let mut before = 0_u64;
        for _ in 0..length {
            before = before.checked_add(self.difference(rice)?).ok_or(RevocationSetError::OutOfRange)?;
            list.push(before);
        }
        Ok(list)
    }

    fn difference(&mut self, rice: u32) -> Result<u64, RevocationSetError> {
        let mut high = 0_u64;
        while self.bit()? {
            high += 1;
        }
        let low = (0..rice).try_fold(0, |low, _| Ok(low << 1 | u64::from(self.bit()?)))?;
        Ok(high << rice | low)
    }

    fn bit(&mut self) -> Result<bool, RevocationSetError> {
        let byte = self.bytes.get(self.at / 8).ok_or(RevocationSetError::Truncated)?;
        let bit = byte >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        Ok(bit)
    }

    fn remaining(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// Whether only the zeros are left that fill the last byte.
    fn is_at_end(&self) -> bool {
        let left = self.remaining();
        left < 8 && self.bytes.last().is_none_or(|last| last & ((1 << left) - 1) == 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_the_bits_that_the_format_names() {
        // 3 = 0·4 + 3; 3 + 6 = 9, and 6 = 1·4 + 2; a second list begins at 0 again: 0.
        assert_eq!(encode(&[vec![3, 9], vec![0]], 2), [0b0111_0100, 0]);
        assert_eq!(decode(&[0b0111_0100, 0], 2, [2, 1]), Ok(vec![vec![3, 9], vec![0]]));
        assert!(encode(&[], 13).is_empty());
        assert_eq!(decode(&[], 13, []), Ok(vec![]));
    }

    #[test]
    fn refuses_other_bits_than_those_written() {
        for (bytes, rice, lengths, refusal) in [
            (&[0b0111_0100, 1][..], 2, [2, 1], RevocationSetError::TrailingBits),
            (&[0b0111_0100, 0, 0], 2, [2, 1], RevocationSetError::TrailingBits),
            (&[0b0111_0100, 0], 2, [2, 0], RevocationSetError::TrailingBits),
            (&[0b0111_0100], 2, [2, 1], RevocationSetError::Truncated),
            (&[0b1111_1111, 0xff], 2, [1, 0], RevocationSetError::Truncated),
            (&[0b0111_0100, 0], 2, [2, u64::MAX], RevocationSetError::Truncated),
            (&[0; 16], 41, [1, 1], RevocationSetError::Rice(41)),
            (&[0; 16], u32::MAX, [1, 1], RevocationSetError::Rice(u32::MAX)),
        ] {
            assert_eq!(decode(bytes, rice, lengths), Err(refusal), "{bytes:?} {lengths:?}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(
            rice in 0..=MAX_RICE,
            lists in prop::collection::vec(prop::collection::vec(any::<u64>(), 0..60), 0..9),
        ) {
            let sorted = |list: &Vec<u64>| {
                let range = (list.len() as u64) << rice;
                let mut list: Vec<_> = list.iter().map(|mark| crate::revocation::marks::scaled(*mark, range)).collect();
                list.sort_unstable();
                list
            };
            let lists: Vec<_> = lists.iter().map(sorted).collect();
            let bytes = encode(&lists, rice);
            prop_assert_eq!(decode(&bytes, rice, lists.iter().map(|list| list.len() as u64)), Ok(lists));
        }

        #[test]
        fn hostile_bits_are_read_as_nothing_longer_than_themselves(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            rice in any::<u32>().prop_map(|rice| rice % 64),
            lengths in prop::collection::vec(prop_oneof![0..40_u64, any::<u64>()], 0..4),
        ) {
            if let Ok(lists) = decode(&bytes, rice, lengths.iter().copied()) {
                let count: usize = lists.iter().map(Vec::len).sum();
                prop_assert!(count * (rice as usize + 1) <= bytes.len() * 8);
                prop_assert_eq!(encode(&lists, rice), bytes);
            }
        }
    }
}
