//! The spellings of one request: the same parameters, written in every way that some reader takes for them.

use super::{
    attack::{Attack, Holder},
    request::Request,
    words::{all_encoded, encoded, escaped},
};

/// Names with their values, decoded.
pub(crate) type Parameters = Vec<(String, String)>;

/// A request by its parameters: the honest ones, and the sharp ones that are spelled.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) family: &'static str,
    pub(crate) what: String,
    /// Below the base, a query's `?` included.
    pub(crate) path: String,
    pub(crate) honest: Parameters,
    pub(crate) sharp: Parameters,
    /// The sharp ones whose condition does not hold, of an oracle.
    pub(crate) other: Option<Parameters>,
    pub(crate) holder: Holder,
}

/// How many spellings of an ask are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Much {
    /// Every one.
    All,
    /// The plain one, and this many others: which ones goes by the ask's place in its list.
    Some(usize),
}

/// Parameters out of a query that encodes nothing but what it must.
pub(crate) fn parameters(query: &str) -> Parameters {
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect()
}

impl Ask {
    /// A reader's, at alpha's own address.
    pub(crate) fn new(
        family: &'static str,
        what: impl Into<String>,
        honest: &str,
        sharp: Parameters,
    ) -> Self {
        Self {
            family,
            what: what.into(),
            path: "/ows/alpha/?".into(),
            honest: parameters(honest),
            sharp,
            other: None,
            holder: Holder::Reader,
        }
    }

    /// An oracle: with the parameters whose condition does not hold.
    pub(crate) fn against(mut self, other: Parameters) -> Self {
        self.other = Some(other);
        self
    }

    /// The attack in one spelling.
    fn spelled(&self, name: &str, spelling: Spelling) -> Attack {
        let request = |sharp: &Parameters| spelling(&self.path, &self.honest, sharp);
        Attack {
            family: self.family,
            what: self.what.clone(),
            spelling: name.to_owned(),
            holder: self.holder,
            request: request(&self.sharp),
            other: self.other.as_ref().map(request),
        }
    }
}

/// The attacks of `asks`, each in as many spellings; the three addresses of alpha take turns.
pub(crate) fn spelled(asks: &[Ask], alpha: &str, much: Much) -> Vec<Attack> {
    let addresses =
        ["/ows/alpha/?".to_owned(), "/ows/alpha?".into(), format!("/qgisserver?MAP={}&", encoded(alpha))];
    let mut attacks = Vec::new();
    for (at, ask) in asks.iter().enumerate() {
        let chosen: Vec<usize> = match much {
            Much::All => (0..SPELLINGS.len()).collect(),
            Much::Some(more) => std::iter::once(0)
                .chain((0..more).map(|n| 1 + (at * 7 + n * 13) % (SPELLINGS.len() - 1)))
                .collect(),
        };
        for (turn, spelling) in chosen.into_iter().enumerate() {
            let (name, spelling) = SPELLINGS[spelling];
            let mut ask = ask.clone();
            if ask.path == addresses[0] {
                ask.path = addresses[(at + turn) % 3].clone();
            }
            attacks.push(ask.spelled(name, spelling));
        }
    }
    attacks
}

type Spelling = fn(&str, &Parameters, &Parameters) -> Request;

