//! The colours of a picture.

use std::collections::BTreeSet;

/// Returns the colours of a PNG's visible pixels; none if `bytes` are not a PNG.
pub(crate) fn colours(bytes: &[u8]) -> BTreeSet<[u8; 3]> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let Ok(mut reader) = decoder.read_info() else { return BTreeSet::new() };
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    if reader.next_frame(&mut pixels).is_err() {
        return BTreeSet::new();
    }
    let mut pixels: Vec<_> = pixels.chunks_exact(4).filter(|pixel| pixel[3] > 0).collect();
    // Before the slow set: pictures have large areas of one colour.
    pixels.dedup();
    pixels.into_iter().map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
}
