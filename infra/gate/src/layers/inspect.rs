//! Looks for problems in a project file, for `pozi-gate check`.

mod source;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use url::Url;

use super::{
    project::{Layout, ProjectFile, ProjectFileError, ProjectLayer},
    published,
};
use pozi_auth::error::with_causes;

/// A problem in a project, described for its administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// What is wrong, or worth knowing.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something does not work as expected, or exposes more than it should.
    Warning,
    /// Requests fail.
    Error,
}

/// The addresses of this site's maps.
#[derive(Debug, Clone, Default)]
pub struct SiteAddresses {
    /// The gate's external and internal addresses with the base path: `https://maps.example/pozi`.
    pub gate: Vec<Url>,
    /// The ports on this machine on which the gate or QGIS Server listens.
    pub loopback_ports: Vec<u16>,
}

/// Reads the project file at `path` and returns its problems, most serious first. Blocks.
pub fn inspect_file(path: &Path, addresses: &SiteAddresses) -> Vec<Finding> {
    match ProjectFile::open(path) {
        Ok(project) => inspect(&project, addresses),
        Err(error) => vec![unreadable(&error)],
    }
}

/// Returns the problems of a project, most serious first.
pub fn inspect(project: &ProjectFile, addresses: &SiteAddresses) -> Vec<Finding> {
    let mut findings = Vec::new();
    for layer in project.layers() {
        findings.extend(source::calls_itself(layer, addresses));
        findings.extend(source::password(layer));
        if project.is_in_wfs(layer) {
            findings.extend(names_published_twice(layer));
        }
        if project.is_in_wfs_t(layer) {
            findings.extend(writable(project, layer));
        }
    }
    findings.extend(project.advertised_urls().map(|(setting, _)| advertised(setting)));
    findings.extend(shared_names(project));
    findings.extend(project.layouts().iter().filter_map(html));
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
}

fn unreadable(error: &ProjectFileError) -> Finding {
    let fix = match error {
        ProjectFileError::Io(_) => {
            "Check the path in the configuration, and give the user that runs the gate read access to the file. \
             Without it the gate refuses WFS Inserts, and asks QGIS Server for the layers every 5 minutes."
        }
        _ => "Open the project in QGIS, save it as .qgs or .qgz, and name that file in the configuration.",
    };
    let what = format!("The project file cannot be used: {}.", with_causes(error));
    Finding { severity: Severity::Error, what, fix: fix.to_owned() }
}

fn advertised(setting: &str) -> Finding {
    let service = setting.trim_end_matches("Url");
    Finding {
        severity: Severity::Warning,
        what: format!(
            "The project's Advertised URL for {service} replaces the gate's address in QGIS's answers."
        ),
        fix: format!(
            "Clear Project Properties > QGIS Server > {service} > Advertised URL, and save the project."
        ),
    }
}

fn names_published_twice(layer: &ProjectLayer) -> Option<Finding> {
    let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for field in layer.fields.iter().filter(|field| !field.is_hidden_from_wfs) {
        names.entry(published::field_name(&field.name)).or_default().push(&field.name);
    }
    let twice: Vec<_> = names.into_values().filter(|fields| fields.len() > 1).flatten().collect();
    (!twice.is_empty()).then(|| Finding {
        severity: Severity::Warning,
        what: format!(
            "The fields {} of the layer {} share their name in WFS with another field. The gate refuses to write them.",
            quoted(twice),
            quoted([layer.name.as_str()])
        ),
        fix: "Rename one of them in the table, or hide one from WFS in Layer Properties > Fields.".to_owned(),
    })
}

fn writable(project: &ProjectFile, layer: &ProjectLayer) -> Vec<Finding> {
    let mut findings = vec![Finding {
        severity: Severity::Note,
        what: format!("The layer {} can be changed by WFS-T.", quoted([layer.name.as_str()])),
        fix: "Nothing, if that is intended: the gate accepts writes only in sessions with write access to the catalogue. \
              Otherwise untick Update, Insert and Delete in Project Properties > QGIS Server > WFS."
            .to_owned(),
    }];
    let is_uninsertable =
        |name: &&str| !published::is_element_name(name) && !project.is_computed(layer, name);
    let shown =
        layer.fields.iter().filter(|field| !field.is_hidden_from_wfs).map(|field| field.name.as_str());
    let uninsertable: Vec<_> = shown.filter(is_uninsertable).collect();
    if !uninsertable.is_empty() {
        findings.push(Finding {
            severity: Severity::Warning,
            what: format!(
                "The fields {} of the layer {} cannot be given a value when a row is inserted by WFS-T: their names are \
                 not valid in XML. An Insert that names them would hang QGIS Server, so the gate refuses it.",
                quoted(uninsertable),
                quoted([layer.name.as_str()])
            ),
            fix: "Rename them in the table: use only letters, digits and _, and start with a letter. The old name can \
                  become the alias."
                .to_owned(),
        });
    }
    findings
}

