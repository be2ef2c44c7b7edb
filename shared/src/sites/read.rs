//! Reads a site's document. Every field is read on its own, so that one run reports all errors of a document.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    MAX_SESSION_MINUTES, SiteDocument, SiteError, Who,
    checks::{self, Ids, Named},
    document::{CatalogueDocument, Download, Everyone, REVOCATION_LIMIT_MINUTES, TOKEN_AGE_MINUTES},
    fields::{Fields, Value},
    syntax_advice,
};
use crate::identifiers::GroupId;

const EVERYONE: &str = "everyone-signed-in";
const READERS: &str = "everyone-who-may-read";
const CATALOGUE: &str = "catalogue";

/// A catalogue, as far as it could be read: `document` only if all of it could.
struct Catalogue {
    document: Option<CatalogueDocument>,
    own: Named,
    groups: Vec<Spanned<GroupId>>,
}

/// Reads the TOML `text`. Fails with all its errors in the order of their places, or with the first syntax error.
pub(super) fn read(text: &str) -> Result<SiteDocument, Vec<SiteError>> {
    let table = DeTable::parse(text).map_err(|error| {
        let message = format!("{}{}", error.message(), syntax_advice(text, &error));
        vec![SiteError { message, at: error.span() }]
    })?;
    let (document, mut errors) = site(table.into_inner());
    errors.sort_by_key(|error| error.at.as_ref().map_or(0, |at| at.start));
    match document {
        Some(document) if errors.is_empty() => Ok(document),
        _ => Err(errors),
    }
}

fn site(table: DeTable<'_>) -> (Option<SiteDocument>, Vec<SiteError>) {
    let mut fields = Fields::new(table, 0..0);
    let name = fields.required("name");
    let internal_url = fields.required("internal_url");
    let external_url = fields.required("external_url");
    let client_id = fields.required("client_id");
    let tenant_id = fields.required("tenant_id");
    let origins = fields.take_required("origins").map(|list| fields.elements(list));
    let origins = origins.map(|list| list.into_iter().filter_map(|origin| fields.read(origin)).collect());
    let cloud = fields.optional("cloud");
    let session_minutes = fields.optional("session_minutes");
    let max_token_age_minutes = fields.optional("max_token_age_minutes");
    let groups_as_roles = fields.optional::<bool>("groups_as_roles");
    let graph_permissions = fields.optional("graph_permissions");
    let enforcement = fields.optional_words("enforcement");
    let minimum_revision = fields.optional("minimum_revision");
    let revocation_limit_minutes = fields.optional("revocation_limit_minutes");
    let past_revocation_limit = fields.optional("past_revocation_limit");
    let further_client_ids = fields.list("further_client_ids");
    let found = catalogues(&mut fields);

    let groups: Vec<_> = found.iter().flat_map(|catalogue| &catalogue.groups).collect();
    let (tenant, client) = (tenant_id.as_ref(), client_id.as_ref());
    let ids = Ids { tenant, client, further: &further_client_ids, groups: &groups };
    fields.errors.extend(checks::ids(&ids));
    fields.errors.extend(checks::addresses(internal_url.as_ref(), external_url.as_ref()));
    let (session, age) = (session_minutes.as_ref(), max_token_age_minutes.as_ref());
    fields.errors.extend(checks::number("session_minutes", session, 1..=MAX_SESSION_MINUTES));
    fields.errors.extend(checks::number("max_token_age_minutes", age, TOKEN_AGE_MINUTES));
    let limit = revocation_limit_minutes.as_ref();
    fields.errors.extend(checks::number("revocation_limit_minutes", limit, REVOCATION_LIMIT_MINUTES));
    fields.errors.extend(checks::number("minimum_revision", minimum_revision.as_ref(), 1..=u64::MAX >> 1));
    fields.errors.extend(checks::catalogues(found.iter().map(|catalogue| &catalogue.own)));

    let document = || {
        Some(SiteDocument {
            name: name?.into_inner(),
            internal_url: internal_url?.into_inner(),
            external_url: external_url?.into_inner(),
            client_id: client_id?,
            tenant_id: tenant_id?,
            origins: inner(origins?),
            cloud: cloud.map(Spanned::into_inner).unwrap_or_default(),
            session_minutes,
            max_token_age_minutes,
            groups_as_roles: groups_as_roles.is_some_and(Spanned::into_inner),
            graph_permissions: graph_permissions.map(Spanned::into_inner).unwrap_or_default(),
            enforcement,
            minimum_revision,
            revocation_limit_minutes,
            past_revocation_limit: past_revocation_limit.map(Spanned::into_inner).unwrap_or_default(),
            further_client_ids: inner(further_client_ids),
            catalogues: found.into_iter().map(|catalogue| catalogue.document).collect::<Option<_>>()?,
        })
    };
    (document(), fields.finish())
}