/// All of them; the first is the plain one.
const SPELLINGS: [(&str, Spelling); 60] = [
    ("plain", |path, honest, sharp| get(path, &[pairs(honest), pairs(sharp)])),
    ("small letters", |path, honest, sharp| keyed(path, honest, sharp, |key| encoded(&key.to_lowercase()))),
    ("mixed letters", |path, honest, sharp| keyed(path, honest, sharp, mixed)),
    ("two colons before", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("::{}", encoded(key)))
    }),
    ("two encoded colons before", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("%3a%3A{}", encoded(key)))
    }),
    ("four colons before", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("::::{}", encoded(key)))
    }),
    ("a name and two colons before", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("QgsServerParameter::{}", encoded(key)))
    }),
    ("two colons before small letters", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("::{}", encoded(&key.to_lowercase())))
    }),
    ("the key's first letter encoded", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("{}{}", all_encoded(&key[..1]), encoded(&key[1..])))
    }),
    ("the key all encoded", |path, honest, sharp| keyed(path, honest, sharp, all_encoded)),
    ("the key encoded twice", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| all_encoded(key).replace('%', "%25"))
    }),
    ("a letter that folds", |path, honest, sharp| keyed(path, honest, sharp, |key| encoded(&folded(key)))),
    ("a raw letter that folds", |path, honest, sharp| keyed(path, honest, sharp, folded)),
    ("NUL after the key", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("{}%00", encoded(key)))
    }),
    ("NUL and more after the key", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("{}%00x", encoded(key)))
    }),
    ("a plus before the key", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("+{}", encoded(key)))
    }),
    ("a space after the key", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("{}%20", encoded(key)))
    }),
    ("a tab before the key", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("%09{}", encoded(key)))
    }),
    ("a zero-width mark before the key", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("%EF%BB%BF{}", encoded(key)))
    }),
    ("of a layout's map", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("MAP0:{}", encoded(key)))
    }),
    ("of a layout's map, small letters", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("map7%3A{}", encoded(&key.to_lowercase())))
    }),
    ("of a layout's map, two colons more", |path, honest, sharp| {
        keyed(path, honest, sharp, |key| format!("MAP1:::{}", encoded(key)))
    }),
    ("the values all encoded", |path, honest, sharp| get(path, &[pairs(honest), all(sharp)])),
    ("NUL after the values", |path, honest, sharp| {
        get(path, &[pairs(honest), each(sharp, |pair| format!("{pair}%00"))])
    }),
    ("plus for a space", |path, honest, sharp| get(path, &[pairs(honest), pairs(sharp).replace("%20", "+")])),
    ("before the others", |path, honest, sharp| get(path, &[pairs(sharp), pairs(honest)])),
    ("twice", |path, honest, sharp| get(path, &[pairs(sharp), pairs(honest), pairs(sharp)])),
    ("after an empty one", |path, honest, sharp| get(path, &[pairs(honest), emptied(sharp), pairs(sharp)])),
    ("before an empty one in small letters", |path, honest, sharp| {
        get(path, &[pairs(honest), pairs(sharp), emptied(sharp).to_lowercase()])
    }),
    ("after an empty one in small letters", |path, honest, sharp| {
        get(path, &[emptied(sharp).to_lowercase(), pairs(honest), pairs(sharp)])
    }),
    ("an empty one before two colons", |path, honest, sharp| {
        get(path, &[emptied(sharp), pairs(honest), each(sharp, |pair| format!("::{pair}"))])
    }),
    ("after two ampersands", |path, honest, sharp| get(path, &[pairs(honest), String::new(), pairs(sharp)])),
    ("after a semicolon", |path, honest, sharp| get(path, &[format!("{};{}", pairs(honest), pairs(sharp))])),
    ("after a second question mark", |path, honest, sharp| {
        get(path, &[format!("{}?", pairs(honest)), pairs(sharp)])
    }),
    ("after an encoded ampersand", |path, honest, sharp| {
        get(path, &[format!("{}%26{}", pairs(honest), pairs(sharp))])
    }),
    ("after a raw #", |path, honest, sharp| get(path, &[format!("{}#", pairs(honest)), pairs(sharp)])),
    ("before a raw #", |path, honest, sharp| get(path, &[pairs(honest), format!("{}#", pairs(sharp))])),
    ("in an absolute target", |path, honest, sharp| {
        Request::new(
            "GET",
            &format!("http://poziserver-riverbend.example/pozi{path}{}&{}", pairs(honest), pairs(sharp)),
        )
    }),
    ("by HEAD", |path, honest, sharp| by("HEAD", path, &[pairs(honest), pairs(sharp)])),
    ("by POST without a body", |path, honest, sharp| {
        by("POST", path, &[pairs(honest), pairs(sharp)]).header("Content-Length: 0")
    }),
    ("by an unknown method", |path, honest, sharp| by("BREW", path, &[pairs(honest), pairs(sharp)])),
    ("by OPTIONS", |path, honest, sharp| by("OPTIONS", path, &[pairs(honest), pairs(sharp)])),
    ("in a form beside the query", |path, honest, sharp| {
        form("POST", path, honest, sharp, "application/x-www-form-urlencoded")
    }),
    ("all in a form", |path, honest, sharp| {
        form("POST", path, &Vec::new(), &[&honest[..], sharp].concat(), "application/x-www-form-urlencoded")
    }),
    ("in a form of plain text", |path, honest, sharp| form("POST", path, honest, sharp, "text/plain")),
    ("in a form of no type", |path, honest, sharp| form("POST", path, honest, sharp, "")),
    ("in a form that is called XML", |path, honest, sharp| form("POST", path, honest, sharp, "text/xml")),
    ("in a form that is called JSON", |path, honest, sharp| {
        form("POST", path, honest, sharp, "application/json")
    }),
    ("in a form by PUT", |path, honest, sharp| {
        form("PUT", path, honest, sharp, "application/x-www-form-urlencoded")
    }),
    ("in a form by PATCH", |path, honest, sharp| {
        form("PATCH", path, honest, sharp, "application/x-www-form-urlencoded")
    }),
    ("in a form by GET", |path, honest, sharp| {
        form("GET", path, honest, sharp, "application/x-www-form-urlencoded")
    }),
    ("in a form that says it is a GET", |path, honest, sharp| {
        form("POST", path, honest, sharp, "text/plain").header("X-HTTP-Method-Override: GET")
    }),
    ("in a form of chunks", |path, honest, sharp| chunked(path, honest, sharp)),
    ("in a form of two lengths", |path, honest, sharp| {
        form("POST", path, honest, sharp, "text/plain")
            .header("Content-Length: 0")
            .header(&format!("Content-Length: {}", pairs(sharp).len()))
    }),
    ("in a form of two colons", |path, honest, sharp| {
        by("POST", path, &[pairs(honest)]).body("text/plain", each(sharp, |pair| format!("::{pair}")))
    }),
    ("in multipart", |path, honest, sharp| {
        by("POST", path, &[pairs(honest)]).body(
            "multipart/form-data; boundary=x",
            format!("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n&{}&\r\n--x--", pairs(sharp)),
        )
    }),
    ("in an XML root", |path, honest, sharp| xml(path, honest, sharp, "")),
    ("in an XML root, with a prefix", |path, honest, sharp| xml(path, honest, sharp, "x:")),
    ("in an XML root, encoded once more", |path, honest, sharp| {
        xml(path, honest, &sharp.iter().map(|(name, value)| (name.clone(), all_encoded(value))).collect(), "")
    }),
    ("in an XML root beside the query", |path, honest, sharp| {
        by("POST", path, &[pairs(honest)]).body("text/plain", root(honest, sharp, ""))
    }),
];