fn shared_names(project: &ProjectFile) -> Option<Finding> {
    let mut seen = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for layer in project.layers().iter().filter(|layer| project.is_in_wfs(layer)) {
        if !seen.insert(layer.type_name()) {
            shared.insert(layer.service_name());
        }
    }
    (!shared.is_empty()).then(|| Finding {
        severity: Severity::Warning,
        what: format!(
            "Several layers in WFS have the name {}. QGIS Server answers from one of them, OGC API Features fails, and the \
             gate refuses to write them.",
            quoted(shared)
        ),
        fix: "Rename the layers, or give each a short name in Layer Properties > QGIS Server.".to_owned(),
    })
}

fn html(layout: &Layout) -> Option<Finding> {
    let items: Vec<_> = layout.items.iter().filter(|item| item.kind.is_html()).collect();
    let ids: Vec<_> = items.iter().map(|item| item.id.as_str()).collect();
    (!items.is_empty()).then(|| Finding {
        severity: Severity::Warning,
        what: format!(
            "The layout {} has HTML frames or HTML labels ({}). HTML in a layout can read files on the server.",
            quoted([layout.name.as_str()]),
            quoted(ids)
        ),
        fix: "Replace them with labels without \"Render as HTML\" before `print` allows the layout. The gate never sends \
              them text."
            .to_owned(),
    })
}

