//! An emulated AWS that creates stacks and runs their functions, and what people do there.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use clap::Parser;
use entra_emulator::{EmulatedEntra, TokenSpec};
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    config::AwsConfig,
    timestamp::Clock,
};
use pozi_operator::{Args, World, plain, run};
use pozi_tests::{CREDENTIALS, PATIENT_LIMITS, built, serve, tools, venv};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The emulated AWS, with an emulated Entra that its functions ask. It ends with the test.
pub(crate) struct Cloud {
    process: Child,
    folder: TempDir,
    programs: PathBuf,
    sam: PathBuf,
    /// The URL of all its services.
    pub(crate) url: String,
    /// The emulated Entra.
    pub(crate) entra: EmulatedEntra,
}

/// A call: service, operation and arguments, as Python's library names them.
pub(crate) type Call = (&'static str, &'static str, Value);

/// The names and secrets by which AWS knows a caller.
pub(crate) type Credentials = Vec<(&'static str, String)>;

impl Cloud {
    /// Starts one, and compiles the functions. `None` if the tools cannot be installed.
    pub(crate) async fn start() -> Option<Self> {
        let sam = tools()?.join("sam");
        let programs = venv::with("stack/requirements.txt", "stack")?;
        assert!(built()?.status.success(), "{}", String::from_utf8_lossy(&built()?.stderr));
        let (entra, entra_url) = serve().await;
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(programs.join("python"))
            .arg(Path::new(ROOT).join("tests/stack/aws.py"))
            .envs(CREDENTIALS)
            .env("TMPDIR", folder.path()) // the functions' programs are unpacked there
            .env("POZI_ENTRA_LOGIN_URL", entra_url) // each function gets it from the emulated AWS
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let url = format!("http://127.0.0.1:{}", port.trim());
        let cloud = Self { process, folder, programs, sam, url, entra };
        cloud.wait().await;
        Some(cloud)
    }

    /// Waits until it answers. It prints its port before it listens.
    async fn wait(&self) {
        let client = reqwest::Client::new();
        while client.get(&self.url).send().await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// The credentials of the account's owner.
    pub(crate) fn owner() -> Credentials {
        CREDENTIALS.map(|(name, value)| (name, value.to_owned())).into()
    }

    /// Calls `operation` of `service` as the account's owner.
    pub(crate) fn call(&self, service: &'static str, operation: &'static str, arguments: Value) -> Value {
        let mut answers = self.calls(&Self::owner(), &[(service, operation, arguments)]);
        answers.remove(0).unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
    }

    /// Makes `calls` one after the other, and returns the answer of each or its error's code.
    pub(crate) fn calls(&self, caller: &Credentials, calls: &[Call]) -> Vec<Result<Value, String>> {
        let mut python = Command::new(self.programs.join("python"))
            .arg(Path::new(ROOT).join("tests/stack/call.py"))
            .envs(caller.iter().map(|(name, value)| (name, value)))
            .envs([("AWS_ENDPOINT_URL", &*self.url), ("AWS_DEFAULT_REGION", CREDENTIALS[0].1)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        python.stdin.take().unwrap().write_all(json!(calls).to_string().as_bytes()).unwrap();
        let answers: Vec<Value> = serde_json::from_slice(&python.wait_with_output().unwrap().stdout).unwrap();
        let result = |mut answer: Value| match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["answer"].take()),
        };
        answers.into_iter().map(result).collect()
    }

    /// Runs SAM with `arguments` in the project's folder. The error is its output.
    pub(crate) fn sam(&self, arguments: &[&str]) -> Result<String, String> {
        let Output { status, stdout, stderr } = Command::new(&self.sam)
            .args(arguments)
            .current_dir(ROOT)
            .envs(CREDENTIALS)
            .envs([
                ("AWS_ENDPOINT_URL", &*self.url),
                ("AWS_DEFAULT_REGION", CREDENTIALS[0].1),
                ("SAM_CLI_TELEMETRY", "0"),
                ("SAM_CLI_CHECK_UPDATE", "0"),
            ])
            .output()
            .unwrap();
        let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        if status.success() { Ok(said) } else { Err(said) }
    }

    /// Invokes a function with `event`, and returns its answer or its error.
    pub(crate) fn invoke(&self, function: &str, event: &Value) -> Result<Value, Value> {
        let asked = json!({ "FunctionName": function, "Payload": event.to_string() });
        let answer = self.call("lambda", "invoke", asked);
        let payload = serde_json::from_str(answer["Payload"].as_str().unwrap()).unwrap();
        if answer["FunctionError"].is_null() { Ok(payload) } else { Err(payload) }
    }

    /// Ends all instances of functions, so that the next requests start new ones, without anything in memory.
    pub(crate) fn end_instances(&self) {
        let ended =
            Command::new("pkill").args(["-KILL", "-f", self.folder.path().to_str().unwrap()]).status();
        assert!(ended.unwrap().success(), "no function was running");
    }

    /// Returns the outputs of a stack.
    pub(crate) fn outputs(&self, stack: &str) -> BTreeMap<String, String> {
        let described = self.call("cloudformation", "describe_stacks", json!({ "StackName": stack }));
        let outputs = described["Stacks"][0]["Outputs"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        outputs.iter().map(|output| (text(&output["OutputKey"]), text(&output["OutputValue"]))).collect()
    }

    /// Returns the name of a stack's resource.
    pub(crate) fn resource(&self, stack: &str, logical: &str) -> String {
        let asked = json!({ "StackName": stack, "LogicalResourceId": logical });
        let described = self.call("cloudformation", "describe_stack_resource", asked);
        described["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned()
    }

    /// Runs the operator's program as `caller`.
    pub(crate) async fn pozi(&self, caller: &Credentials, words: &[&str]) -> Result<String, String> {
        let variable = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some(self.url.clone()),
            "AWS_REGION" => Some(CREDENTIALS[0].1.to_owned()),
            _ => caller.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
        };
        let config = AwsConfig { limits: PATIENT_LIMITS, ..AwsConfig::read(variable).unwrap() };
        let args = Args::parse_from([&["pozi"], words].concat());
        let mut world = World::emulated(connection(&config), None);
        let outcome = Box::pin(run(&args, &mut world)).await;
        outcome.0.map(|output| output.plain()).map_err(|error| plain(&error.text()))
    }

    /// A reader's token, as Entra issues it now.
    pub(crate) fn token(&self) -> String {
        self.entra.token(&TokenSpec::default(), SystemClock.now().unix_seconds()).unwrap()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}
