//! How a QGIS process is started: its environment is made from nothing, so that no variable of the machine opens another way in.

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{DirBuilderExt, PermissionsExt},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::ProcessesConfig;

/// Bounds the memory and becomes the program, whose process id stays the shell's. Where the bound cannot be set nothing starts.
const BOUNDED: &str = r#"ulimit -v "$1" && shift && exec "$@""#;

/// What the names of sockets end in.
const SOCKET: &str = "sock";

/// Makes the folder of sockets, without those of an earlier gate.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    make_private(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == SOCKET) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes `folder` where it is missing, and lets only its owner, the gate's user, enter it.
fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// A socket of a process. Its file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A folder that is gone has no file either.
        let _ = fs::remove_file(&self.path);
    }
}

/// A socket that listens, for the process `number` that is started for the `start`th time. Each has a new one: connections that
/// wait for one that died end at once, and no later process does what was meant for it.
pub(super) fn listen(
    config: &ProcessesConfig,
    number: usize,
    start: u64,
) -> io::Result<(Socket, UnixListener)> {
    let path = config.folder.join(format!("{number}.{start}.{SOCKET}"));
    let listener = UnixListener::bind(&path)?;
    Ok((Socket { path }, listener))
}

/// The process `number`, which will accept from `listener` as its standard input (`FastCGI` Specification 1.0 §2.2).
pub(super) fn command(
    config: &ProcessesConfig,
    number: usize,
    listener: UnixListener,
) -> io::Result<Command> {
    let home = config.folder.join(number.to_string());
    make_private(&home)?;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", BOUNDED, "sh"])
        .arg((config.memory / 1024).to_string())
        .arg(&config.program)
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .current_dir(&home)
        // An interrupt from the keyboard ends the gate, which lets its requests end first.
        .process_group(0)
        .kill_on_drop(true);
    set_environment(&mut command, config, &home);
    Ok(command)
}

fn set_environment(command: &mut Command, config: &ProcessesConfig, home: &Path) {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .envs(["HOME", "TMPDIR", "XDG_RUNTIME_DIR"].map(|name| (name, home)))
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("QGIS_SERVER_LOG_STDERR", "1")
        .env("QGIS_SERVER_LOG_LEVEL", "1")
        // Else one layer that cannot be opened makes every request of its project fail.
        .env("QGIS_SERVER_IGNORE_BAD_LAYERS", "1")
        .envs((!config.prints).then_some(("QGIS_SERVER_DISABLE_GETPRINT", "1")))
        .envs(config.project.iter().map(|project| ("QGIS_PROJECT_FILE", project)))
        .envs(&config.variables);
}
