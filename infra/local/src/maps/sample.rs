//! The map of a catalogue: an invented place, a banner with the catalogue's title, and a note on what it is, as `GeoJSON`.
//! The same catalogue is always the same place.

use pozi_auth::sites::Catalogue;
use serde_json::Value;

use super::{
    colour::{Colour, WHITE},
    land::{BEYOND, LETTERS, Land},
    sheet::{Label, Line, Sheet},
    view::{EAST, NORTH, SOUTH, WEST},
};

/// The height of the banner at the upper edge.
const BANNER: f64 = 104.0;

/// The map of `catalogue` at the site `site`, in its own colour `own`.
pub(super) fn map_of(site: &str, catalogue: &Catalogue, own: Colour) -> Value {
    let mut sheet = Sheet::default();
    Land::seeded(catalogue.id.as_str()).draw(&mut sheet, own);
    banner(&mut sheet, &catalogue.title, own);
    note(&mut sheet, &format!("{site} / {}: an invented place", catalogue.id));
    sheet.finish()
}

/// The title, as large as fits. It is drawn last, over everything.
fn banner(sheet: &mut Sheet, title: &str, own: Colour) {
    const MOST: usize = 48;
    let height = NORTH - BANNER / 2.0;
    sheet.line(
        &[(WEST - BEYOND, height - 5.0), (EAST + BEYOND, height - 5.0)],
        Line { width: BANNER, fill: WHITE },
    );
    sheet.line(&[(WEST - BEYOND, height), (EAST + BEYOND, height)], Line { width: BANNER, fill: own });
    let mut text: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect();
    if title.chars().count() > MOST {
        text.push('…');
    }
    let size = f64::min(54.0, 54.0 * (EAST - 60.0) / text_width(&text, 54.0));
    let label = Label { text: &text, size, fill: WHITE, halo: own };
    sheet.heading((f64::midpoint(WEST, EAST), height), label);
}

/// A line of small letters on a plate in the lower left corner.
fn note(sheet: &mut Sheet, text: &str) {
    const SIZE: f64 = 18.0;
    let (width, height) = (text_width(text, SIZE), SOUTH + 16.0);
    sheet.line(&[(WEST - BEYOND, height), (WEST + width, height)], Line { width: 32.0, fill: WHITE });
    let label = Label { text, size: SIZE, fill: LETTERS, halo: WHITE };
    sheet.label((WEST + 6.0 + width / 2.0, height), label);
}

/// About how wide a text is, for a size of letters.
fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|_| size * 0.64).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pozi_auth::sites::Site;

    use super::*;
    use crate::samples;

    fn catalogue(id: &str, title: &str) -> Catalogue {
        let mut site = Site::parse(&samples::site_files()[0].text).unwrap();
        let mut catalogue = site.catalogues.remove(0);
        catalogue.id = id.parse().unwrap();
        catalogue.title = title.to_owned();
        catalogue
    }

    fn map(id: &str, title: &str) -> Value {
        map_of("riverbend", &catalogue(id, title), Colour::own(0))
    }

    /// The texts, and the size of each one's letters.
    fn texts(map: &Value) -> Vec<(String, f64)> {
        let features = map["features"].as_array().unwrap();
        let points = features.iter().filter(|feature| feature["geometry"]["type"] == "Point");
        let text = |feature: &Value| {
            let properties = &feature["properties"];
            (properties["text"].as_str().unwrap().to_owned(), properties["size"].as_f64().unwrap())
        };
        points.map(text).collect()
    }

    #[test]
    fn a_catalogue_is_always_the_same_place_and_no_others() {
        assert_eq!(map("planning", "Planning"), map("planning", "Planning"));
        let places: BTreeSet<_> = (0..60).map(|index| map(&format!("c{index}"), "").to_string()).collect();
        assert_eq!(places.len(), 60);
    }

    #[test]
    fn a_title_is_data_whatever_is_in_it_and_fits_into_the_banner() {
        let wide = "W".repeat(300);
        for (title, drawn) in [
            ("Parks", "Parks"),
            ("<b>&\"'[% 1+1 %]</b>", "<b>&\"'[% 1+1 %]</b>"),
            ("two\nlines\u{0}", "two lines "),
            (&wide, &format!("{}…", &wide[..48])),
        ] {
            let texts = texts(&map("parks", title));
            let (_, size) = texts.iter().find(|(text, _)| text == drawn).unwrap();
            assert!(text_width(drawn, *size) < EAST - 59.0, "{drawn}: {size}");
            assert!(*size > 20.0, "{drawn}: {size}");
        }
    }

    #[test]
    fn every_place_has_ground_in_the_catalogues_own_colour() {
        for index in 0..60 {
            let map = map(&format!("c{index}"), "A");
            let own = Colour::own(0).to_string();
            let features = map["features"].as_array().unwrap();
            let parcels = features.iter().filter(|feature| feature["geometry"]["type"] == "Polygon");
            assert!(parcels.filter(|parcel| parcel["properties"]["fill"] == *own).count() > 10, "{index}");
        }
    }
}
