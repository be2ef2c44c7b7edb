//! The rules about permissions: every role has exactly those that its function needs.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    expanded_template,
    expansion::Stack,
    permissions::{permissions, statements},
    prober::{PROBER, RELEASE},
    rule::{Deployment, Rule, differences},
};

/// Permissions in the format of [`permissions`]; `<issuer>` and `<any key>` are placeholders.
const TOKEN_EXCHANGE: [&str; 3] = [
    "dynamodb:BatchGetItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = claim#* keys#*",
    "dynamodb:Query on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = tenant#*",
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = ring revocations",
];
const TOKEN_EXCHANGE_SEALED: [&str; 1] = [
    "kms:Decrypt on ${SealingKey.Arn}, if StringEquals kms:EncryptionContext:issuer = <issuer>, kms:EncryptionContext:table = ${Table}",
];
const TOKEN_EXCHANGE_IN_KMS: [&str; 1] = [
    "kms:Sign on <any key>, if StringEquals aws:ResourceTag/pozi:ring = ${Table}, kms:MessageType = RAW DIGEST, kms:SigningAlgorithm = ECDSA_SHA_256 RSASSA_PKCS1_V1_5_SHA_256",
];
const TOKEN_EXCHANGE_GRAPH: [&str; 1] = [
    "secretsmanager:GetSecretValue on arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:pozi/graph/*",
];
const JWKS: [&str; 1] = [
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:Attributes = pk sk revision published, dynamodb:LeadingKeys = ring and Null dynamodb:Attributes = false and StringEqualsIfExists dynamodb:Select = SPECIFIC_ATTRIBUTES",
];
const ROTATE_KEYS: [&str; 4] = [
    "dynamodb:Scan on ${Table.Arn}",
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = ring revocations",
    "dynamodb:PutItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = ring revocations keys#*",
    "dynamodb:UpdateItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = keys#*",
];
const ROTATE_KEYS_SEALED: [&str; 1] = [
    "kms:Encrypt on ${SealingKey.Arn}, if StringEquals kms:EncryptionContext:issuer = <issuer>, kms:EncryptionContext:table = ${Table}",
];
const ROTATE_KEYS_IN_KMS: [&str; 4] = [
    "kms:CreateKey on *, if StringEquals aws:RequestTag/pozi:ring = ${Table}, kms:KeyUsage = SIGN_VERIFY",
    "kms:TagResource on *, if ForAllValues:StringEquals aws:TagKeys = pozi:ring and StringEquals aws:RequestTag/pozi:ring = ${Table}",
    "kms:GetPublicKey on <any key>, if StringEquals aws:ResourceTag/pozi:ring = ${Table}",
    "kms:ScheduleKeyDeletion on <any key>, if StringEquals aws:ResourceTag/pozi:ring = ${Table}",
];

const OPERATOR: [&str; 15] = [
    "dynamodb:Scan on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:Attributes = pk sk document previous revision external_url edited_by edited_at tenant site and Null dynamodb:Attributes = false and StringEqualsIfExists dynamodb:Select = SPECIFIC_ATTRIBUTES",
    "dynamodb:Query on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = history#*",
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = tenant#*",
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:Attributes = pk sk revision published states, dynamodb:LeadingKeys = ring and Null dynamodb:Attributes = false and StringEqualsIfExists dynamodb:Select = SPECIFIC_ATTRIBUTES",
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = revocations",
    "dynamodb:PutItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = revocations",
    "dynamodb:BatchGetItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = claim#*",
    "dynamodb:PutItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = tenant#* claim#* history#*",
    "dynamodb:UpdateItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = tenant#*",
    "dynamodb:DeleteItem on ${Table.Arn}, if ForAllValues:StringLike dynamodb:LeadingKeys = tenant#* claim#*",
    "lambda:InvokeFunction on ${RotateKeys.Arn}",
    "logs:StartQuery on ${TokenExchangeLog.Arn}",
    "logs:GetQueryResults on *",
    "logs:StopQuery on *",
    "cloudformation:DescribeStacks on ${AWS::StackId}",
];

const ANY_KEY: &str = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*";

/// Returns the permissions that a function's role should have.
fn expected(function: &str, deployment: &Deployment) -> BTreeSet<String> {
    let (always, keys): (&[&str], &[&str]) = match (function, deployment.keeps_keys_in_kms()) {
        ("Prober", _) => (&PROBER, &[]),
        ("TokenExchange", false) => (&TOKEN_EXCHANGE, &TOKEN_EXCHANGE_SEALED),
        ("TokenExchange", true) => (&TOKEN_EXCHANGE, &TOKEN_EXCHANGE_IN_KMS),
        ("Jwks", _) => (&JWKS, &[]),
        (_, false) => (&ROTATE_KEYS, &ROTATE_KEYS_SEALED),
        (_, true) => (&ROTATE_KEYS, &ROTATE_KEYS_IN_KMS),
    };
    let graph: &[&str] = match (function, deployment.reads_graph_secrets()) {
        ("TokenExchange", true) => &TOKEN_EXCHANGE_GRAPH,
        _ => &[],
    };
    let written = always.iter().chain(keys).chain(graph);
    let calls = written.map(|line| line.replace("<issuer>", deployment.issuer).replace("<any key>", ANY_KEY));
    // Every function writes its log.
    let logs =
        ["CreateLogStream", "PutLogEvents"].map(|call| format!("logs:{call} on ${{{function}Log.Arn}}"));
    calls.chain(logs).collect()
}