fn inner<T>(list: Vec<Spanned<T>>) -> Vec<T> {
    list.into_iter().map(Spanned::into_inner).collect()
}

/// Reads the `[[catalogue]]` tables. If there are none, it reports that.
fn catalogues(fields: &mut Fields<'_>) -> Vec<Catalogue> {
    let Some(value) = fields.take_required(CATALOGUE) else { return Vec::new() };
    let at = value.span();
    let values = match value.into_inner() {
        DeValue::Array(values) if values.is_empty() => {
            fields.report("the site has no catalogue; add a [[catalogue]]", at);
            Vec::new()
        }
        DeValue::Array(values) => values.into_iter().collect(),
        table @ DeValue::Table(_) => {
            fields.report(
                "a site has a list of catalogues; write [[catalogue]] with two brackets on each side",
                at.clone(),
            );
            vec![Spanned::new(at, table)]
        }
        other => vec![Spanned::new(at, other)],
    };
    values.into_iter().map(|value| catalogue(fields, value)).collect()
}

fn catalogue<'d>(site: &mut Fields<'d>, value: Value<'d>) -> Catalogue {
    let at = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        site.report("a catalogue is a table; write [[catalogue]] and its fields below", at);
        return Catalogue { document: None, own: Named { id: None, project: None }, groups: Vec::new() };
    };
    let mut fields = Fields::new(table, at);
    let mut groups = Vec::new();
    let id = fields.required("id");
    let title = fields.text("title");
    let project = fields.path("project");
    let read = fields.take_required("read").and_then(|value| who(&mut fields, value, &mut groups));
    let write = fields.take("write").map(|value| who(&mut fields, value, &mut groups));
    let download = fields.take("download").map(|value| download(&mut fields, value, &mut groups));
    let print = fields.texts("print");
    let print_texts = fields.texts("print_texts");
    let highlight = fields.optional("highlight");
    site.errors.extend(fields.finish());
    let own = Named { id: id.clone(), project: project.clone() };
    let document = || {
        Some(CatalogueDocument {
            id: id?,
            title: title?,
            project: project?,
            read: read?,
            write: write.unwrap_or_else(|| Some(Who::default()))?,
            download: download.unwrap_or_else(|| Some(Download::default()))?,
            print,
            print_texts,
            highlight: highlight.is_some_and(Spanned::into_inner),
        })
    };
    Catalogue { document: document(), own, groups }
}

/// Reads a rule, and adds the groups that it names to `groups`.
fn who<'d>(fields: &mut Fields<'d>, value: Value<'d>, groups: &mut Vec<Spanned<GroupId>>) -> Option<Who> {
    let at = value.span();
    match value.into_inner() {
        DeValue::String(text) if text == EVERYONE => Some(Who::Everyone(Everyone::SignedIn)),
        DeValue::String(text) if text.parse::<GroupId>().is_ok() => {
            fields.report(format!("write a list, even of one group: [\"{text}\"]"), at);
            None
        }
        DeValue::Array(values) => group_list(fields, values, groups).map(Who::Groups),
        _ => {
            fields.report(
                "write a list of group ids, such as [\"00000000-0000-0000-0000-000000000000\"], or \"everyone-signed-in\"",
                at,
            );
            None
        }
    }
}

/// Reads who may download, and adds the groups to `groups`.
fn download<'d>(
    fields: &mut Fields<'d>,
    value: Value<'d>,
    groups: &mut Vec<Spanned<GroupId>>,
) -> Option<Download> {
    let at = value.span();
    match value.into_inner() {
        DeValue::String(text) if text == READERS => Some(Download::Readers),
        DeValue::Array(values) => group_list(fields, values, groups).map(Download::Groups),
        _ => {
            fields.report(format!("write a list of group ids, or \"{READERS}\""), at);
            None
        }
    }
}

