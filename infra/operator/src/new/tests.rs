//! Mails as people send them, and the command as a whole.

mod hostile;

use std::fs;

use aws_types::SdkConfig;

use super::*;

fn understood(text: &str) -> Report {
    let facts = mail::read(text, &Known::default());
    let reading = Reading::of(&facts, &BTreeMap::new());
    Report::new(&reading, wrong(&reading))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/new")
}

/// Each mail beside what is understood of it. `UPDATE_GOLDEN=1` writes what is understood now.
#[test]
fn understands_mails_as_people_send_them() {
    let mails = fs::read_dir(folder().join("mails")).unwrap().map(|entry| entry.unwrap().path());
    let mut failed = Vec::new();
    for path in mails {
        let found = Output::new(&understood(&fs::read_to_string(&path).unwrap())).plain();
        let golden = folder().join("golden").join(path.file_name().unwrap());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        if found != fs::read_to_string(&golden).unwrap_or_default() {
            failed.push(format!("{}:\n{found}", path.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The command in a folder of its own.
struct Trial {
    folder: tempfile::TempDir,
    args: NewArgs,
}

impl Trial {
    fn new(mail: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let args = NewArgs {
            from_mail: mail.map(|name| self::folder().join("mails").join(name)),
            groups: None,
            name: None,
            origins: Vec::new(),
            folder: folder.path().to_owned(),
            consent: Consent { yes: false },
        };
        Self { folder, args }
    }

    fn run(&self, answers: Option<&str>) -> Result<(Exit, String), NewError> {
        let mut world = World::emulated(SdkConfig::builder().build(), answers);
        let output = run(&self.args, &mut world)?;
        let folder = format!("{}/", self.folder.path().display());
        Ok((output.exit(), output.plain().replace(&folder, "")))
    }

    fn written(&self) -> Option<String> {
        fs::read_to_string(self.folder.path().join("riverbend.toml")).ok()
    }
}

const PLAIN: &str = r#"name = "riverbend"

# The five items that the council handed in: 1 to 4 here, 5 (groups and catalogues) below.
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee"
tenant_id = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00"

# Where the Web App is served.
origins = [
    "https://riverbend.enterprise.example",
]

[[catalogue]]
id = "planning"
title = "Planning"
project = "C:/Pozi/planning.qgz"  # check: nobody has said where the project is
read = [
    "02f1ea5a-8a90-454c-9ecb-df4562c6afd7",  # Planners
    "c255979a-a241-40f1-99ac-e1ac9c94a934",  # Works crew
]

[[catalogue]]
id = "assets"
title = "Assets"
project = "C:/Pozi/assets.qgz"  # check: nobody has said where the project is
read = [
    "c255979a-a241-40f1-99ac-e1ac9c94a934",  # Works crew
]
write = [
    "1f0ac082-247d-44fa-bcb6-667230cbf808",  # Asset officers
]
"#;

#[test]
fn writes_the_file_once_without_asking_if_told_so() {
    let mut trial = Trial::new(Some("plain.txt"));
    trial.args.consent.yes = true;
    let (exit, text) = trial.run(None).unwrap();
    assert_eq!(exit, Exit::Done);
    assert!(text.ends_with("\nwrote riverbend.toml; next: pozi push riverbend.toml\n"), "{text}");
    assert_eq!(trial.written().unwrap(), PLAIN);

    trial.args.from_mail = Some(folder().join("mails/two-tenants.txt"));
    assert_eq!(trial.run(None).unwrap().0, Exit::Wrong);
    trial.args.from_mail = Some(folder().join("mails/plain.txt"));
    assert!(matches!(trial.run(None), Err(NewError::Exists(_))));
    assert_eq!(trial.written().unwrap(), PLAIN);
}

#[test]
fn writes_nothing_unless_somebody_agrees() {
    let trial = Trial::new(Some("plain.txt"));
    for answers in [None, Some(""), Some("\n\nn\n"), Some("\n\n")] {
        let (exit, text) = trial.run(answers).unwrap();
        assert_eq!((exit, trial.written()), (Exit::Declined, None), "{answers:?}");
        assert!(
            text.ends_with("nothing was written: nobody agreed; --yes writes without asking\n"),
            "{text}"
        );
    }
    let (exit, text) = trial.run(Some("\nD:/Assets.qgz\ny\n")).unwrap();
    assert_eq!(
        (exit, text.as_str()),
        (Exit::Done, "\nwrote riverbend.toml; next: pozi push riverbend.toml\n")
    );
    let project = "project = \"C:/Pozi/assets.qgz\"  # check: nobody has said where the project is";
    assert_eq!(trial.written().unwrap(), PLAIN.replace(project, "project = \"D:/Assets.qgz\""));
}

const ANSWERS: &str = "\
gis.riverbend.internal
http://gis.riverbend.internal/pozi/
https://poziserver-riverbend.example/
https://poziserver-riverbend.example/pozi/
c3890382-ecc1-4cf0-adc1-1b349bbd71ee
the same
c3890382-ecc1-4cf0-adc1-1b349bbd71ee
cd0a0f9d-3505-4176-bcd0-75bdde12fd00

https://riverbend.enterprise.example/
https://riverbend.enterprise.example
http://localhost


Planning and zoning

Planners
Planners cd0a0f9d-3505-4176-bcd0-75bdde12fd00
Planners 02f1ea5a-8a90-454c-9ecb-df4562c6afd7, e098abcd-8f18-43ca-b18e-0ef34b3eae31

Planning & Zoning
Planning, and zoning
Parks
C:/Pozi/Planning-and-zoning.qgz
C:/Pozi/parks map.qgz
everyone-signed-in
Rangers (1f0ac082-247d-44fa-bcb6-667230cbf808)

y
";

#[test]
fn asks_for_everything_and_again_for_what_is_not_valid() {
    let trial = Trial::new(None);
    let (exit, text) = trial.run(Some(ANSWERS)).unwrap();
    assert_eq!(exit, Exit::Done, "{text}");
    let expected = r#"[[catalogue]]
id = "planning-and-zoning"
title = "Planning and zoning"
project = "C:/Pozi/planning-and-zoning.qgz"  # check: nobody has said where the project is
read = [
    "02f1ea5a-8a90-454c-9ecb-df4562c6afd7",  # Planners
    "e098abcd-8f18-43ca-b18e-0ef34b3eae31",
]
"#;
    let written = trial.written().unwrap();
    assert!(written.contains(expected), "{written}");
    assert!(written.contains("    \"http://localhost\",\n]\n"), "{written}");
}

/// Wherever the answers end, the program does too, and writes nothing.
#[test]
fn ends_where_the_answers_end() {
    for (end, _) in ANSWERS.match_indices('\n').take(ANSWERS.lines().count() - 1) {
        let trial = Trial::new(None);
        let (exit, _) = trial.run(Some(&ANSWERS[..=end])).unwrap();
        assert!(matches!(exit, Exit::Wrong | Exit::Declined));
        assert_eq!(trial.written(), None);
    }
}

#[test]
fn asks_which_id_is_which_if_they_may_be_swapped() {
    let mut trial = Trial::new(Some("swapped.txt"));
    trial.args.name = Some("riverbend".parse().unwrap());
    trial.args.origins = vec!["https://riverbend.enterprise.example".parse().unwrap()];
    assert_eq!(trial.run(None).unwrap().0, Exit::Wrong);
    let answers = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee\ncd0a0f9d-3505-4176-bcd0-75bdde12fd00\n\ny\n";
    assert_eq!(trial.run(Some(answers)).unwrap().0, Exit::Done);
    assert!(trial.written().unwrap().contains("client_id = \"c3890382-ecc1-4cf0-adc1-1b349bbd71ee\""));
}

#[test]
fn asks_whether_a_title_is_one_catalogue_or_two() {
    let ids =
        "Client ID c3890382-ecc1-4cf0-adc1-1b349bbd71ee\nTenant ID cd0a0f9d-3505-4176-bcd0-75bdde12fd00\n";
    let urls =
        "Internal URL http://gis.riverbend.internal/\nExternal URL https://poziserver-riverbend.example/\n";
    let group = "Planners 02f1ea5a-8a90-454c-9ecb-df4562c6afd7 can see Planning and Parks\n";
    for (answer, catalogues) in [("both\n1\n\n", 1), ("2\n\n\n", 2)] {
        let mut trial = Trial::new(None);
        let mail = trial.folder.path().join("mail.txt");
        fs::write(&mail, format!("{ids}{urls}{group}Origin: https://riverbend.enterprise.example\n"))
            .unwrap();
        trial.args.from_mail = Some(mail);
        trial.args.name = Some("riverbend".parse().unwrap());
        assert_eq!(trial.run(None).unwrap().0, Exit::Wrong);
        let (exit, text) = trial.run(Some(&format!("{answer}y\n"))).unwrap();
        assert_eq!(exit, Exit::Done, "{text}");
        assert_eq!(trial.written().unwrap().matches("[[catalogue]]").count(), catalogues);
    }
}

#[test]
fn takes_ids_from_a_file_of_groups_for_the_names_in_a_mail() {
    let mut trial = Trial::new(None);
    let (mail, groups) = (trial.folder.path().join("mail.txt"), trial.folder.path().join("groups.csv"));
    fs::write(&mail, "Planning: Planners\nParks: Planners, Rangers (edit)\nRoads: Strangers\n").unwrap();
    let ids = "Planners,02f1ea5a-8a90-454c-9ecb-df4562c6afd7\nRangers,1f0ac082-247d-44fa-bcb6-667230cbf808\n";
    fs::write(&groups, format!("displayName,id\n{ids}Others,e098abcd-8f18-43ca-b18e-0ef34b3eae31\n"))
        .unwrap();
    (trial.args.from_mail, trial.args.groups) = (Some(mail), Some(groups.clone()));
    let (_, text) = trial.run(None).unwrap();
    let expected = "\
catalogue  group     object id                             access
planning   Planners  02f1ea5a-8a90-454c-9ecb-df4562c6afd7  read
parks      Planners  02f1ea5a-8a90-454c-9ecb-df4562c6afd7  read
           Rangers   1f0ac082-247d-44fa-bcb6-667230cbf808  write
";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("Others") && !text.contains("roads"), "{text}");

    fs::write(&groups, "a,b\n").unwrap();
    assert!(matches!(trial.run(None), Err(NewError::Groups(..))));
    trial.args.groups = Some("nowhere.csv".into());
    assert!(matches!(trial.run(None), Err(NewError::Read(..))));
}