fn role_faults(stack: &Stack, deployment: &Deployment) -> Vec<String> {
    let mut faults = Vec::new();
    for function in ["TokenExchange", "Jwks", "RotateKeys", "Prober"] {
        let role = format!("{function}Role");
        faults.extend(differences(&role, permissions(stack, &role), expected(function, deployment)));
        if stack.properties(function)["Role"] != format!("${{{role}.Arn}}") {
            faults.push(format!("{function} does not have its own role"));
        }
        let trusted = statements(&stack.properties(&role)["AssumeRolePolicyDocument"]);
        let expected = ["Service = lambda.amazonaws.com: sts:AssumeRole".to_owned()];
        faults.extend(differences(&role, trusted, expected));
    }
    let schedule = permissions(stack, "ScheduleRole");
    let expected = ["lambda:InvokeFunction on ${RotateKeys.Arn} ${Prober.Arn}".to_owned()];
    faults.extend(differences("ScheduleRole", schedule, expected));
    faults.extend(differences("ReleaseRole", permissions(stack, "ReleaseRole"), RELEASE.map(str::to_owned)));
    let roles = stack.of_type("AWS::IAM::Role").map(|(name, _)| name).filter(|name| name.ends_with("Role"));
    let known =
        ["TokenExchangeRole", "JwksRole", "RotateKeysRole", "ProberRole", "ReleaseRole", "ScheduleRole"];
    faults.extend(differences("the stack", roles, known));
    let operator = statements(&stack.properties("OperatorPolicy")["PolicyDocument"]);
    faults.extend(differences("OperatorPolicy", operator, OPERATOR.map(str::to_owned)));
    for attachment in ["Roles", "Users", "Groups"] {
        if stack.properties("OperatorPolicy").get(attachment).is_some() {
            faults.push(format!("OperatorPolicy is attached to {attachment} of the stack itself"));
        }
    }
    let others = stack.of_type("AWS::IAM::").map(|(name, _)| name);
    let others = others.filter(|name| !name.ends_with("Role") && *name != "OperatorPolicy");
    let policies = others.filter(|name| {
        let attached = stack.resource(name)["Type"] == "AWS::IAM::RolePolicy";
        let role = stack.properties(name)["RoleName"].as_str().unwrap_or_default();
        !(attached && known.iter().any(|known| role == format!("${{{known}}}")))
    });
    faults.extend(policies.map(|name| format!("{name} grants permissions that no role's list contains")));
    faults
}

