//! What is printed at the start: addresses, and commands to paste into another terminal.

use std::fmt::Write as _;

use pozi_auth::oauth::GRANT_TYPE;
use url::Url;

use crate::args::Args;

/// The query of a map of a sample project.
const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,roads,trees,sign&STYLES=&CRS=EPSG:3857&BBOX=0,0,1200,800&WIDTH=600&HEIGHT=400&FORMAT=image/png";

/// What the text names.
pub(crate) struct Welcome<'a> {
    /// The URL of the service.
    pub(crate) base: &'a str,
    /// The https URL of the emulated Entra.
    pub(crate) tenant: &'a Url,
    /// The sites' names. The examples are about the first.
    pub(crate) sites: &'a [String],
    /// Whether QGIS Server is installed.
    pub(crate) has_qgis: bool,
}

impl Welcome<'_> {
    /// The text, for a service started with `args`.
    pub(crate) fn text(&self, args: &Args) -> String {
        let (addresses, exchange, gate) = (self.addresses(args), self.exchange(), self.gate());
        format!(
            "Pozi's token exchange is running, for this machine only. Press Ctrl-C to stop it.\n\n{addresses}\n{exchange}\n{gate}\n"
        )
    }

    fn site(&self) -> &str {
        self.sites.first().map_or("", String::as_str)
    }

    fn addresses(&self, args: &Args) -> String {
        let (base, site) = (self.base, self.site());
        let origin = args.sites.as_ref().map_or("samples".into(), |folder| folder.display().to_string());
        let drawn =
            if self.has_qgis { "drawn by QGIS Server" } else { "status 502: QGIS Server is not installed" };
        let mut text = String::new();
        for (name, address) in [
            ("web page", format!("     {base}/")),
            ("token endpoint", format!("POST {base}/oauth2/token")),
            ("public keys", format!("GET  {base}/.well-known/jwks.json")),
            ("metadata", format!("GET  {base}/.well-known/oauth-authorization-server")),
            ("emulated Entra", format!("GET  {base}/entra/people (who can sign in)")),
            ("", format!("POST {base}/entra/levers/{{roll,slow,down,rubbish,well,brief}} (faults)")),
            ("", format!("     {} (https, for MSAL.js)", self.tenant)),
            ("maps", format!("GET  {base}/{{site}}/pozi/ows/{{catalogue}}/ ({drawn})")),
            ("gate", format!("GET  {base}/gate/decide (for other servers of {site})")),
            (
                "verifier's kit",
                format!("GET  {base}/local/verifier-kit.json (sessions to test a verifier with)"),
            ),
            ("sites", format!("     {} ({origin})", self.sites.join(", "))),
            (
                "signing keys",
                format!("     {} (a new key every {} s)", args.key_ring().display(), args.rotate_every),
            ),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:<15} {address}");
        }
        text
    }

    fn exchange(&self) -> String {
        let (base, site) = (self.base, self.site());
        format!(
            r#"To get an Entra token of a sample person, exchange it for a session, and fetch the keys that verify the session:

TOKEN=$(curl -s '{base}/entra/token?site={site}&person=reader')
curl -sw '\n' {base}/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$TOKEN"
curl -sw '\n' {base}/.well-known/jwks.json
"#
        )
    }

    fn gate(&self) -> String {
        let (base, site) = (self.base, self.site());
        let maps = format!("{base}/{site}/pozi/ows");
        let allowed = if self.has_qgis { "200" } else { "502, without QGIS Server," };
        format!(
            r#"To send requests through the gate ({allowed} for a catalogue that the reader may see, 403 for another) and save a map as map.png:

SESSION=$(curl -s {base}/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$(curl -s '{base}/entra/token?site={site}&person=reader')" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -so planning.xml -w '%{{http_code}}\n' -H "X-Pozi-Session: $SESSION" '{maps}/planning/?SERVICE=WMS&REQUEST=GetCapabilities'
curl -so assets.json -w '%{{http_code}}\n' -H "X-Pozi-Session: $SESSION" '{maps}/assets/?SERVICE=WMS&REQUEST=GetCapabilities'
curl -so map.png -w '%{{http_code}}\n' -H "X-Pozi-Session: $SESSION" '{maps}/planning/?{MAP}'
"#
        )
    }
}
