//! QGIS Server, where it is installed: a process of its own for every picture, pinned by its environment to the project of
//! one catalogue, so that nothing in a request can lead it to another.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use pozi_auth::sites::{Catalogue, CatalogueId, Site, SiteName};
use tokio::{
    io::AsyncReadExt,
    process::Command,
    sync::Semaphore,
    time::{error::Elapsed, timeout},
};

use super::{
    cgi::{NoPicture, picture},
    colour::Colour,
    sample::map_of,
    view::View,
};

/// Where Debian's package `qgis-server` puts it.
const PROGRAM: &str = "/usr/lib/cgi-bin/qgis_mapserv.fcgi";
/// The project of every catalogue: what tells one from another stands in the data beside it, so that no text of a site's
/// file is ever part of a project.
const PROJECT: &str = include_str!("../../maps/project.qgs");
/// Each takes a core for a second, and some 200 MB.
const AT_ONCE: usize = 2;
const LIMIT: Duration = Duration::from_secs(20);
/// More than a picture of the largest size takes, uncompressed.
const MOST_BYTES: u64 = 20 * 1024 * 1024;
/// In KiB, of address space. Without it one odd request takes all there is, and the kernel ends somebody else.
const MEMORY: &str = "4000000";
/// What the program may write to beside its answer. No site's name begins so.
const HOME: &str = "_home";
/// What the program says of its last picture, beside the project.
const LOG: &str = "qgis.log";

/// Whether QGIS Server is installed on this machine.
pub fn qgis_is_installed() -> bool {
    Path::new(PROGRAM).is_file()
}

/// What draws the maps here, for a person at a terminal.
pub(crate) fn drawn_by() -> &'static str {
    if qgis_is_installed() { "drawn by QGIS Server" } else { "no picture: QGIS Server is not installed" }
}

/// QGIS Server with the sample projects of all catalogues.
#[derive(Debug)]
pub struct Qgis {
    /// The program and its arguments.
    program: Vec<String>,
    limit: Duration,
    folder: PathBuf,
    turns: Semaphore,
}

/// The sample projects could not be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NotPrepared(io::Error);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(super) enum DrawError {
    #[error("QGIS Server does not run: {0}")]
    Run(#[from] io::Error),
    #[error("QGIS Server took too long")]
    TooSlow(#[from] Elapsed),
    #[error("QGIS Server wrote more than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("QGIS Server drew nothing: {0}")]
    NoPicture(#[from] NoPicture),
}

impl Qgis {
    /// QGIS Server where it is installed, ready to draw the catalogues of `sites`; nothing where it is not.
    pub fn find(state: &Path, sites: &[Arc<Site>]) -> Result<Option<Self>, NotPrepared> {
        if qgis_is_installed() {
            Self::prepare(state, sites).map(Some).map_err(NotPrepared)
        } else {
            Ok(None)
        }
    }

    /// Writes a project for every catalogue of `sites` into the folder `maps` of `state`.
    fn prepare(state: &Path, sites: &[Arc<Site>]) -> io::Result<Self> {
        let folder = std::path::absolute(state.join("maps"))?;
        fs::create_dir_all(folder.join(HOME))?;
        for (index, (site, catalogue)) in (0..).zip(catalogues(sites)) {
            let own = folder.join(site.name.as_str()).join(catalogue.id.as_str());
            fs::create_dir_all(&own)?;
            fs::write(own.join("project.qgs"), PROJECT)?;
            let map = map_of(site.name.as_str(), catalogue, Colour::own(index));
            fs::write(own.join("map.geojson"), map.to_string())?;
        }
        Ok(Self { program: vec![PROGRAM.into()], limit: LIMIT, folder, turns: Semaphore::new(AT_ONCE) })
    }

    /// The colour, red, green and blue, that `catalogue` of `site` has for its own among all of `sites`.
    pub fn colour(sites: &[Arc<Site>], site: &SiteName, catalogue: &CatalogueId) -> Option<[u8; 3]> {
        let mut all = (0..).zip(catalogues(sites));
        let found = all.find(|(_, (other, one))| other.name == *site && one.id == *catalogue);
        found.map(|(index, _)| Colour::own(index).0)
    }

    /// A PNG of `catalogue` of `site`.
    pub(super) async fn draw(
        &self,
        site: &SiteName,
        catalogue: &CatalogueId,
        view: &View,
    ) -> Result<Vec<u8>, DrawError> {
        let own = self.folder.join(site.as_str()).join(catalogue.as_str());
        // Nobody closes it, so that it is always a turn.
        let _turn = self.turns.acquire().await;
        let output = timeout(self.limit, self.run(&own, view)).await??;
        Ok(picture(&output, view)?.to_vec())
    }

    /// What the program writes. Who goes away meanwhile, or takes too long, drops this, which ends the process.
    async fn run(&self, own: &Path, view: &View) -> Result<Vec<u8>, DrawError> {
        let home = self.folder.join(HOME);
        let mut child = Command::new("/bin/sh")
            .args(["-c", r#"ulimit -v "$0" && exec "$@""#, MEMORY])
            .args(&self.program)
            .current_dir(own)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("QT_QPA_PLATFORM", "offscreen")])
            .envs([("HOME", &home), ("XDG_RUNTIME_DIR", &home)])
            .envs([("QGIS_SERVER_LOG_STDERR", "1"), ("QGIS_SERVER_LOG_LEVEL", "1")])
            .env("QGIS_PROJECT_FILE", own.join("project.qgs"))
            .env("REQUEST_METHOD", "GET")
            .env("QUERY_STRING", view.query())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(own.join(LOG))?)
            .kill_on_drop(true)
            .spawn()?;
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MOST_BYTES + 1).read_to_end(&mut output).await?;
        }
        if output.len() as u64 > MOST_BYTES {
            return Err(DrawError::TooLarge);
        }
        // How it ends is of no interest: the picture is whole or it is none.
        child.wait().await?;
        Ok(output)
    }
}

