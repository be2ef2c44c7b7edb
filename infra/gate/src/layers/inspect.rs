//! Looks for faults in a project file, for `pozi-gate check`.

mod source;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt::Write,
    path::Path,
};

use url::Url;

use super::{
    project::{Layout, ProjectFile, ProjectFileError, ProjectLayer},
    published,
};

/// A fault in a project, in words for its administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, or worth knowing.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something will not work as expected, or lets out more than it should.
    Warning,
    /// Requests fail.
    Error,
}

/// Where this site's maps are reached.
#[derive(Debug, Clone, Default)]
pub struct SiteAddresses {
    /// The gate's addresses, external and internal, with the base path: `https://maps.example/pozi`.
    pub gate: Vec<Url>,
    /// Ports of the machine itself on which the gate or QGIS Server listens.
    pub loopback_ports: Vec<u16>,
}

/// Reads the project file at `path` and says what is wrong with it, worst first. Blocks.
pub fn inspect_file(path: &Path, addresses: &SiteAddresses) -> Vec<Finding> {
    match ProjectFile::open(path) {
        Ok(project) => inspect(&project, addresses),
        Err(problem) => vec![unreadable(&problem)],
    }
}

/// What is wrong with a project, worst first.
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

fn unreadable(problem: &ProjectFileError) -> Finding {
    let cause = problem.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let fix = match problem {
        ProjectFileError::Io(_) => {
            "Check the path in the configuration, and give the user that the gate runs as read access to the file. \
             Without it the gate refuses WFS Inserts, and asks QGIS Server for the layers every 5 minutes."
        }
        _ => {
            "Open the project in QGIS and save it again as .qgs or .qgz, and name that file in the configuration."
        }
    };
    Finding {
        severity: Severity::Error,
        what: format!("The project file is not usable: {problem}{cause}."),
        fix: fix.to_owned(),
    }
}

fn advertised(setting: &str) -> Finding {
    let service = setting.trim_end_matches("Url");
    Finding {
        severity: Severity::Warning,
        what: format!(
            "The project has an Advertised URL for {service}, which QGIS Server writes instead of the gate's."
        ),
        fix: format!(
            "Empty Project Properties > QGIS Server > {service} > Advertised URL, and save the project."
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
            "The fields {} of the layer {} have the same name in WFS as another one. The gate refuses to write them.",
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
        fix: "Nothing, if that is intended: the gate takes writes from sessions with write access to the catalogue only. \
              Else untick Update, Insert and Delete in Project Properties > QGIS Server > WFS."
            .to_owned(),
    }];
    let is_lost = |name: &str| !published::is_element_name(name) && !project.is_computed(layer, name);
    let shown =
        layer.fields.iter().filter(|field| !field.is_hidden_from_wfs).map(|field| field.name.as_str());
    let lost: Vec<_> = shown.filter(|name| is_lost(name)).collect();
    if !lost.is_empty() {
        findings.push(Finding {
            severity: Severity::Warning,
            what: format!(
                "The fields {} of the layer {} cannot be given a value when a row is inserted by WFS-T: their names are \
                 not names in XML. An insert that names them would hang QGIS Server, so the gate refuses it.",
                quoted(lost),
                quoted([layer.name.as_str()])
            ),
            fix: "Rename them in the table: letters, digits and _ only, and a letter first. An alias can keep the words."
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
            "Several layers in WFS have the name {}. QGIS Server answers from one of them, OGC API Features does not answer, \
             and the gate refuses to write them.",
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
            "The layout {} has HTML frames or HTML labels ({}). HTML in a layout can read files of the server.",
            quoted([layout.name.as_str()]),
            quoted(ids)
        ),
        fix: "Replace them by labels without \"Render as HTML\", before the layout is allowed by `print`. The gate passes no \
              text to them."
            .to_owned(),
    })
}

/// The names in quotation marks, without control characters, at most ten.
fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 10;
    let mut text = String::new();
    let mut names = names.into_iter();
    for (place, name) in names.by_ref().take(MOST).enumerate() {
        let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
        let before = if place == 0 { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(text, "{before}\"{name}\"");
    }
    match names.count() {
        0 => text,
        more => format!("{text} and {more} more"),
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
    fn a_sound_project_has_no_findings() {
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
    fn a_layer_that_comes_from_this_site_is_an_error() {
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
    fn a_layer_from_elsewhere_is_none() {
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
    fn a_password_is_found_and_never_told() {
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
    fn names_that_cannot_be_told_apart_are_warnings() {
        let found = found(OTHER, "<WFSLayers><value>o</value></WFSLayers>", "");
        assert!(found.iter().all(|(severity, _)| *severity == Severity::Warning));
        let [(_, fields), (_, layers)] = found.as_slice() else { panic!("two findings: {found:?}") };
        assert!(fields.contains("\"x y\", \"x_y\" of") && layers.contains("\"Planning_Zones\""), "{found:?}");
    }

    #[test]
    fn a_layer_of_wfs_t_is_a_note_and_its_fields_that_cannot_be_inserted_a_warning() {
        let found = found(OTHER, "<WFSTLayers><Delete><value>o</value></Delete></WFSTLayers>", "");
        let [(Severity::Warning, fields), (Severity::Note, _)] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert!(fields.contains("\"x y\" of the layer"), "{fields}");
    }

    #[test]
    fn a_file_that_is_no_project_is_an_error() {
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
    fn many_names_are_cut() {
        let names: Vec<_> = (0..12).map(|number| number.to_string()).collect();
        let text = quoted(names.iter().map(String::as_str));
        assert!(text.ends_with("\"9\" and 2 more"), "{text}");
    }
}