#[test]
fn every_role_has_exactly_the_permissions_that_its_function_needs() {
    let Some(expansion) = expanded_template() else { return };
    let first =
        |role: &str, at: usize| format!("/{role}/Properties/Policies/0/PolicyDocument/Statement/{at}");
    let lists = [first("TokenExchangeRole", 0), first("JwksRole", 0), first("RotateKeysRole", 0)];
    let list = |at: usize, member: &str| format!("{}/{member}", lists[at]);
    let opens = "/TokenExchangeOpensRing/Properties/PolicyDocument/Statement/0";
    let graph = "/TokenExchangeReadsGraphSecrets/Properties/PolicyDocument/Statement/0";
    let signs = "/TokenExchangeSignsInKms/Properties/PolicyDocument/Statement/0";
    let makes = "/RotateKeysLooksAfterKmsKeys/Properties/PolicyDocument/Statement/1";
    Rule {
        harm: "An attacker in one function could read, sign or delete what only another function may.",
        check: &role_faults,
        spoiled: &[
            (&list(0, "Action"), json!(["dynamodb:Query", "dynamodb:Scan"])),
            (&list(0, "Action"), json!("dynamodb:*")),
            (&list(0, "Resource"), json!("*")),
            (&list(0, "Condition"), json!(null)),
            (&format!("{}/Condition", first("TokenExchangeRole", 1)), json!(null)),
            (&list(1, "Condition/ForAllValues:StringEquals/dynamodb:Attributes/-"), json!("ring")),
            (&list(1, "Condition/Null"), json!(null)),
            (&list(2, "Action"), json!("dynamodb:Query")),
            (&format!("{opens}/Condition/StringEquals/kms:EncryptionContext:issuer"), json!(null)),
            (&format!("{opens}/Condition/StringEquals/kms:EncryptionContext:table"), json!(null)),
            (&format!("{opens}/Resource"), json!("*")),
            ("/TokenExchangeOpensRing/Condition", json!(null)),
            (&format!("{graph}/Resource"), json!("*")),
            (&format!("{graph}/Action"), json!("secretsmanager:*")),
            ("/TokenExchangeReadsGraphSecrets/Condition", json!(null)),
            ("/TokenExchangeReadsGraphSecrets/Properties/RoleName", json!({ "Ref": "JwksRole" })),
            (&format!("{signs}/Condition/StringEquals/aws:ResourceTag~1pozi:ring"), json!(null)),
            (&format!("{makes}/Condition/StringEquals"), json!(null)),
            ("/JwksRole/Properties/Policies", json!([])),
            ("/Jwks/Properties/Role", json!({ "Fn::GetAtt": ["TokenExchangeRole", "Arn"] })),
            ("/JwksRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal", json!({ "AWS": "*" })),
            (
                "/OperatorPolicy/Properties/PolicyDocument/Statement/3/Condition/ForAllValues:StringEquals/dynamodb:Attributes/-",
                json!("ring"),
            ),
            (
                "/OperatorPolicy/Properties/PolicyDocument/Statement/0/Condition/Null",
                json!(null),
            ),
            (
                "/OperatorPolicy/Properties/PolicyDocument/Statement/6/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys/-",
                json!("ring"),
            ),
            (
                "/OperatorPolicy/Properties/PolicyDocument/Statement/4/Condition/ForAllValues:StringEquals/dynamodb:LeadingKeys/-",
                json!("ring"),
            ),
            ("/OperatorPolicy/Properties/Roles", json!(["${TokenExchangeRole}"])),
            ("/Another", json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": {} })),
        ],
    }
    .check_all(expansion);
}

fn sealing_key_faults(stack: &Stack, deployment: &Deployment) -> Vec<String> {
    let name = "SealingKey";
    if deployment.keeps_keys_in_kms() {
        return stack
            .has(name)
            .then(|| "there is a sealing key although keys are kept in KMS".to_owned())
            .into_iter()
            .collect();
    }
    let key = stack.properties(name);
    let account = "AWS = arn:${AWS::Partition}:iam::${AWS::AccountId}:root";
    let context = format!(
        "kms:EncryptionContext:issuer = {}, kms:EncryptionContext:table = ${{Table}}",
        deployment.issuer
    );
    let by = |role: &str, call: &str| {
        format!(
            "{account}: kms:{call} on *, if ArnEquals aws:PrincipalArn = ${{{role}.Arn}} and StringEquals {context}"
        )
    };
    let (administer, used): (BTreeSet<_>, BTreeSet<_>) =
        statements(&key["KeyPolicy"]).into_iter().partition(|line| !line.contains(", if "));
    let expected = [by("TokenExchangeRole", "Decrypt"), by("RotateKeysRole", "Encrypt")];
    let mut faults = differences(name, used, expected);
    let usages =
        ["Encrypt", "Decrypt", "ReEncrypt", "GenerateData", "GenerateMac", "Sign", "CreateGrant", "*"];
    let for_all = administer.iter().filter(|line| {
        let call = line.strip_prefix(&format!("{account}: kms:")).and_then(|rest| rest.strip_suffix(" on *"));
        call.is_none_or(|call| call.contains('*') || usages.iter().any(|usage| call.starts_with(usage)))
    });
    faults.extend(for_all.map(|line| format!("{name} may be used by administrators: {line}")));
    let can = |call: &str| administer.contains(&format!("{account}: kms:{call} on *"));
    if !can("PutKeyPolicy") || !can("ScheduleKeyDeletion") {
        faults.push(format!("{name} cannot be administered"));
    }
    if key["EnableKeyRotation"] != true {
        faults.push(format!("{name} is never rotated"));
    }
    faults
}

#[test]
fn administrators_can_manage_the_sealing_key_but_not_use_it() {
    let Some(expansion) = expanded_template() else { return };
    let policy = "/SealingKey/Properties/KeyPolicy/Statement";
    Rule {
        harm: "An administrator of the account could decrypt the key ring and forge sessions for anyone.",
        check: &sealing_key_faults,
        spoiled: &[
            (&format!("{policy}/0/Action/-"), json!("kms:Decrypt")),
            (&format!("{policy}/0/Action/-"), json!("kms:CreateGrant")),
            (&format!("{policy}/0/Action"), json!("kms:*")),
            (&format!("{policy}/0/Action"), json!(["kms:DescribeKey"])),
            (&format!("{policy}/1/Condition/ArnEquals"), json!(null)),
            (&format!("{policy}/2/Condition/StringEquals"), json!(null)),
            (&format!("{policy}/2/Principal"), json!("*")),
            ("/SealingKey/Properties/EnableKeyRotation", json!(false)),
            ("/SealingKey/Condition", json!(null)),
        ],
    }
    .check_all(expansion);
}