fn catalogues(sites: &[Arc<Site>]) -> impl Iterator<Item = (&Site, &Catalogue)> {
    sites.iter().flat_map(|site| site.catalogues.iter().map(|catalogue| (&**site, catalogue)))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::samples;

    /// A program in QGIS Server's place, which does what `script` says.
    fn with(script: &str) -> (Qgis, TempDir, PathBuf) {
        let state = tempfile::tempdir().unwrap();
        let site = Arc::new(Site::parse(&samples::site_files()[0].text).unwrap());
        let mut qgis = Qgis::prepare(state.path(), &[site]).unwrap();
        qgis.program = ["/bin/sh", "-c", script].map(str::to_owned).into();
        let own = state.path().join("maps/riverbend/planning");
        (qgis, state, own)
    }

    async fn drawn(qgis: &Qgis) -> Result<Vec<u8>, DrawError> {
        qgis.draw(&"riverbend".parse().unwrap(), &"planning".parse().unwrap(), &View::default()).await
    }

    #[tokio::test]
    async fn the_process_knows_its_project_its_query_and_nothing_of_ours() {
        let (qgis, _state, own) = with("env; echo memory=$(ulimit -v)");
        let output = String::from_utf8(qgis.run(&own, &View::default()).await.unwrap()).unwrap();
        let project = own.join("project.qgs");
        for line in [
            format!("QGIS_PROJECT_FILE={}", project.display()),
            format!("QUERY_STRING={}", View::default().query()),
            format!("memory={MEMORY}"),
        ] {
            assert!(output.lines().any(|own| own == line), "{line}: {output}");
        }
        // The last three are the shell's own.
        let known = "PATH LANG QT_QPA_PLATFORM HOME XDG_RUNTIME_DIR QGIS_SERVER_LOG_STDERR QGIS_SERVER_LOG_LEVEL QGIS_PROJECT_FILE REQUEST_METHOD QUERY_STRING memory PWD OLDPWD _";
        for (name, _) in output.lines().filter_map(|line| line.split_once('=')) {
            assert!(known.split(' ').any(|known| known == name), "{name}: {output}");
        }
    }

    #[tokio::test]
    async fn what_takes_too_long_is_ended() {
        let (mut qgis, _state, own) = with("echo $$ > pid && exec sleep 60");
        qgis.limit = Duration::from_secs(1);
        assert!(matches!(drawn(&qgis).await, Err(DrawError::TooSlow(_))));
        let pid = fs::read_to_string(own.join("pid")).unwrap();
        let is_there =
            || std::process::Command::new("kill").args(["-0", pid.trim()]).output().unwrap().status.success();
        for _ in 0..50 {
            if !is_there() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!is_there(), "the process goes on");
    }

    #[tokio::test]
    async fn what_is_no_picture_or_too_much_of_one_is_not_passed_on() {
        let (qgis, _state, _) = with("head -c 30000000 /dev/zero");
        assert!(matches!(drawn(&qgis).await, Err(DrawError::TooLarge)));
        for (script, problem) in [
            ("exit 1", NoPicture::Headers),
            (r"printf 'Content-Type: text/xml\n\n<ServiceException/>'", NoPicture::Type),
            (r"printf 'Status: 500\nContent-Type: image/png\n\n'", NoPicture::Status),
            (r"printf 'Content-Type: image/png\n\nno'", NoPicture::Broken),
        ] {
            let (qgis, _state, _) = with(script);
            assert!(
                matches!(drawn(&qgis).await, Err(DrawError::NoPicture(own)) if own == problem),
                "{script}"
            );
        }
        let (mut qgis, _state, _) = with("exit");
        qgis.program = vec!["/nowhere".to_owned()];
        assert!(drawn(&qgis).await.is_err());
    }
}
