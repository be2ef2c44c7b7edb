//! The spellings: ways to write hostile parameters beside usual ones.

use super::{
    fixture::{all_encoded, encoded, escaped},
    probe::Parameters,
    request::Request,
};

type Key = fn(&str) -> String;
type Query = fn(&str, &Hostile) -> String;
type Whole = fn(&str, &Parameters, &Parameters) -> Request;

/// A way to write a request.
pub(crate) enum Spelling {
    /// The hostile parameters last in the query, with their keys rewritten.
    Key(Key),
    /// A query made of the usual and the hostile parameters.
    Query(Query),
    /// The plain query with another method.
    Method(&'static str),
    /// The usual parameters in the query, the hostile ones in a form with this method and content type.
    Form(&'static str, &'static str),
    /// Any other request made of a path, the usual and the hostile parameters.
    Whole(Whole),
}

/// The hostile parameters, written in several ways.
pub(crate) struct Hostile {
    plain: String,
    /// With every byte of the values encoded.
    encoded: String,
    /// Without values.
    empty: String,
    /// With two colons before each key.
    colons: String,
    /// With a NUL after each value.
    nul: String,
}

impl Spelling {
    /// All spellings with their names; the plain one is first.
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        let queries = QUERIES.map(|(name, write)| (name, Self::Query(write)));
        let keys = KEYS.map(|(name, write)| (name, Self::Key(write)));
        let methods =
            ["HEAD", "POST", "PUT", "OPTIONS", "BREW", "get"].map(|method| (method, Self::Method(method)));
        let forms = FORMS.map(|(method, kind)| ("in a form", Self::Form(method, kind)));
        let wholes = WHOLES.map(|(name, write)| (name, Self::Whole(write)));
        queries.into_iter().chain(keys).chain(methods).chain(forms).chain(wholes).collect()
    }

    /// Returns the request in this spelling.
    pub(crate) fn request(&self, path: &str, usual: &Parameters, hostile: &Parameters) -> Request {
        let by = |method: &str, query: &str| Request::new(method, &format!("/pozi{path}{query}"));
        match self {
            Self::Key(write) => {
                let pair = |(name, value): &(String, String)| format!("{}={}", write(name), encoded(value));
                let hostile: Vec<_> = hostile.iter().map(pair).collect();
                by("GET", &format!("{}&{}", pairs(usual), hostile.join("&")))
            }
            Self::Query(write) => by("GET", &write(&pairs(usual), &Hostile::of(hostile))),
            Self::Method(method) => by(method, &format!("{}&{}", pairs(usual), pairs(hostile))),
            Self::Form(method, kind) => by(method, &pairs(usual)).body(kind, pairs(hostile)),
            Self::Whole(write) => write(path, usual, hostile),
        }
    }
}

const QUERIES: [(&str, Query); 16] = [
    ("plain", |usual, hostile| format!("{usual}&{}", hostile.plain)),
    ("the values fully encoded", |usual, hostile| format!("{usual}&{}", hostile.encoded)),
    ("NUL after the values", |usual, hostile| format!("{usual}&{}", hostile.nul)),
    ("plus for a space", |usual, hostile| format!("{usual}&{}", hostile.plain.replace("%20", "+"))),
    ("before the others", |usual, hostile| format!("{}&{usual}", hostile.plain)),
    ("twice", |usual, hostile| format!("{0}&{usual}&{0}", hostile.plain)),
    ("after an empty one", |usual, hostile| format!("{usual}&{}&{}", hostile.empty, hostile.plain)),
    ("before an empty one in small letters", |usual, hostile| {
        format!("{usual}&{}&{}", hostile.plain, hostile.empty.to_lowercase())
    }),
    ("after an empty one in small letters", |usual, hostile| {
        format!("{}&{usual}&{}", hostile.empty.to_lowercase(), hostile.plain)
    }),
    ("an empty one before two colons", |usual, hostile| {
        format!("{}&{usual}&{}", hostile.empty, hostile.colons)
    }),
    ("after two ampersands", |usual, hostile| format!("{usual}&&{}", hostile.plain)),
    ("after a semicolon", |usual, hostile| format!("{usual};{}", hostile.plain)),
    ("after a second question mark", |usual, hostile| format!("{usual}?&{}", hostile.plain)),
    ("after an encoded ampersand", |usual, hostile| format!("{usual}%26{}", hostile.plain)),
    ("after a raw #", |usual, hostile| format!("{usual}#&{}", hostile.plain)),
    ("before a raw #", |usual, hostile| format!("{usual}&{}#", hostile.plain)),
];