/// Lists at most ten names in quotation marks, without control characters.
fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MAX: usize = 10;
    let quote = |name: &str| format!("\"{}\"", name.replace(char::is_control, ""));
    let names: Vec<_> = names.into_iter().map(quote).collect();
    let (shown, rest) = names.split_at(names.len().min(MAX));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::project::tests::project;

    fn addresses() -> SiteAddresses {
        let gate = ["https://maps.example/pozi", "http://gate.internal.example:8080/"];
        SiteAddresses {
            gate: gate.map(|url| Url::parse(url).unwrap()).to_vec(),
            loopback_ports: vec![8080, 8090],
        }
    }

    fn found(layers: &str, properties: &str, layouts: &str) -> Vec<(Severity, String)> {
        let findings = inspect(&project(layers, properties, layouts), &addresses());
        findings.into_iter().map(|finding| (finding.severity, finding.what)).collect()
    }

    #[test]
    fn a_good_project_has_no_findings() {
        assert_eq!(found("", "", ""), []);
    }

    fn one(found: &[(Severity, String)], severity: Severity, words: &[&str]) {
        let [(is, what)] = found else { panic!("one finding: {found:?}") };
        assert_eq!(*is, severity, "{what}");
        for word in words {
            assert!(what.contains(word), "{what}");
        }
    }

    fn layer(source: &str) -> String {
        let source = source.replace('&', "&amp;");
        format!(
            "<maplayer><id>w</id><datasource>{source}</datasource><layername>Aerial\u{7}</layername></maplayer>"
        )
    }

    #[test]
    fn a_layer_from_this_site_is_an_error() {
        for source in [
            "crs=EPSG:3857&format=image/png&layers=a&styles&url=https://maps.example/pozi/ows/planning?",
            "type=xyz&url=https%3A%2F%2FMAPS.example%2Fpozi%2Fx&zmax=19",
            " pagingEnabled='true' typename='a' url='https://maps.example:443/pozi/qgisserver?MAP=x' version='2.0.0'",
            "url=http://localhost:8090/?MAP=a",
            "/vsicurl/http://127.0.0.1:8080/a.tif",
            "url=http://[::1]:8080/x",
            "url=http://127.4.5.6:8090",
            "url=http://gate.internal.example:8080/anything",
            "contextualWMSLegend=0&url=http%253A%252F%252Flocalhost%253A8090",
            "url=http://localhost.:8090/",
            "url=http://0.0.0.0:8090/",
        ] {
            one(&found(&layer(source), "", ""), Severity::Error, &["\"Aerial\"", "this site"]);
        }
    }

    #[test]
    fn a_layer_from_elsewhere_is_fine() {
        for source in [
            "url=https://maps.example/geoserver/wms",
            "url=https://maps.example/pozi-other/",
            "url=https://other.example/?u=maps.example/pozi",
            "url=http://localhost:9999/geoserver",
            "url=https://maps.example:8443/pozi",
            "./zones.gpkg|layername=zones",
            "",
            "url=http://",
            "url=https://[::",
        ] {
            assert_eq!(found(&layer(source), "", ""), [], "{source}");
        }
    }

    #[test]
    fn a_password_is_found_and_never_shown() {
        for source in [
            "dbname='gis' host=db.example user='reader' password='hunter2' table=\"a\"",
            "PG:dbname=gis host=db.example PASSWORD=hunter2",
            "url=https://wms.example/?a&username=u&password=hunter2",
            "url=https://u:hunter2@wms.example/",
            "OCI:u/hunter2@db.example",
        ] {
            let found = found(&layer(source), "", "");
            one(&found, Severity::Warning, &["\"Aerial\"", "password"]);
            assert!(!format!("{found:?}").contains("hunter2"));
        }
        for source in
            ["authcfg=abc1234 password=''", "passwords.gpkg|layername=a", "url=https://a.example/u@b"]
        {
            assert_eq!(found(&layer(source), "", ""), [], "{source}");
        }
    }

    #[test]
    fn advertised_urls_and_html_are_warnings() {
        let url = "<WFSUrl type=\"QString\">https://old.example/</WFSUrl>";
        one(&found("", url, ""), Severity::Warning, &["Advertised URL for WFS"]);
        let layout =
            "<Layout name=\"Layout A4\"><LayoutItem type=\"65641\" id=\"rich\" htmlState=\"1\"/></Layout>";
        one(&found("", "", layout), Severity::Warning, &["\"Layout A4\"", "\"rich\""]);
    }

    const OTHER: &str = "<maplayer><id>o</id><layername>Planning_Zones</layername><fieldConfiguration><field name=\"x y\"/>\
                         <field name=\"x_y\"/><field name=\"z z\" configurationFlags=\"HideFromWfs\"/><field name=\"z_z\"/>\
                         </fieldConfiguration></maplayer>";

    #[test]
    fn ambiguous_names_are_warnings() {
        let found = found(OTHER, "<WFSLayers><value>o</value></WFSLayers>", "");
        assert!(found.iter().all(|(severity, _)| *severity == Severity::Warning));
        let [(_, fields), (_, layers)] = found.as_slice() else { panic!("two findings: {found:?}") };
        assert!(fields.contains("\"x y\", \"x_y\" of") && layers.contains("\"Planning_Zones\""), "{found:?}");
    }

    #[test]
    fn a_writable_layer_is_a_note_and_its_uninsertable_fields_a_warning() {
        let found = found(OTHER, "<WFSTLayers><Delete><value>o</value></Delete></WFSTLayers>", "");
        let [(Severity::Warning, fields), (Severity::Note, _)] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert!(fields.contains("\"x y\" of the layer"), "{fields}");
    }

    #[test]
    fn an_unreadable_project_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.qgz");
        for write in [false, true] {
            if write {
                std::fs::write(&path, b"PK\x03\x04 and no more").unwrap();
            }
            let [finding] = &*inspect_file(&path, &addresses()) else { panic!("one finding") };
            assert_eq!(finding.severity, Severity::Error);
            assert!(finding.what.contains(if write { "archive" } else { "cannot be read" }), "{finding:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_source_makes_the_inspection_panic(source in "(https?|://|%|password=|[@/'=:&a-z0-9ä\\[\\]]){0,20}") {
            found(&layer(&source), "", "");
        }
    }

    #[test]
    fn lists_at_most_ten_names() {
        let names: Vec<_> = (0..12).map(|number| number.to_string()).collect();
        let text = quoted(names.iter().map(String::as_str));
        assert!(text.ends_with("\"9\" and 2 more"), "{text}");
    }
}
