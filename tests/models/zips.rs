//! Zip archives, good ones and such as no good program writes.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A good archive, deflated.
pub(crate) fn good(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// One file of an archive that is written by hand: stored, whatever it says.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// Its kind and permissions as Unix has them.
    pub(crate) mode: u32,
    /// The size that it says it has when unpacked.
    pub(crate) size: u32,
    /// Where its header is said to be, if not where it is.
    pub(crate) at: Option<u32>,
}

pub(crate) const CONTENT: &[u8] = b"content";

impl Entry {
    pub(crate) fn named(name: &'static str) -> Self {
        Self { name, method: 0, flags: 0, mode: 0o100_644, size: CONTENT.len() as u32, at: None }
    }
}

/// An archive of entries that all hold `CONTENT`, laid out as APPNOTE.TXT 4.3 has it.
pub(crate) fn by_hand(entries: &[Entry]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = entry.at.unwrap_or(archive.len() as u32);
        let mut common = Vec::new();
        push(&mut common, &[20, entry.flags, entry.method, 0, 0x21]);
        for field in [crc32(CONTENT), CONTENT.len() as u32, entry.size] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        push(&mut common, &[entry.name.len() as u16, 0]);

        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&common);
        archive.extend_from_slice(entry.name.as_bytes());
        archive.extend_from_slice(CONTENT);

        directory.extend_from_slice(b"PK\x01\x02");
        push(&mut directory, &[3 << 8 | 20]);
        directory.extend_from_slice(&common);
        push(&mut directory, &[0, 0, 0]);
        directory.extend_from_slice(&(entry.mode << 16).to_le_bytes());
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
    }
    let (start, length, count) = (archive.len() as u32, directory.len() as u32, entries.len() as u16);
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06");
    push(&mut archive, &[0, 0, count, count]);
    archive.extend_from_slice(&length.to_le_bytes());
    archive.extend_from_slice(&start.to_le_bytes());
    push(&mut archive, &[0]);
    archive
}

fn push(bytes: &mut Vec<u8>, fields: &[u16]) {
    fields.iter().for_each(|field| bytes.extend_from_slice(&field.to_le_bytes()));
}

fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1));
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}
