//! Values of WMS `FILTER`: refused, or written so that they are read as the same filters. However QGIS splits the text, each
//! part has one layer and a condition with balanced brackets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_gate::sql_filter::LayerFilters;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = str::from_utf8(data) else { return };
    let Ok(filters) = LayerFilters::parse(value) else { return };
    let written = filters.to_string();
    assert_eq!(LayerFilters::parse(&written).as_ref(), Ok(&filters));
    let parts: Vec<_> =
        written.split(';').map(|part| part.split_once(':').expect("a layer and a condition")).collect();
    assert!(parts.iter().map(|(layer, _)| *layer).eq(filters.layers()));
    for (_, condition) in parts {
        let (mut depth, mut quote) = (0_i32, None);
        for character in condition.chars() {
            match (quote, character) {
                (Some(open), _) if open == character => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(character),
                (None, '(') => depth += 1,
                (None, ')') => depth -= 1,
                (None, _) => {}
            }
            assert!(depth >= 0);
        }
        assert!(depth == 0 && quote.is_none());
        assert!(!condition.contains('\\') && !condition.contains("(<") && !condition.contains("()"));
    }
});
