//! Opens a project file: `.qgs` is XML, `.qgz` a zip archive with one `.qgs`.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
    path::Path,
};

use zip::{ZipArchive, result::ZipError};

use super::{ProjectFile, reader::Reading};
use crate::layers::elements::{XmlError, walk};

/// The largest unpacked project, in bytes. A few hundred layers with embedded images are tens of megabytes.
const MAX_PROJECT: usize = 256 * 1024 * 1024;
/// The most entries in an archive. QGIS writes two or three.
const MAX_ENTRIES: usize = 100;

/// Why a file cannot be read as a project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectFileError {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// It is not a file.
    #[error("it is not a file")]
    NoFile,
    /// It is neither XML of a project nor a zip archive.
    #[error("it is not a QGIS project")]
    Xml(#[from] XmlError),
    /// It is an archive that cannot be unpacked.
    #[error("it is an archive that cannot be unpacked")]
    Archive(#[from] ZipError),
    /// It is an archive without exactly one project.
    #[error("it is an archive with {found} .qgs files instead of one")]
    Projects {
        /// How many there are.
        found: usize,
    },
    /// It is an archive with more entries than QGIS ever writes.
    #[error("it is an archive with more than {MAX_ENTRIES} entries")]
    Entries,
}

impl ProjectFile {
    /// Reads the project file at `path`. Blocks; reads at most 256 MiB.
    pub fn open(path: &Path) -> Result<Self, ProjectFileError> {
        // Opening a pipe would wait for its other end.
        if !path.metadata()?.is_file() {
            return Err(ProjectFileError::NoFile);
        }
        Self::read(File::open(path)?)
    }

    /// Reads a project, either XML or a zip archive, which its first bytes tell.
    pub fn read(mut file: impl Read + Seek) -> Result<Self, ProjectFileError> {
        const ZIP: &[u8] = b"PK\x03\x04";
        let mut first = Vec::new();
        file.by_ref().take(4).read_to_end(&mut first)?;
        file.rewind()?;
        if first == ZIP { Self::unpack(file) } else { Self::from_xml(BufReader::new(file)) }
    }

    /// Reads the XML of a project.
    pub fn from_xml(document: impl BufRead) -> Result<Self, ProjectFileError> {
        let mut reading = Reading::default();
        walk(document, MAX_PROJECT, "qgis", &mut reading)?;
        Ok(reading.finish())
    }

    fn unpack(file: impl Read + Seek) -> Result<Self, ProjectFileError> {
        let mut archive = ZipArchive::new(BufReader::new(file))?;
        if archive.len() > MAX_ENTRIES {
            return Err(ProjectFileError::Entries);
        }
        let is_project = |name: &String| name.to_ascii_lowercase().ends_with(".qgs");
        let names = archive.file_names().collect::<Result<Vec<_>, _>>()?;
        let projects: Vec<_> = names.into_iter().map(Cow::into_owned).filter(is_project).collect();
        let [project] = projects.as_slice() else {
            return Err(ProjectFileError::Projects { found: projects.len() });
        };
        Self::from_xml(BufReader::new(archive.by_name(project)?))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    const PROJECT: &[u8] = b"<qgis><projectlayers><maplayer/></projectlayers></qgis>";

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn read(file: &[u8]) -> Result<ProjectFile, ProjectFileError> {
        ProjectFile::read(Cursor::new(file))
    }

    #[test]
    fn reads_xml_and_archives() {
        assert_eq!(read(PROJECT).unwrap().layers().len(), 1);
        let packed = archive(&[("zones.qgd", b"x"), ("Zones.QGS", PROJECT)]);
        assert_eq!(read(&packed).unwrap(), read(PROJECT).unwrap());
    }

    #[test]
    fn each_malformed_project_has_its_own_error() {
        let no_project = archive(&[("zones.txt", PROJECT)]);
        assert!(matches!(read(&no_project), Err(ProjectFileError::Projects { found: 0 })));
        let two = archive(&[("a.qgs", PROJECT), ("b.qgs", PROJECT)]);
        assert!(matches!(read(&two), Err(ProjectFileError::Projects { found: 2 })));
        let names: Vec<_> = (0..101).map(|number| format!("{number}.txt")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(matches!(read(&archive(&many)), Err(ProjectFileError::Entries)));
        for file in [&b""[..], b"<html/>", b"PNG", b"<qgis>"] {
            assert!(matches!(read(file), Err(ProjectFileError::Xml(_))));
        }
        let packed = archive(&[("a.qgs", PROJECT)]);
        assert!(matches!(read(&packed[..packed.len() / 2]), Err(ProjectFileError::Archive(_))));
    }

    #[test]
    fn a_folder_is_not_a_project() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(ProjectFile::open(folder.path()), Err(ProjectFileError::NoFile)));
        let missing = folder.path().join("missing.qgs");
        assert!(matches!(ProjectFile::open(&missing), Err(ProjectFileError::Io(_))));
    }

    /// A text of 40 MiB, packed into 40 KiB, is unpacked only up to the limit for a single text.
    #[test]
    fn refuses_a_zip_bomb() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("bomb.qgs", SimpleFileOptions::default()).unwrap();
        archive.write_all(b"<qgis>").unwrap();
        let spaces = vec![b' '; 1024 * 1024];
        for _ in 0..40 {
            archive.write_all(&spaces).unwrap();
        }
        let bomb = archive.finish().unwrap().into_inner();
        assert!(matches!(read(&bomb), Err(ProjectFileError::Xml(XmlError::TooLarge { .. }))));
    }

    proptest::proptest! {
        #[test]
        fn no_archive_makes_the_reader_panic(
            place in 0_usize..400, byte in proptest::num::u8::ANY, cut in 0_usize..400,
        ) {
            let mut packed = archive(&[("a.qgs", PROJECT), ("b.qgd", b"data")]);
            if let Some(spoiled) = packed.get_mut(place) {
                *spoiled = byte;
            }
            packed.truncate(packed.len().min(cut.max(4)));
            let _ = read(&packed);
        }
    }
}