fn group_list<'d>(
    fields: &mut Fields<'d>,
    values: impl IntoIterator<Item = Value<'d>>,
    groups: &mut Vec<Spanned<GroupId>>,
) -> Option<Vec<GroupId>> {
    let listed: Vec<_> = values.into_iter().map(|value| group(fields, value)).collect();
    groups.extend(listed.iter().flatten().cloned());
    listed.into_iter().map(|group| group.map(Spanned::into_inner)).collect()
}

fn group<'d>(fields: &mut Fields<'d>, value: Value<'d>) -> Option<Spanned<GroupId>> {
    if let DeValue::String(text) = value.get_ref()
        && let Some(advice) = name_advice(text)
    {
        fields.report(advice, value.span());
        return None;
    }
    fields.read(value)
}

/// Returns advice if `text` is a group's name rather than its id with a mistake.
fn name_advice(text: &str) -> Option<String> {
    if text == EVERYONE {
        return Some(format!("\"{EVERYONE}\" is no group; write it alone, without [ ]"));
    }
    // An id with a mistake has about the length of one, and hardly another character.
    let is_like_an_id = (30..=40).contains(&text.len())
        && text.chars().filter(|found| !found.is_ascii_hexdigit() && *found != '-').count() <= 2;
    (!is_like_an_id).then(|| {
        format!(
            "`{}` is not a group's id, which Entra sends instead of the name; copy it from Entra admin center → Groups → All groups → the group → Object ID",
            text.escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::{
        Site, SiteFile,
        documents::{PLANNERS, document},
    };

    const CLIENT: &str = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10";
    const TENANT: &str = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11";
    const NIL: &str = "00000000-0000-0000-0000-000000000000";

    fn errors(text: &str) -> Vec<String> {
        let file = SiteFile { name: "a".to_owned(), text: text.to_owned() };
        file.compile().unwrap_err().iter().map(ToString::to_string).collect()
    }

    /// Checks that `from`, replaced by `to` in a valid document, causes exactly one error.
    fn causes(from: &str, to: &str, expected: &str) {
        let text = document().replacen(from, to, 1);
        assert_ne!(text, document(), "nothing was spoiled: {from}");
        let errors = errors(&text);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(expected), "{}\n{expected}", errors[0]);
    }

    #[test]
    fn each_wrong_id_has_its_own_message() {
        let nil = "this GUID of zeros is a placeholder; write the real id";
        causes(CLIENT, NIL, &format!("a:4: {nil}"));
        causes(TENANT, NIL, &format!("a:5: {nil}"));
        causes(PLANNERS, NIL, &format!("a:12: {nil}"));
        causes(TENANT, CLIENT, "a:5: tenant_id is the same as client_id; copy the tenant's from Entra");
        causes(PLANNERS, TENANT, "a:12: this is the tenant's id and no group's; copy the group's from Entra");
        causes(PLANNERS, CLIENT, "a:12: this is the id of an app registration and no group's; copy");
        let further = |id: &str| format!("further_client_ids = [\"{id}\"]\norigins =");
        causes(
            "origins =",
            &further(TENANT),
            "a:6: this is the tenant's id; write the application (client) id",
        );
        causes("origins =", &further(NIL), &format!("a:6: {nil}"));
        causes("origins =", &further(PLANNERS), "a:13: this is the id of an app registration and no group's");
    }

    #[test]
    fn ids_of_zeros_are_not_also_said_to_be_equal() {
        let zeros = [CLIENT, TENANT, PLANNERS].iter().fold(document(), |text, id| text.replace(id, NIL));
        let zeros = zeros.replace("origins =", &format!("further_client_ids = [\"{NIL}\"]\norigins ="));
        let errors = errors(&zeros);
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(errors.iter().all(|error| error.contains("is a placeholder")), "{errors:?}");
    }

    #[test]
    fn a_groups_name_gets_the_advice_where_its_id_is() {
        for name in ["Planners", "GIS Planners", "Council’s planners", "deadbeef"] {
            let says = format!(
                "a:12: `{name}` is not a group's id, which Entra sends instead of the name; copy it from Entra admin center → Groups → All groups → the group → Object ID"
            );
            causes(PLANNERS, name, &says);
        }
        causes("6f1f1d0e-8a83", "6f1f1d0e8a83", "a:12: `6f1f1d0e8a83-4c59-9d44-1f6d0c9c3a01` is not a GUID");
        causes(
            &format!("[\"{PLANNERS}\"]"),
            &format!("\"{PLANNERS}\""),
            "a:12: write a list, even of one group",
        );
        causes(PLANNERS, EVERYONE, "a:12: \"everyone-signed-in\" is no group; write it alone, without [ ]");
        causes(
            "\"everyone-signed-in\"",
            "\"Planners\"",
            "a:19: write a list of group ids, such as [\"00000000",
        );
        causes("\"everyone-signed-in\"", "[1]", "a:19: invalid type: integer `1`, expected a string");
    }

    #[test]
    fn an_address_that_cannot_be_pozi_servers_is_an_error() {
        let external = "https://poziserver-riverbend.example/pozi/";
        let fix =
            "is that of QGIS Server, below Pozi Server; write `https://poziserver-riverbend.example/pozi/`";
        for end in ["qgisserver", "qgisserver/", "QgisServer/wfs3.json"] {
            causes(external, &format!("{external}{end}"), &format!("a:3: external_url {fix}"));
        }
        causes(
            "riverbend.internal/pozi/",
            "riverbend.internal/pozi/qgisserver",
            "a:2: internal_url is that of QGIS Server, below Pozi Server; write `http://gis.riverbend.internal/pozi/`",
        );
        let paths =
            "a:3: external_url has the path `/` and internal_url `/pozi/`; Application Proxy publishes";
        causes(external, "https://poziserver-riverbend.example/", paths);
        let paths =
            "a:3: external_url has the path `/pozi/` and internal_url `/`; Application Proxy publishes";
        causes("riverbend.internal/pozi/", "riverbend.internal", paths);
        causes(
            "https://poziserver-",
            "https://*.",
            "a:3: `https://*.riverbend.example/pozi/` is not a valid external URL: it must name one host",
        );
        let same = document().replace("riverbend.internal/pozi/", "riverbend.internal/Pozi");
        assert!(read(&same).is_ok(), "IIS ignores case");
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_an_error() {
        let origin = "https://riverbend.enterprise.example";
        for (to, says) in [
            (
                "https://*.enterprise.example",
                "must be one origin, because a browser never sends a *; list each origin",
            ),
            ("https://riverbend..example", "must have a host that exists"),
            (
                "https://riverbend.example:443",
                "must be written as a browser sends it: https://riverbend.example",
            ),
            ("ftp://riverbend.example", "must start with https:// or an app's own scheme"),
        ] {
            causes(origin, to, &format!("a:6: `{to}` is not a valid origin: it {says}"));
        }
        let app = document().replace(origin, "capacitor://localhost");
        let app = Site::parse(&app).unwrap();
        assert!(app.is_served_from("capacitor://localhost") && !app.is_served_from("https://evil.example"));
    }

    #[test]
    fn one_project_in_two_catalogues_is_an_error_in_any_spelling() {
        let says = "a:18: catalogue `planning` already has this project; give each project one catalogue";
        for project in ["\"C:/Pozi/planning.qgz\"", "'c:\\pozi\\Planning.qgz'"] {
            causes("\"C:/Pozi/parks.qgz\"", project, says);
        }
        let unix =
            document().replace("C:/Pozi/planning", "/srv/parks").replace("C:/Pozi/parks", "/srv/Parks");
        assert!(read(&unix).is_ok(), "these are two files");
    }

    #[test]
    fn stray_characters_are_named() {
        let project = "\"C:/Pozi/planning.qgz\"";
        let escaped =
            "a:11: a control character is not allowed in a path: in \"…\" TOML reads \\n, \\t and the like";
        causes(project, "\"C:\\temp\\new\"", escaped);
        causes(
            project,
            "'C:/Pozi\u{a0}maps/a.qgz'",
            "a:11: the path contains a no-break space (U+00A0); delete it",
        );
        causes(project, "'“C:/a.qgz”'", "a:11: the path contains a typographic quote (“, U+201C); delete it");
        causes(
            project,
            "“C:/a.qgz”",
            "a:11: string values must be quoted, expected literal string; the line contains a typographic quote (“, U+201C)",
        );
        causes(
            "riverbend\"",
            "riverbend\u{a0}\"",
            "a:1: `riverbend\\u{a0}` contains a no-break space (U+00A0); delete it",
        );
        causes(
            PLANNERS,
            &format!("{PLANNERS} "),
            &format!("a:12: `{PLANNERS} ` contains a space; delete it"),
        );
        causes(
            "http://gis",
            " http://gis",
            "a:2: ` http://gis.riverbend.internal/pozi/` contains a space; delete it",
        );
        causes("\"Planning\"", "\"Plan\\ning\"", "a:10: a control character is not allowed here");
        let mark = format!("\u{feff}{}", document());
        assert!(read(&mark).is_ok(), "Notepad's UTF-8 begins with a byte order mark");
    }

    #[test]
    fn reads_what_the_rules_do_and_the_oldest_revision() {
        let with = |line: &str| read(&document().replacen("origins", &format!("{line}\norigins"), 1));
        let enforcement = |text: &str| {
            let read = with(&format!("enforcement = {text}")).map(|document| document.enforcement.unwrap());
            read.map(|enforcement| enforcement.into_inner().to_string())
                .map_err(|errors| errors[0].to_string())
        };
        for text in ["enforced", "observe until 2027-02-01"] {
            assert_eq!(enforcement(&format!("\"{text}\"")).as_deref(), Ok(text));
        }
        assert!(read(&document()).unwrap().enforcement.is_none());
        let advice =
            "write \"enforced\", or \"observe until \" and a day, such as \"observe until 2027-02-01\"";
        for text in [
            "observe",
            "observe until 2027-02-30",
            "observe until 2027-02-01 ",
            "observe\u{a0}until 2027-02-01",
        ] {
            assert_eq!(enforcement(&format!("\"{text}\"")), Err(advice.to_owned()), "{text}");
        }
        assert!(enforcement("2027-02-01").is_err(), "a date of TOML");
        assert_eq!(with("minimum_revision = 4").unwrap().minimum_revision.map(Spanned::into_inner), Some(4));
        for number in ["0", "-1", "\"4\""] {
            assert!(with(&format!("minimum_revision = {number}")).is_err(), "{number}");
        }
    }

    #[test]
    fn a_catalogue_needs_two_brackets_on_each_side() {
        let one = document()
            .split("\n[[catalogue]]\nid = \"parks\"")
            .next()
            .unwrap()
            .replace("[[catalogue]]", "[catalogue]");
        let says = "a:8: a site has a list of catalogues; write [[catalogue]] with two brackets on each side";
        assert_eq!(errors(&one), [says]);
        let two =
            "a:15: duplicate key; write [[catalogue]] with two brackets on each side for every catalogue";
        assert_eq!(errors(&document().replace("[[catalogue]]", "[catalogue]")), [two]);
        assert_eq!(errors(&document().replacen("[[catalogue]]", "[catalogue]", 1)), [two]);
    }

    #[test]
    fn reports_all_errors_of_a_document_in_the_order_of_their_lines() {
        let text = document()
            .replace("name = \"riverbend\"", "name = \"Riverbend\"")
            .replace(TENANT, CLIENT)
            .replace("https://riverbend.enterprise.example", "https://*.example")
            .replace("http://localhost", "http://riverbend.example")
            .replace("origins =", "session_minutes = 90\ncloud = \"moon\"\norigins =")
            .replace("title = \"Planning\"", "titles = \"Planning\"")
            .replace(PLANNERS, "Planners")
            .replace("id = \"parks\"", "id = \"planning\"\nhighlight = \"yes\"")
            .replace("parks.qgz", "planning.qgz");
        let found = errors(&text);
        let lines: Vec<_> = found.iter().map(|error| error.split(": ").next().unwrap()).collect();
        let expected =
            ["a:1", "a:5", "a:6", "a:7", "a:8", "a:8", "a:10", "a:12", "a:14", "a:18", "a:19", "a:21"];
        assert_eq!(lines, expected, "{found:#?}");
    }
}
