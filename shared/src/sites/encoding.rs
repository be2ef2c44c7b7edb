//! The encoding of a site file: UTF-8, with or without a byte order mark.

/// Decodes `bytes`. The error has the line, if it is known, and says what to do.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, (Option<usize>, String)> {
    let fix = "save the file as UTF-8";
    // ASCII in UTF-16 has a zero in every second byte.
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(4).any(|byte| *byte == 0)
    {
        let message = format!(
            "the file is UTF-16, as Notepad's \"Unicode\" and an older PowerShell's `>` write it; {fix}"
        );
        return Err((None, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let (before, after) = error.as_bytes().split_at(valid);
        let line = 1 + str::from_utf8(before).unwrap_or_default().matches('\n').count();
        let byte = after.first().copied().unwrap_or_default();
        (Some(line), format!("the byte 0x{byte:02X} is not UTF-8; {fix}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_encoding_a_file_has_instead() {
        let text = "name = \"riverbend\"\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        // A mark, and a letter without a zero.
        let marked = [b"\xff\xfe\x42\x30".to_vec(), b"\xfe\xff\x30\x42".to_vec()];
        let all = [[&[0xff, 0xfe], &little[..]].concat(), [&[0xfe, 0xff], &big[..]].concat(), little, big];
        for bytes in all.into_iter().chain(marked) {
            let (line, message) = decode(bytes).unwrap_err();
            assert!(line.is_none() && message.starts_with("the file is UTF-16"), "{message}");
        }
        let latin_1 = [text.as_bytes(), b"# \xe9t\xe9\n"].concat();
        let expected = (Some(2), "the byte 0xE9 is not UTF-8; save the file as UTF-8".to_owned());
        assert_eq!(decode(latin_1), Err(expected));
        assert_eq!(decode(text.as_bytes().to_vec()).as_deref(), Ok(text));
    }
}
