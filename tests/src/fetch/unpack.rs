//! Turns a downloaded file into an installation, all or nothing.

use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;
use tar::Archive;
use zip::ZipArchive;

use super::programs::Unpacking;

/// Unpacks `file` to `target`. `finish` may complete the installation before anybody sees it.
pub(super) fn unpack(
    file: &Path,
    unpacking: Unpacking,
    target: &Path,
    finish: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    whole(target, |fresh| {
        extract(file, unpacking, fresh).with_context(|| format!("{}: cannot be unpacked", file.display()))?;
        open_to_all(fresh)?;
        finish(fresh)
    })
}

/// Lets `fill` make what will be `target`, in a folder beside it first, renamed when whole. A reader of `target` sees all
/// of it or nothing; of two processes doing this at once one wins and the other takes what is there.
pub(super) fn whole(target: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = target.parent().with_context(|| format!("{}: has no parent folder", target.display()))?;
    let fresh = tempfile::Builder::new()
        .prefix(".unpacking-")
        .tempdir_in(parent)
        .with_context(|| format!("{}: no folder can be made in it", parent.display()))?;
    fill(fresh.path())?;
    let fresh: PathBuf = fresh.keep();
    match fs::rename(&fresh, target) {
        Ok(()) => Ok(()),
        Err(_) if target.is_dir() => {
            fs::remove_dir_all(&fresh).with_context(|| format!("{}: left over, and cannot be removed", fresh.display()))
        }
        Err(error) => {
            // The installation is useless under its temporary name; what matters to the reader is the rename's error.
            drop(fs::remove_dir_all(&fresh));
            Err(error).with_context(|| format!("{}: cannot be put in place", target.display()))
        }
    }
}

fn extract(file: &Path, unpacking: Unpacking, into: &Path) -> Result<()> {
    match unpacking {
        Unpacking::Zip => open_zip(file)?.extract(into).context("not a sound zip"),
        Unpacking::TarGz => {
            let reader = BufReader::new(File::open(file)?);
            Archive::new(GzDecoder::new(reader)).unpack(into).context("not a sound tar.gz")
        }
        Unpacking::TxzInZip => {
            let inner = only_txz(&mut open_zip(file)?)?;
            Archive::new(XzDecoder::new(Cursor::new(inner))).unpack(into).context("not a sound tar.xz in it")
        }
        Unpacking::Nothing => {
            let name = file.file_name().context("has no name")?;
            fs::copy(file, into.join(name)).context("cannot be copied")?;
            Ok(())
        }
    }
}

fn open_zip(file: &Path) -> Result<ZipArchive<BufReader<File>>> {
    ZipArchive::new(BufReader::new(File::open(file)?)).context("not a zip")
}

fn only_txz(zip: &mut ZipArchive<BufReader<File>>) -> Result<Vec<u8>> {
    let mut names = Vec::new();
    for name in zip.file_names() {
        let name = name?;
        if name.ends_with(".txz") {
            names.push(name.into_owned());
        }
    }
    let [name] = names.as_slice() else {
        bail!("holds {} files that end in .txz, wanted one", names.len());
    };
    let mut inner = Vec::new();
    zip.by_name(name)?.read_to_end(&mut inner).with_context(|| format!("{name}: cannot be read"))?;
    Ok(inner)
}

/// Temporary folders are private; installations are for every user who can reach the cache.
fn open_to_all(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{}: its mode cannot be set", folder.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn zip_with(path: &Path, files: &[(&str, &str)]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    fn names_in(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_whole_archive_is_put_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let (file, target) = (dir.path().join("a.zip"), dir.path().join("installed"));
        zip_with(&file, &[("bin/run", "hello")]);
        unpack(&file, Unpacking::Zip, &target, |_| Ok(())).unwrap();
        assert_eq!(fs::read_to_string(target.join("bin/run")).unwrap(), "hello");
    }

    #[test]
    fn a_broken_archive_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (file, target) = (dir.path().join("a.zip"), dir.path().join("installed"));
        zip_with(&file, &[("a", &"x".repeat(10_000)), ("b", "y")]);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let error = format!("{:#}", unpack(&file, Unpacking::Zip, &target, |_| Ok(())).unwrap_err());
        assert!(error.contains("a.zip: cannot be unpacked: not a zip"), "{error}");
        assert_eq!(names_in(dir.path()), ["a.zip"]);
    }

    #[test]
    fn nothing_is_seen_before_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let (file, target) = (dir.path().join("a.zip"), dir.path().join("installed"));
        zip_with(&file, &[("a", "1")]);
        let error = unpack(&file, Unpacking::Zip, &target, |_| {
            assert!(!target.exists());
            bail!("no disk left")
        });
        assert_eq!(error.unwrap_err().to_string(), "no disk left");
        assert_eq!(names_in(dir.path()), ["a.zip"]);
    }

    #[test]
    fn the_second_of_two_takes_what_the_first_put_there() {
        let dir = tempfile::tempdir().unwrap();
        let (file, target) = (dir.path().join("a.zip"), dir.path().join("installed"));
        zip_with(&file, &[("a", "1")]);
        unpack(&file, Unpacking::Zip, &target, |_| unpack(&file, Unpacking::Zip, &target, |_| Ok(()))).unwrap();
        assert_eq!(fs::read_to_string(target.join("a")).unwrap(), "1");
        assert_eq!(names_in(dir.path()).len(), 2);
    }
}
