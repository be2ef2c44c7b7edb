//! The service as the command line names it, and AWS's errors in sentences.

use clap::Parser;
use pozi_auth::{adapters::aws::connection, config::AwsConfig};
use pozi_operator::{Args, Exit, World, run};
use pozi_tests::{EmulatedAws, Fleet, ISSUER, aws_at};

use super::told;

async fn failed(words: &[&str], config: &AwsConfig) -> String {
    let args = Args::parse_from([&["pozi"], words].concat());
    let mut world = World::emulated(connection(config), None);
    Box::pin(run(&args, &mut world)).await.0.unwrap_err().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_aws_are_one_sentence_with_the_fix() {
    let Some(aws) = EmulatedAws::running() else { return };
    let here = aws_at(aws.url());
    for (words, says) in [
        (vec!["list"], "name the service with --stack NAME (or POZI_STACK), or its table with --table NAME"),
        (
            vec!["list", "--table", "nothing"],
            "there is no such table or function in this region; check --table or --stack, and --region",
        ),
        (
            vec!["list", "--stack", "nothing"],
            "there is no such stack in this region; check --stack and --region",
        ),
    ] {
        assert_eq!(failed(&words, &here).await, says);
    }
    let nowhere = aws_at("http://127.0.0.1:1");
    let error = failed(&["list", "--table", "t"], &nowhere).await;
    assert!(
        error.starts_with("AWS does not answer (") && error.ends_with("check the network and --region"),
        "{error}"
    );
}

/// Creates a stack with the outputs of the template that the program reads.
async fn stack(fleet: &Fleet, name: &str) {
    let template = format!(
        r#"{{"Resources": {{"Any": {{"Type": "AWS::SNS::Topic"}}}},
            "Outputs": {{"TableName": {{"Value": "{}"}}, "Issuer": {{"Value": "{ISSUER}"}}}}}}"#,
        fleet.table
    );
    let aws = connection(&aws_at(EmulatedAws::running().unwrap().url()));
    let client = aws_sdk_cloudformation::Client::new(&aws);
    client.create_stack().stack_name(name).template_body(template).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_names_the_table_and_the_issuer() {
    let Some(fleet) = Fleet::sealed().await else { return };
    stack(&fleet, "pozi-test").await;
    let listed = told(&["list", "--stack", "pozi-test"]).await.unwrap();
    assert!(listed.contains("riverbend"), "{listed}");
    let missing = told(&["audit", "--since", "1h", "--stack", "pozi-test"]).await.unwrap_err();
    assert!(missing.starts_with("the stack pozi-test has no output AuditLogGroup;"), "{missing}");

    let args = Args::parse_from(["pozi", "doctor", "riverbend", "--stack", "pozi-test"]);
    let mut world = World::emulated(connection(&aws_at(EmulatedAws::running().unwrap().url())), None);
    world.entra_login = Some(fleet.entra.url().parse().unwrap());
    let found = Box::pin(run(&args, &mut world)).await.0.unwrap();
    assert_eq!(found.exit(), Exit::Wrong, "nothing answers at the addresses of the samples");
    let text = found.plain();
    for says in ["✓ Site document: revision 1, no errors", "✓ Directory (tenant) ID: ", ISSUER] {
        assert!(text.contains(says), "{says}: {text}");
    }
}
