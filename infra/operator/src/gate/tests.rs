//! The printed files, and notes about projects of the other system.

use super::*;

fn shown(system: System, text: &str) -> String {
    let site = Site::parse(text).unwrap();
    let issuer = "https://auth.example".parse().unwrap();
    let files = GateFiles::new(&site, text.to_owned(), &issuer, system);
    Output::new(&Report { files, written: None }).plain()
}

const RIVERBEND: &str = include_str!("../../../local/sites/riverbend.toml");

#[test]
fn shows_both_files_and_what_is_left_to_do() {
    assert_eq!(shown(System::Windows, RIVERBEND), include_str!("golden/windows.txt"));
    let on_linux = RIVERBEND.replace("C:/Pozi/", "/srv/pozi/");
    assert_eq!(shown(System::Linux, &on_linux), include_str!("golden/linux.txt"));
}

#[test]
fn names_projects_that_the_other_system_has() {
    let shown = shown(System::Linux, RIVERBEND);
    let note = "- Catalogue planning: its project C:/Pozi/planning.qgz is not a path of this system; correct the site file, or use --os.";
    assert!(shown.contains(note), "{shown}");
}
