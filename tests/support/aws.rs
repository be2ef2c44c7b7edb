//! An emulated AWS, with a table and a sealing key as the template makes them.

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
use pozi_auth::{
    adapters::aws::connection,
    config::{AwsConfig, CallLimits},
};

use crate::tools;

/// The credentials that the emulated AWS is asked with; it takes any.
pub const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "emulated"),
    ("AWS_SECRET_ACCESS_KEY", "emulated"),
];

/// For how long what is emulated is waited for, also on a busy machine. An attempt may last as long as a call: one that is
/// made again meets what the first has done, and is one more in a test that counts them.
pub const PATIENT: CallLimits = CallLimits {
    connect: Duration::from_mins(1),
    attempt: Duration::from_mins(1),
    call: Duration::from_mins(1),
};

/// The emulated AWS, one for all tests of a program; it ends with the program.
#[derive(Debug)]
pub struct EmulatedAws {
    /// Its end of the pipe must live as long as the program.
    _process: Child,
    url: String,
}

impl EmulatedAws {
    /// Starts it, where it does not run yet. `None` where the tools cannot be had, as [`tools`] says.
    pub fn running() -> Option<&'static Self> {
        static RUNNING: OnceLock<Option<EmulatedAws>> = OnceLock::new();
        RUNNING.get_or_init(|| tools().map(|programs| Self::start(&programs))).as_ref()
    }

    #[expect(
        clippy::expect_used,
        reason = "a test that cannot have its AWS fails, which is what panics are for"
    )]
    fn start(programs: &Path) -> Self {
        let mut process = Command::new(programs.join("python"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/aws.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the emulated AWS starts");
        let mut port = String::new();
        let answers = process.stdout.take().expect("it was piped");
        BufReader::new(answers).read_line(&mut port).expect("it says its port");
        let port: u16 = port.trim().parse().expect("the emulated AWS says its port");
        Self { _process: process, url: format!("http://127.0.0.1:{port}") }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A table of its own, as the template makes one.
    ///
    /// # Panics
    /// When it cannot be made.
    #[expect(clippy::expect_used, reason = "as above")]
    pub async fn table(&self) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("pozi-{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let client = aws_sdk_dynamodb::Client::new(&connection(&aws_at(&self.url)));
        let attribute = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().expect("it is whole")
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("it is whole")
        };
        let made = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("pk"))
            .attribute_definitions(attribute("sk"))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range));
        made.send().await.expect("a table can be made");
        name
    }

    /// The ARN of a key that seals.
    ///
    /// # Panics
    /// When it cannot be made.
    #[expect(clippy::expect_used, reason = "as above")]
    pub async fn sealing_key(&self) -> String {
        let client = aws_sdk_kms::Client::new(&connection(&aws_at(&self.url)));
        let made = client.create_key().send().await.expect("a key can be made");
        made.key_metadata.and_then(|metadata| metadata.arn).expect("it has a name")
    }
}

/// How an AWS at `url` is reached, by whoever is [`PATIENT`].
///
/// # Panics
/// When `url` is not one on this machine.
#[expect(clippy::expect_used, reason = "as above")]
pub fn aws_at(url: &str) -> AwsConfig {
    let var = |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some(url.to_owned()),
        _ => CREDENTIALS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    };
    let config = AwsConfig::read(var).expect("the emulated AWS is on this machine");
    AwsConfig { limits: PATIENT, ..config }
}
