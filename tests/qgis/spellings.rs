//! Every way to write sharp parameters beside honest ones.

use super::{
    request::Request,
    spell::Parameters,
    words::{all_encoded, encoded, escaped},
};

type Key = fn(&str) -> String;
type Query = fn(&str, &Sharp) -> String;
type Whole = fn(&str, &Parameters, &Parameters) -> Request;

/// One way to write a request.
pub(crate) enum Spelling {
    /// The sharp parameters last in the query, each key written anew.
    Key(Key),
    /// A query of the honest parameters and the sharp ones.
    Query(Query),
    /// The plain query by another method.
    Method(&'static str),
    /// The honest parameters in the query, the sharp ones in a form of this method and content type.
    Form(&'static str, &'static str),
    /// Anything else, of a path, the honest parameters and the sharp ones.
    Whole(Whole),
}

/// The sharp parameters, written in several ways.
pub(crate) struct Sharp {
    plain: String,
    /// The values encoded to the last byte.
    encoded: String,
    /// Without their values.
    empty: String,
    /// With two colons before each key.
    colons: String,
    /// With a NUL after each value.
    nul: String,
}

impl Spelling {
    /// All of them with their names; the first is the plain one.
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        let queries = QUERIES.map(|(name, write)| (name, Self::Query(write)));
        let keys = KEYS.map(|(name, write)| (name, Self::Key(write)));
        let methods =
            ["HEAD", "POST", "PUT", "OPTIONS", "BREW", "get"].map(|method| (method, Self::Method(method)));
        let forms = FORMS.map(|(method, kind)| ("in a form", Self::Form(method, kind)));
        let wholes = WHOLES.map(|(name, write)| (name, Self::Whole(write)));
        queries.into_iter().chain(keys).chain(methods).chain(forms).chain(wholes).collect()
    }

    /// The request in this spelling.
    pub(crate) fn request(&self, path: &str, honest: &Parameters, sharp: &Parameters) -> Request {
        let by = |method: &str, query: &str| Request::new(method, &format!("/pozi{path}{query}"));
        match self {
            Self::Key(write) => {
                let pair = |(name, value): &(String, String)| format!("{}={}", write(name), encoded(value));
                let sharp: Vec<_> = sharp.iter().map(pair).collect();
                by("GET", &format!("{}&{}", pairs(honest), sharp.join("&")))
            }
            Self::Query(write) => by("GET", &write(&pairs(honest), &Sharp::of(sharp))),
            Self::Method(method) => by(method, &format!("{}&{}", pairs(honest), pairs(sharp))),
            Self::Form(method, kind) => by(method, &pairs(honest)).body(kind, pairs(sharp)),
            Self::Whole(write) => write(path, honest, sharp),
        }
    }
}

const QUERIES: [(&str, Query); 16] = [
    ("plain", |honest, sharp| format!("{honest}&{}", sharp.plain)),
    ("the values all encoded", |honest, sharp| format!("{honest}&{}", sharp.encoded)),
    ("NUL after the values", |honest, sharp| format!("{honest}&{}", sharp.nul)),
    ("plus for a space", |honest, sharp| format!("{honest}&{}", sharp.plain.replace("%20", "+"))),
    ("before the others", |honest, sharp| format!("{}&{honest}", sharp.plain)),
    ("twice", |honest, sharp| format!("{0}&{honest}&{0}", sharp.plain)),
    ("after an empty one", |honest, sharp| format!("{honest}&{}&{}", sharp.empty, sharp.plain)),
    ("before an empty one in small letters", |honest, sharp| {
        format!("{honest}&{}&{}", sharp.plain, sharp.empty.to_lowercase())
    }),
    ("after an empty one in small letters", |honest, sharp| {
        format!("{}&{honest}&{}", sharp.empty.to_lowercase(), sharp.plain)
    }),
    ("an empty one before two colons", |honest, sharp| format!("{}&{honest}&{}", sharp.empty, sharp.colons)),
    ("after two ampersands", |honest, sharp| format!("{honest}&&{}", sharp.plain)),
    ("after a semicolon", |honest, sharp| format!("{honest};{}", sharp.plain)),
    ("after a second question mark", |honest, sharp| format!("{honest}?&{}", sharp.plain)),
    ("after an encoded ampersand", |honest, sharp| format!("{honest}%26{}", sharp.plain)),
    ("after a raw #", |honest, sharp| format!("{honest}#&{}", sharp.plain)),
    ("before a raw #", |honest, sharp| format!("{honest}&{}#", sharp.plain)),
];

