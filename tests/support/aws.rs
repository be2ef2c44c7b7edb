//! An emulated AWS, with tables and KMS keys as the template makes them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    config::{AwsConfig, CallLimits},
    tenants::Edit,
    timestamp::Clock,
};

use crate::tools;

/// Credentials for the emulated AWS, which accepts any.
pub const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "emulated"),
    ("AWS_SECRET_ACCESS_KEY", "emulated"),
];

/// Timeouts for calls to the emulated AWS, long enough for a busy machine. An attempt may take as long as a call: a retry
/// would meet the result of the first attempt, and add a call for tests that count them.
pub const PATIENT_LIMITS: CallLimits = CallLimits {
    connect: Duration::from_mins(1),
    attempt: Duration::from_mins(1),
    call: Duration::from_mins(1),
};

/// The emulated AWS, one for all tests of a process; it ends with the process.
#[derive(Debug)]
pub struct EmulatedAws {
    /// Keeps the pipe open: the emulated AWS ends when its standard input does.
    _process: Child,
    url: String,
}

impl EmulatedAws {
    /// Returns the emulated AWS, started on first use. `None` if [`tools`] cannot be installed.
    pub fn running() -> Option<&'static Self> {
        static RUNNING: OnceLock<Option<EmulatedAws>> = OnceLock::new();
        RUNNING.get_or_init(|| tools().map(|programs| Self::start(&programs))).as_ref()
    }

    fn start(programs: &Path) -> Self {
        let mut process = Command::new(programs.join("python"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/aws.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the emulated AWS starts");
        let mut port = String::new();
        let stdout = process.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut port).expect("the emulated AWS prints its port");
        let port: u16 = port.trim().parse().expect("the port is a number");
        Self { _process: process, url: format!("http://127.0.0.1:{port}") }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates a table with the template's keys, and returns its name.
    pub async fn table(&self) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("pozi-{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let client = aws_sdk_dynamodb::Client::new(&connection(&aws_at(&self.url)));
        let attribute = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().expect("every field is set")
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .expect("every field is set")
        };
        let made = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("pk"))
            .attribute_definitions(attribute("sk"))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range));
        made.send().await.expect("the table is created");
        name
    }

    /// Creates a symmetric KMS key, and returns its ARN.
    pub async fn sealing_key(&self) -> String {
        let client = aws_sdk_kms::Client::new(&connection(&aws_at(&self.url)));
        let made = client.create_key().send().await.expect("the key is created");
        made.key_metadata.and_then(|metadata| metadata.arn).expect("the key has an ARN")
    }
}

impl EmulatedAws {
    /// Creates a KMS key like that of the prober's tenant, and returns its ARN.
    pub async fn probe_key(&self) -> String {
        let client = aws_sdk_kms::Client::new(&connection(&aws_at(&self.url)));
        let made = client.create_key().key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify);
        let made = made.send().await.expect("the key is created");
        made.key_metadata.and_then(|metadata| metadata.arn).expect("the key has an ARN")
    }
}

/// Returns a change of a stored site, made now by a tester.
pub fn edit() -> Edit {
    Edit { by: "user/tester".to_owned(), at: SystemClock.now(), note: None }
}

/// Returns the configuration for an AWS at `url`, with [`PATIENT_LIMITS`].
pub fn aws_at(url: &str) -> AwsConfig {
    let var = |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some(url.to_owned()),
        _ => CREDENTIALS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    };
    let config = AwsConfig::read(var).expect("the emulated AWS is on this machine");
    AwsConfig { limits: PATIENT_LIMITS, ..config }
}