fn get(path: &str, parts: &[String]) -> Request {
    by("GET", path, parts)
}

fn by(method: &str, path: &str, parts: &[String]) -> Request {
    Request::new(method, &format!("/pozi{path}{}", parts.join("&")))
}

fn keyed(path: &str, honest: &Parameters, sharp: &Parameters, key: fn(&str) -> String) -> Request {
    let sharp: Vec<_> =
        sharp.iter().map(|(name, value)| format!("{}={}", key(name), encoded(value))).collect();
    get(path, &[pairs(honest), sharp.join("&")])
}

fn form(method: &str, path: &str, honest: &Parameters, sharp: &Parameters, kind: &str) -> Request {
    by(method, path, &[pairs(honest)]).body(kind, pairs(sharp))
}

fn chunked(path: &str, honest: &Parameters, sharp: &Parameters) -> Request {
    let form = pairs(sharp);
    let body = format!("{:x}\r\n{form}\r\n0\r\n\r\n", form.len());
    by("POST", path, &[pairs(honest)]).body("text/plain", body).header("Transfer-Encoding: chunked")
}

fn xml(path: &str, honest: &Parameters, sharp: &Parameters, prefix: &str) -> Request {
    by("POST", path, &[]).body("text/xml", root(honest, sharp, prefix))
}

/// An element named as the operation, with all parameters as attributes; the sharp ones with a prefix.
fn root(honest: &Parameters, sharp: &Parameters, prefix: &str) -> String {
    let is_request = |(name, _): &&(String, String)| name == "REQUEST";
    let operation = sharp.iter().chain(honest).find(is_request).map_or("GetMap", |(_, value)| value);
    let attribute =
        |prefix: &str, (name, value): &(String, String)| format!(" {prefix}{name}=\"{}\"", escaped(value));
    let honest: String =
        honest.iter().filter(|pair| !is_request(pair)).map(|pair| attribute("", pair)).collect();
    let sharp: String =
        sharp.iter().filter(|pair| !is_request(pair)).map(|pair| attribute(prefix, pair)).collect();
    let type_name = "<Query typeName=\"places\"/>";
    format!("<{operation} xmlns:x=\"http://www.opengis.net/ows\"{honest}{sharp}>{type_name}</{operation}>")
}

fn pairs(parameters: &[(String, String)]) -> String {
    each(parameters, |pair| pair)
}

fn each(parameters: &[(String, String)], write: fn(String) -> String) -> String {
    let pairs = parameters.iter().map(|(name, value)| write(format!("{}={}", encoded(name), encoded(value))));
    pairs.collect::<Vec<_>>().join("&")
}

fn all(parameters: &Parameters) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), all_encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn emptied(parameters: &Parameters) -> String {
    parameters.iter().map(|(name, _)| format!("{}=", encoded(name))).collect::<Vec<_>>().join("&")
}

fn mixed(key: &str) -> String {
    let letters = key.chars().enumerate();
    encoded(
        &letters
            .map(|(at, letter)| if at % 2 == 0 { letter.to_ascii_lowercase() } else { letter })
            .collect::<String>(),
    )
}

/// The key with a letter outside ASCII whose capital is the letter that it stands for.
fn folded(key: &str) -> String {
    let (key, folds) = (
        key.to_uppercase(),
        [
            ("ST", "\u{fb06}"),
            ("FI", "\u{fb01}"),
            ("FL", "\u{fb02}"),
            ("S", "\u{17f}"),
            ("K", "\u{212a}"),
            ("I", "\u{131}"),
        ],
    );
    let fold = folds.into_iter().find(|(letters, _)| key.contains(letters));
    fold.map_or(key.clone(), |(letters, fold)| key.replacen(letters, fold, 1))
}
