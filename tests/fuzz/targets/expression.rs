//! Values of `EXP_FILTER`: refused, or written so that they are read as the same expression, without comments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_gate::expression::Expression;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(mut expression) = Expression::parse(text) else { return };
    let written = expression.to_string();
    assert_eq!(Expression::parse(&written).as_ref(), Ok(&expression));
    let bare = unquoted(&written);
    assert!(
        !bare.contains("--") && !bare.contains("/*") && !bare.contains("()") && !bare.contains(['@', ';'])
    );
    assert!(bare.is_ascii());
    let fields = expression.fields().count();
    assert_eq!(expression.resolve_fields(&|_| Some("a \"b\"".to_owned())), Ok(()));
    let resolved =
        Expression::parse(&expression.to_string()).expect("an expression with resolved fields is read");
    assert!(resolved.fields().all(|field| field == "a \"b\"") && resolved.fields().count() == fields);
});

/// Returns `text` with `?` in place of quoted text.
fn unquoted(text: &str) -> String {
    let mut inside = None;
    let mut rest = String::new();
    for character in text.chars() {
        match inside {
            Some(quote) if character == quote => inside = None,
            Some(_) => {}
            None if matches!(character, '\'' | '"') => {
                inside = Some(character);
                rest.push('?');
            }
            None => rest.push(character),
        }
    }
    rest
}
