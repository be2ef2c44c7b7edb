//! Sites that are pulled, edited, compared, rolled back, renamed, moved and removed, also by two operators at once.

use std::{fs, path::Path};

use pozi_auth::{
    adapters::aws::{Table, connection},
    revision::Revision,
    sites::Site,
    tenants::{AllTenants, Holder, Parts, SiteHistory, SiteStore, SiteStoreError, TenantSource},
};
use pozi_operator::{
    CommandError, Exit,
    site::{SiteCommandError, StoreError},
};
use pozi_tests::{EmulatedAws, Fleet, aws_at, edit, exchanged};

use super::{files, on_disk, outcome, told};

/// A fleet with the sample sites pushed by the command, and the folder of their files.
async fn pushed() -> Option<(Fleet, tempfile::TempDir)> {
    let fleet = Fleet::without_sites().await?;
    let folder = on_disk();
    told(&["push", "--yes", "--table", &fleet.table, path(folder.path())]).await.unwrap();
    Some((fleet, folder))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn stored(fleet: &Fleet, name: &str) -> (Revision, String) {
    let all = fleet.store().all().await.unwrap();
    let site = all.into_iter().flat_map(|(_, sites)| sites).find(|site| site.name == name).unwrap();
    (site.revision, site.document)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_file_is_pushed_unless_a_colleague_was_faster() {
    let Some((fleet, _)) = pushed().await else { return };
    let (mine, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&mine, &theirs] {
        told(&["pull", "--table", &fleet.table, "--folder", path(folder.path()), "riverbend"]).await.unwrap();
    }
    let edited = |folder: &tempfile::TempDir, by: &str| {
        let file = folder.path().join("riverbend.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n# {by}\n")).unwrap();
        file
    };
    let (my_file, their_file) = (edited(&mine, "mine"), edited(&theirs, "theirs"));
    told(&["push", "--yes", "--table", &fleet.table, path(&their_file)]).await.unwrap();
    assert!(fs::read_to_string(&their_file).unwrap().starts_with("# pozi: edited from revision 2\n"));

    let refused = told(&["push", "--yes", "--table", &fleet.table, path(&my_file)]).await.unwrap_err();
    assert!(
        refused.contains("this was edited from revision 1, and revision 2 is stored, stored "),
        "{refused}"
    );
    assert!(refused.contains("see `pozi diff riverbend --from 1`"), "{refused}");
    let (revision, document) = stored(&fleet, "riverbend").await;
    assert_eq!((revision, document), (Revision(2), format!("{}\n# theirs\n", files()[0].text)));

    let kept =
        outcome(&["pull", "--table", &fleet.table, "--folder", path(mine.path()), "riverbend"], None).await;
    assert_eq!(kept.0.unwrap().exit(), Exit::Declined, "my change is not overwritten");
    let pull = ["pull", "--overwrite", "--table", &fleet.table, "--folder", path(mine.path()), "riverbend"];
    told(&pull).await.unwrap();
    edited(&mine, "mine, again");
    told(&["push", "--yes", "--table", &fleet.table, path(&my_file)]).await.unwrap();
    assert_eq!(stored(&fleet, "riverbend").await.0, Revision(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_asks_and_writes_nothing_unless_somebody_agrees() {
    let Some((fleet, folder)) = pushed().await else { return };
    let file = folder.path().join("riverbend.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("read = [", "read = \"everyone-signed-in\" # [", 1)).unwrap();
    let push = ["push", "--table", &fleet.table, path(&file)];
    for answer in ["n", "", "perhaps", "no"] {
        let declined = outcome(&push, Some(answer)).await.0.unwrap();
        assert_eq!(declined.exit(), Exit::Declined);
        assert!(declined.plain().ends_with("Nothing was written.\n"), "{}", declined.plain());
    }
    let nobody = outcome(&push, None).await.0.unwrap_err();
    assert!(
        matches!(&nobody, CommandError::Site(SiteCommandError::NobodyToAsk { preview }) if preview.contains("Gains"))
    );
    let careful = [&push[..], &["--yes", "--only-if-nobody-gains"]].concat();
    let careful = outcome(&careful, None).await.0.unwrap();
    assert_eq!(careful.exit(), Exit::Declined);
    assert!(careful.plain().contains("because somebody would gain access"), "{}", careful.plain());
    assert_eq!(stored(&fleet, "riverbend").await.0, Revision(1));
    let done = outcome(&push, Some("yes\n")).await.0.unwrap();
    assert_eq!(done.plain(), "riverbend: updated from revision 1 to 2\n");
    assert_eq!(done.json()["sites"][0]["change"], "replaces");
    assert_eq!(outcome(&push, None).await.0.unwrap().json()["state"], "unchanged", "and nobody is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_rolled_back_and_its_history_says_who_did_what() {
    let Some((fleet, folder)) = pushed().await else { return };
    let table = ["--table", &*fleet.table];
    let file = folder.path().join("riverbend.toml");
    let first = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{first}\n# The second.\n")).unwrap();
    told(&[&["push", "--yes", path(&file)][..], &table].concat()).await.unwrap();
    let back = told(&[&["rollback", "--yes", "riverbend"][..], &table].concat()).await.unwrap();
    assert_eq!(back, "riverbend: rolled back to revision 1, from revision 2 to 3\n");
    assert_eq!(stored(&fleet, "riverbend").await, (Revision(3), first));

    let history = told(&[&["history", "riverbend"][..], &table].concat()).await.unwrap();
    let rows: Vec<Vec<&str>> = history.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["REVISION", "STORED", "BY", "WHAT"]);
    let numbers: Vec<_> = rows[1..].iter().map(|row| row[0]).collect();
    assert_eq!(numbers, ["3", "2", "1"], "{history}");
    assert_eq!(rows[1][5..], ["rolled", "back", "to", "revision", "1"], "{history}");
    assert!(rows[1..].iter().all(|row| row[4].contains('/')), "{history}");

    let diff =
        told(&[&["diff", "riverbend", "--from", "1", "--to", "2"][..], &table].concat()).await.unwrap();
    assert!(diff.contains("+# The second.") && diff.contains("Nobody gains or loses access."), "{diff}");
    for (words, says) in [
        (vec!["rollback", "--yes", "--to", "9", "riverbend"], "riverbend has no revision 9 in its history"),
        (vec!["show", "nowhere"], "no site is named nowhere; the sites are riverbend, saltmarsh"),
        (vec!["diff", "a.toml", "--from", "1"], "`a.toml` is not a site's name"),
        (vec!["move", "--yes", "riverbend"], "say where to move the site"),
    ] {
        let error = told(&[&words[..], &table].concat()).await.unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_site_keeps_its_people_and_its_old_name_is_free() {
    let Some((fleet, _)) = pushed().await else { return };
    let table = ["--table", &*fleet.table];
    let done = told(&[&["rename", "--yes", "riverbend", "longford"][..], &table].concat()).await.unwrap();
    assert!(
        done.starts_with("riverbend: renamed from riverbend to longford, from revision 1 to 2\n"),
        "{done}"
    );
    let exchange = fleet.exchange();
    assert_eq!(exchanged(&exchange, &fleet.token()).await.status, 200);
    let tenant = files()[0].compile().unwrap().tenant();
    let record = fleet.store().record_of(tenant, Parts::Sites).await.unwrap();
    assert_eq!(record.sites.len(), 1);
    assert_eq!((&*record.sites[0].name, record.sites[0].revision), ("longford", Revision(2)));
    assert!(record.sites[0].holds_its_claims(tenant));
    let history = |name: &str| {
        let (store, site) = (fleet.store(), Holder { tenant, site: name.to_owned() });
        async move { store.history(&site).await.unwrap() }
    };
    let (old, new) = (history("riverbend").await, history("longford").await);
    assert_eq!((old.len(), new.len()), (2, 1));
    assert!(old[0].document.is_none() && new[0].document.is_some());

    let taken =
        told(&[&["rename", "--yes", "longford", "saltmarsh"][..], &table].concat()).await.unwrap_err();
    assert!(taken.contains("the name `saltmarsh` is claimed by another site"), "{taken}");
    let text = files()[1].text.replace("name = \"saltmarsh\"", "name = \"riverbend\"");
    let file = tempfile::tempdir().unwrap();
    fs::write(file.path().join("r.toml"), text.replace("poziserver-saltmarsh", "poziserver-new")).unwrap();
    // The registration is saltmarsh's, so this only shows that the name is free.
    let refused = told(&[&["push", "--yes", path(file.path())][..], &table].concat()).await.unwrap_err();
    assert!(!refused.contains("name is"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_moves_to_another_address_or_tenant_with_its_claims() {
    let Some((fleet, _)) = pushed().await else { return };
    let table = ["--table", &*fleet.table];
    let address = "https://maps-riverbend.example/pozi/";
    let moved = told(&[&["move", "--yes", "--external-url", address, "riverbend"][..], &table].concat())
        .await
        .unwrap();
    assert!(moved.contains(&format!("moved to external_url {address}")), "{moved}");
    assert!(moved.contains("pozi gate config riverbend") && moved.contains("Application ID URI"), "{moved}");
    let (tenant, client) = ("3f2b8c1e-6f0d-4c55-9d8c-1f4d6a7b8c90", "5a6b7c8d-1e2f-4a3b-8c4d-5e6f7a8b9c0d");
    let words = ["move", "--yes", "--tenant", tenant, "--client", client, "riverbend"];
    let moved = told(&[&words[..], &table].concat()).await.unwrap();
    assert!(moved.contains("group ids of the old tenant open nothing"), "{moved}");
    let record = fleet.store().record_of(tenant.parse().unwrap(), Parts::Sites).await.unwrap();
    let site = Site::parse(&record.sites[0].document).unwrap();
    assert_eq!((site.external_url.as_str(), site.expected.client.to_string()), (address, client.to_owned()));
    assert!(record.sites[0].holds_its_claims(tenant.parse().unwrap()));
    let old = fleet.store().record_of(files()[0].compile().unwrap().tenant(), Parts::Sites).await.unwrap();
    assert!(old.sites.is_empty());
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.refusal().1, "unknown_tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_removed_only_by_its_name_and_can_be_pushed_again() {
    let Some((fleet, folder)) = pushed().await else { return };
    let remove = ["remove", "--table", &fleet.table, "riverbend"];
    for answers in [Some("yes"), Some("saltmarsh"), Some("\n")] {
        let kept = outcome(&remove, answers).await.0.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(kept.exit(), Exit::Declined);
    }
    assert!(told(&remove).await.unwrap_err().contains("nobody is there to ask"));
    let removed = outcome(&remove, Some("riverbend\n")).await.0.unwrap();
    assert!(removed.plain().starts_with("riverbend: removed."), "{}", removed.plain());
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.refusal().1, "unknown_tenant");
    let again = told(&["push", "--yes", "--table", &fleet.table, path(folder.path())]).await.unwrap();
    assert!(again.contains("riverbend: created as revision 3\n"), "{again}");
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
    let history = told(&["history", "--table", &fleet.table, "riverbend"]).await.unwrap();
    assert_eq!(history.lines().count(), 4, "{history}");
}

/// One renames, moves, removes or pushes what the other does at the same moment: one of them is told to look again, and the
/// site is as one of them wanted it.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_at_once_one_changes_the_site() {
    if EmulatedAws::running().is_none() {
        return;
    }
    let changes = [
        vec!["rename", "--yes", "riverbend", "longford"],
        vec!["move", "--yes", "--external-url", "https://maps-riverbend.example/pozi/", "riverbend"],
        vec!["remove", "--confirm", "riverbend", "riverbend"],
        vec!["rollback", "--yes", "--to", "1", "riverbend"],
    ];
    for one in &changes {
        for other in &changes {
            let aws = EmulatedAws::running().unwrap();
            let name = aws.table().await;
            let table = Table::new(&connection(&aws_at(aws.url())), &name);
            for file in files() {
                let site = file.compile().unwrap();
                table.put(&site, &file.text, None, &edit()).await.unwrap();
            }
            let first = [&one[..], &["--table", &name]].concat();
            let second = [&other[..], &["--table", &name]].concat();
            let (first, second) = tokio::join!(outcome(&first, None), outcome(&second, None));
            let done = [&first, &second].into_iter().filter(|outcome| outcome.0.is_ok()).count();
            assert!(done >= 1, "{one:?} {other:?}: {first:?} {second:?}");
            for error in [first.0, second.0].into_iter().filter_map(Result::err) {
                let is_told = matches!(
                    &error,
                    CommandError::Site(
                        SiteCommandError::Store { source: StoreError::Refused(SiteStoreError::Conflict), .. }
                            | SiteCommandError::Lookup(_)
                    )
                );
                assert!(is_told, "{one:?} {other:?}: {}", error.text());
            }
            let all = table.all().await.unwrap();
            for (tenant, site) in
                all.iter().flat_map(|(tenant, sites)| sites.iter().map(|site| (*tenant, site)))
            {
                assert!(site.holds_its_claims(tenant), "{one:?} {other:?}: {site}");
            }
        }
    }
}
