//! Hashes as they are written into logs and headers.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// The SHA-256 of `bytes` in lower-case hex, as `sha256sum` prints it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let halves = |byte: &u8| [byte >> 4, byte & 0xf].map(|half| DIGITS[usize::from(half)]);
    let mut hex = String::with_capacity(2 * SHA256_OUTPUT_LEN);
    hex.extend(digest(&SHA256, bytes).as_ref().iter().flat_map(halves));
    hex
}

#[cfg(test)]
mod tests {
    /// The one-block example of FIPS 180-4.
    #[test]
    fn writes_a_hash_as_sha256sum_does() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::sha256_hex(b"abc"), expected);
    }
}