const KEYS: [(&str, Key); 21] = [
    ("small letters", |key| encoded(&key.to_lowercase())),
    ("mixed letters", mixed),
    ("two colons before", |key| format!("::{}", encoded(key))),
    ("two encoded colons before", |key| format!("%3a%3A{}", encoded(key))),
    ("four colons before", |key| format!("::::{}", encoded(key))),
    ("a name and two colons before", |key| format!("QgsServerParameter::{}", encoded(key))),
    ("two colons before small letters", |key| format!("::{}", encoded(&key.to_lowercase()))),
    ("the key's first letter encoded", |key| format!("{}{}", all_encoded(&key[..1]), encoded(&key[1..]))),
    ("the key all encoded", all_encoded),
    ("the key encoded twice", |key| all_encoded(key).replace('%', "%25")),
    ("a letter that folds", |key| encoded(&folded(key))),
    ("a raw letter that folds", folded),
    ("NUL after the key", |key| format!("{}%00", encoded(key))),
    ("NUL and more after the key", |key| format!("{}%00x", encoded(key))),
    ("a plus before the key", |key| format!("+{}", encoded(key))),
    ("a space after the key", |key| format!("{}%20", encoded(key))),
    ("a tab before the key", |key| format!("%09{}", encoded(key))),
    ("a mark of no width before the key", |key| format!("%EF%BB%BF{}", encoded(key))),
    ("of a layout's map", |key| format!("MAP0:{}", encoded(key))),
    ("of a layout's map, small letters", |key| format!("map7%3A{}", encoded(&key.to_lowercase()))),
    ("of a layout's map, two colons more", |key| format!("MAP1:::{}", encoded(key))),
];

const FORMS: [(&str, &str); 9] = [
    ("POST", "application/x-www-form-urlencoded"),
    ("POST", "text/plain"),
    ("POST", ""),
    ("POST", "text/xml"),
    ("POST", "application/json"),
    ("PUT", "application/x-www-form-urlencoded"),
    ("PATCH", "application/x-www-form-urlencoded"),
    ("GET", "application/x-www-form-urlencoded"),
    ("DELETE", "text/plain"),
];