const KEYS: [(&str, Key); 21] = [
    ("lower case", |key| encoded(&key.to_lowercase())),
    ("mixed case", mixed),
    ("two colons before", |key| format!("::{}", encoded(key))),
    ("two encoded colons before", |key| format!("%3a%3A{}", encoded(key))),
    ("four colons before", |key| format!("::::{}", encoded(key))),
    ("a name and two colons before", |key| format!("QgsServerParameter::{}", encoded(key))),
    ("two colons before lower case", |key| format!("::{}", encoded(&key.to_lowercase()))),
    ("the key's first letter encoded", |key| format!("{}{}", all_encoded(&key[..1]), encoded(&key[1..]))),
    ("the key fully encoded", all_encoded),
    ("the key encoded twice", |key| all_encoded(key).replace('%', "%25")),
    ("a letter that folds", |key| encoded(&folded(key))),
    ("a raw letter that folds", folded),
    ("NUL after the key", |key| format!("{}%00", encoded(key))),
    ("NUL and more after the key", |key| format!("{}%00x", encoded(key))),
    ("a plus before the key", |key| format!("+{}", encoded(key))),
    ("a space after the key", |key| format!("{}%20", encoded(key))),
    ("a tab before the key", |key| format!("%09{}", encoded(key))),
    ("a byte order mark before the key", |key| format!("%EF%BB%BF{}", encoded(key))),
    ("a parameter of a layout's map", |key| format!("MAP0:{}", encoded(key))),
    ("a parameter of a layout's map, lower case", |key| format!("map7%3A{}", encoded(&key.to_lowercase()))),
    ("a parameter of a layout's map, two more colons", |key| format!("MAP1:::{}", encoded(key))),
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
    ("in an absolute target", |path, usual, hostile| {
        let target =
            format!("http://poziserver-riverbend.example/pozi{path}{}&{}", pairs(usual), pairs(hostile));
        Request::new("GET", &target)
    }),
    ("all in a form", |path, usual, hostile| {
        let form = format!("{}&{}", pairs(usual), pairs(hostile));
        post(path, &Vec::new()).body("application/x-www-form-urlencoded", form)
    }),
    ("in a form that claims to be a GET", |path, usual, hostile| {
        post(path, usual).body("text/plain", pairs(hostile)).header("X-HTTP-Method-Override: GET")
    }),
    ("in a chunked form", |path, usual, hostile| {
        let form = pairs(hostile);
        let body = format!("{:x}\r\n{form}\r\n0\r\n\r\n", form.len());
        post(path, usual).body("text/plain", body).header("Transfer-Encoding: chunked")
    }),
    ("in a form with two lengths", |path, usual, hostile| {
        let form = pairs(hostile);
        let lengths = ["Content-Length: 0".to_owned(), format!("Content-Length: {}", form.len())];
        post(path, usual).body("text/plain", form).header(&lengths[0]).header(&lengths[1])
    }),
    ("in a form with two colons", |path, usual, hostile| {
        post(path, usual).body("text/plain", Hostile::of(hostile).colons)
    }),
    ("in multipart", |path, usual, hostile| {
        let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        post(path, usual)
            .body("multipart/form-data; boundary=x", format!("{part}&{}&\r\n--x--", pairs(hostile)))
    }),
    ("in an XML root", |path, usual, hostile| {
        post(path, &Vec::new()).body("text/xml", root(usual, hostile, ""))
    }),
    ("in an XML root, with a prefix", |path, usual, hostile| {
        post(path, &Vec::new()).body("text/xml", root(usual, hostile, "x:"))
    }),
    ("in an XML root, encoded once more", |path, usual, hostile| {
        let hostile = hostile.iter().map(|(name, value)| (name.clone(), all_encoded(value))).collect();
        post(path, &Vec::new()).body("text/xml", root(usual, &hostile, ""))
    }),
    ("in an XML root beside the query", |path, usual, hostile| {
        post(path, usual).body("text/plain", root(usual, hostile, ""))
    }),
];

fn post(path: &str, usual: &Parameters) -> Request {
    Request::new("POST", &format!("/pozi{path}{}", pairs(usual)))
}

/// Returns an XML element named after the operation, with all parameters as attributes, the hostile ones with `prefix`.
fn root(usual: &Parameters, hostile: &Parameters, prefix: &str) -> String {
    let is_request = |(name, _): &&(String, String)| name == "REQUEST";
    let operation = hostile.iter().chain(usual).find(is_request).map_or("GetMap", |(_, value)| value);
    let attributes = |prefix: &str, parameters: &Parameters| -> Vec<String> {
        let others = parameters.iter().filter(|pair| !is_request(pair));
        others.map(|(name, value)| format!(" {prefix}{name}=\"{}\"", escaped(value))).collect()
    };
    let (usual, hostile) = (attributes("", usual).concat(), attributes(prefix, hostile).concat());
    let query = "<Query typeName=\"places\"/>";
    format!("<{operation} xmlns:x=\"http://www.opengis.net/ows\"{usual}{hostile}>{query}</{operation}>")
}

impl Hostile {
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

/// Replaces a letter of the key by one outside ASCII whose upper case is that letter.
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
