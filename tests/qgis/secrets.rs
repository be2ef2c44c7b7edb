//! Secret files in a third folder, which no request may show: a random word, so that its appearance in an answer proves a
//! leak, and pictures in a colour that no map has.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder of secret files.
pub(crate) struct Secrets {
    folder: PathBuf,
    /// The word in its files.
    pub(crate) word: String,
}

impl Secrets {
    /// Creates the folder with `words.txt`, `page.html`, `picture.svg` and `picture.png`.
    pub(crate) fn create(folder: PathBuf) -> Self {
        let word = format!("wombat{}", &uuid::Uuid::new_v4().simple().to_string()[..16]);
        fs::create_dir(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("words.txt", &format!("{word}\n{word}\n"));
        write("page.html", &format!("<body style='background:#ff00ff'>{word}</body>"));
        write(
            "picture.svg",
            "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><rect width='40' height='40' fill='#ff00ff'/></svg>",
        );
        fs::write(folder.join("picture.png"), picture()).unwrap();
        Self { folder, word }
    }

    /// The path of the file `name`, which need not exist.
    pub(crate) fn path(&self, name: &str) -> String {
        Path::join(&self.folder, name).display().to_string()
    }
}

fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 16, 16);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[255, 0, 255].repeat(256)).unwrap();
    bytes
}