const WHOLES: [(&str, Whole); 11] = [
    ("in an absolute target", |path, honest, sharp| {
        let target =
            format!("http://poziserver-riverbend.example/pozi{path}{}&{}", pairs(honest), pairs(sharp));
        Request::new("GET", &target)
    }),
    ("all in a form", |path, honest, sharp| {
        let form = format!("{}&{}", pairs(honest), pairs(sharp));
        post(path, &Vec::new()).body("application/x-www-form-urlencoded", form)
    }),
    ("in a form that says it is a GET", |path, honest, sharp| {
        post(path, honest).body("text/plain", pairs(sharp)).header("X-HTTP-Method-Override: GET")
    }),
    ("in a form of chunks", |path, honest, sharp| {
        let form = pairs(sharp);
        let body = format!("{:x}\r\n{form}\r\n0\r\n\r\n", form.len());
        post(path, honest).body("text/plain", body).header("Transfer-Encoding: chunked")
    }),
    ("in a form of two lengths", |path, honest, sharp| {
        let form = pairs(sharp);
        let lengths = ["Content-Length: 0".to_owned(), format!("Content-Length: {}", form.len())];
        post(path, honest).body("text/plain", form).header(&lengths[0]).header(&lengths[1])
    }),
    ("in a form of two colons", |path, honest, sharp| {
        post(path, honest).body("text/plain", Sharp::of(sharp).colons)
    }),
    ("in multipart", |path, honest, sharp| {
        let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        post(path, honest)
            .body("multipart/form-data; boundary=x", format!("{part}&{}&\r\n--x--", pairs(sharp)))
    }),
    ("in an XML root", |path, honest, sharp| {
        post(path, &Vec::new()).body("text/xml", root(honest, sharp, ""))
    }),
    ("in an XML root, with a prefix", |path, honest, sharp| {
        post(path, &Vec::new()).body("text/xml", root(honest, sharp, "x:"))
    }),
    ("in an XML root, encoded once more", |path, honest, sharp| {
        let sharp = sharp.iter().map(|(name, value)| (name.clone(), all_encoded(value))).collect();
        post(path, &Vec::new()).body("text/xml", root(honest, &sharp, ""))
    }),
    ("in an XML root beside the query", |path, honest, sharp| {
        post(path, honest).body("text/plain", root(honest, sharp, ""))
    }),
];

fn post(path: &str, honest: &Parameters) -> Request {
    Request::new("POST", &format!("/pozi{path}{}", pairs(honest)))
}

/// An element named as the operation, with all parameters as attributes; the sharp ones with a prefix.
fn root(honest: &Parameters, sharp: &Parameters, prefix: &str) -> String {
    let is_request = |(name, _): &&(String, String)| name == "REQUEST";
    let operation = sharp.iter().chain(honest).find(is_request).map_or("GetMap", |(_, value)| value);
    let attributes = |prefix: &str, parameters: &Parameters| -> Vec<String> {
        let others = parameters.iter().filter(|pair| !is_request(pair));
        others.map(|(name, value)| format!(" {prefix}{name}=\"{}\"", escaped(value))).collect()
    };
    let (honest, sharp) = (attributes("", honest).concat(), attributes(prefix, sharp).concat());
    let query = "<Query typeName=\"places\"/>";
    format!("<{operation} xmlns:x=\"http://www.opengis.net/ows\"{honest}{sharp}>{query}</{operation}>")
}

impl Sharp {
    fn of(parameters: &Parameters) -> Self {
        let each = |write: fn(&str, &str) -> String| {
            let pairs = parameters.iter().map(|(name, value)| write(&encoded(name), value));
            pairs.collect::<Vec<_>>().join("&")
        };
        Self {
            plain: pairs(parameters),
            encoded: each(|name, value| format!("{name}={}", all_encoded(value))),
            empty: each(|name, _| format!("{name}=")),
            colons: each(|name, value| format!("::{name}={}", encoded(value))),
            nul: each(|name, value| format!("{name}={}%00", encoded(value))),
        }
    }
}

fn pairs(parameters: &[(String, String)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn mixed(key: &str) -> String {
    let letter = |(at, letter): (usize, char)| if at % 2 == 0 { letter.to_ascii_lowercase() } else { letter };
    encoded(&key.chars().enumerate().map(letter).collect::<String>())
}

/// The key with a letter outside ASCII whose capital is the letter that it stands for.
fn folded(key: &str) -> String {
    const FOLDS: [(&str, &str); 6] = [
        ("ST", "\u{fb06}"),
        ("FI", "\u{fb01}"),
        ("FL", "\u{fb02}"),
        ("S", "\u{17f}"),
        ("K", "\u{212a}"),
        ("I", "\u{131}"),
    ];
    let key = key.to_uppercase();
    let fold = FOLDS.into_iter().find(|(letters, _)| key.contains(letters));
    fold.map_or(key.clone(), |(letters, fold)| key.replacen(letters, fold, 1))
}
