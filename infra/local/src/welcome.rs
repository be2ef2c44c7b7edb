//! What is printed at the start: where things are, and lines to paste into another terminal.

use std::fmt::Write as _;

use pozi_auth::oauth::GRANT_TYPE;
use url::Url;

use crate::args::Args;

/// The query of a map of a sample project.
const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,roads,trees,sign&STYLES=&CRS=EPSG:3857&BBOX=0,0,1200,800&WIDTH=600&HEIGHT=400&FORMAT=image/png";

/// What the text is about.
pub(crate) struct Welcome<'a> {
    /// Where the service is.
    pub(crate) base: &'a str,
    /// Where the emulated Entra is, over https.
    pub(crate) tenant: &'a Url,
    /// The sites' names.
    pub(crate) sites: &'a [String],
    /// Whether QGIS Server is there.
    pub(crate) draws: bool,
}

impl Welcome<'_> {
    /// The text, for a service started with `args`.
    pub(crate) fn text(&self, args: &Args) -> String {
        let (places, exchange, gate) = (self.places(args), self.exchange(), self.gate());
        format!(
            "Pozi's token exchange, on this machine only. Ctrl-C ends it.\n\n{places}\n{exchange}\n{gate}\n"
        )
    }

    /// The first site, which the examples are about.
    fn site(&self) -> &str {
        self.sites.first().map_or("", String::as_str)
    }

    fn places(&self, args: &Args) -> String {
        let (base, site) = (self.base, self.site());
        let origin = args.sites.as_ref().map_or("the samples".into(), |folder| folder.display().to_string());
        let drawn = if self.draws { "by QGIS Server" } else { "502: QGIS Server is not installed" };
        let mut text = String::new();
        for (what, place) in [
            ("page", format!("     {base}/")),
            ("token endpoint", format!("POST {base}/oauth2/token")),
            ("keys", format!("GET  {base}/.well-known/jwks.json")),
            ("metadata", format!("GET  {base}/.well-known/oauth-authorization-server")),
            ("emulated Entra", format!("GET  {base}/entra/people")),
            ("", format!("     {}, for MSAL.js", self.tenant)),
            ("its levers", format!("POST {base}/entra/levers/{{roll,slow,down,rubbish,well,brief}}")),
            ("maps", format!("GET  {base}/{{site}}/pozi/ows/{{catalogue}}/ ({drawn})")),
            ("gate", format!("GET  {base}/gate/decide, for other backends of {site}")),
            ("sites", format!("{} ({origin})", self.sites.join(", "))),
            (
                "signing keys",
                format!("{}, a new one signs every {} s", args.key_ring().display(), args.rotate_every),
            ),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {what:<15} {place}");
        }
        text
    }

    fn exchange(&self) -> String {
        let (base, site) = (self.base, self.site());
        format!(
            r#"A sample person's Entra token, a session for it, and the keys that verify the session:

TOKEN=$(curl -s '{base}/entra/token?site={site}&person=reader')
curl -sw '\n' {base}/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$TOKEN"
curl -sw '\n' {base}/.well-known/jwks.json
"#
        )
    }

    fn gate(&self) -> String {
        let (base, site) = (self.base, self.site());
        let maps = format!("{base}/{site}/pozi/ows");
        format!(
            r#"What the gate lets through to QGIS Server: 200 for the reader's catalogue, 403 for another. The third is a map.

SESSION=$(curl -s {base}/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$(curl -s '{base}/entra/token?site={site}&person=reader')" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -so planning.xml -w '%{{http_code}}\n' -H "X-Pozi-Session: $SESSION" '{maps}/planning/?SERVICE=WMS&REQUEST=GetCapabilities'
curl -so assets.json -w '%{{http_code}}\n' -H "X-Pozi-Session: $SESSION" '{maps}/assets/?SERVICE=WMS&REQUEST=GetCapabilities'
curl -so map.png -w '%{{http_code}}\n' -H "X-Pozi-Session: $SESSION" '{maps}/planning/?{MAP}'
"#
        )
    }
}
