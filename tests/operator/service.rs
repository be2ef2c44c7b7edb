//! The service as the command line names it, and AWS's errors in sentences.

use clap::Parser;
use pozi_auth::{adapters::aws::connection, config::AwsConfig};
use pozi_operator::{Args, World, run};
use pozi_tests::{EmulatedAws, Fleet, aws_at};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_names_the_table() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let template = format!(
        r#"{{"Resources": {{"Any": {{"Type": "AWS::SNS::Topic"}}}}, "Outputs": {{"TableName": {{"Value": "{}"}}}}}}"#,
        fleet.table
    );
    let aws = connection(&aws_at(EmulatedAws::running().unwrap().url()));
    let client = aws_sdk_cloudformation::Client::new(&aws);
    client.create_stack().stack_name("pozi-test").template_body(template).send().await.unwrap();
    let listed = told(&["list", "--stack", "pozi-test"]).await.unwrap();
    assert!(listed.contains("riverbend"), "{listed}");
}
