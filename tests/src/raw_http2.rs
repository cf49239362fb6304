//! HTTP/2 as frames, with header fields as they are given: for requests that no HTTP library would send.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ureq::http::{HeaderMap, StatusCode};

use crate::http::Reply;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long a reply may take.
const PROMPT: Duration = Duration::from_secs(30);
/// The first stream of a client.
const STREAM: u32 = 1;

// Types and flags of frames (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// Sends one request on a connection of its own; pseudo-headers are fields like the others. The reply has no headers: nobody
/// asks for them. `None`: the stream was reset, or the connection closed.
pub fn ask(base: &str, fields: &[(&str, &str)], body: &str) -> Result<Option<Reply>> {
    let mut stream = connect(base)?;
    let mut request = PREFACE.to_vec();
    request.extend(frame(SETTINGS, 0, 0, &[])?);
    let ends = if body.is_empty() { END_STREAM } else { 0 };
    request.extend(frame(HEADERS, END_HEADERS | ends, STREAM, &block(fields)?)?);
    if !body.is_empty() {
        request.extend(frame(DATA, END_STREAM, STREAM, body.as_bytes())?);
    }
    stream.write_all(&request).context("sending")?;

    let (mut status, mut text) = (None, Vec::new());
    // A read that fails is a connection that was closed.
    while let Ok((kind, flags, on, payload)) = read_frame(&mut stream) {
        match kind {
            SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])?).context("sending")?,
            GOAWAY => return Ok(None),
            RST_STREAM if on == STREAM => return Ok(None),
            HEADERS if on == STREAM && status.is_none() => status = Some(status_of(&payload)?),
            DATA if on == STREAM => text.extend(payload),
            _ => {}
        }
        if let Some(status) = status
            && on == STREAM
            && flags & END_STREAM != 0
        {
            let body = String::from_utf8_lossy(&text).into_owned();
            return Ok(Some(Reply { status, headers: HeaderMap::new(), body }));
        }
    }
    Ok(None)
}

/// What a server lets one connection do (RFC 9113, section 6.5.2): numbers by the settings' numbers.
pub fn settings(base: &str) -> Result<BTreeMap<u16, u32>> {
    let mut stream = connect(base)?;
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])?].concat()).context("sending")?;
    loop {
        let (kind, flags, _, payload) = read_frame(&mut stream).context("it sent no settings")?;
        if kind == SETTINGS && flags & ACK == 0 {
            let setting = |six: &[u8]| match six {
                [i0, i1, v0, v1, v2, v3] => {
                    Some((u16::from_be_bytes([*i0, *i1]), u32::from_be_bytes([*v0, *v1, *v2, *v3])))
                }
                _ => None,
            };
            return Ok(payload.chunks(6).filter_map(setting).collect());
        }
    }
}

/// Begins requests on one connection and takes each back at once. Whether the server ended the connection.
pub fn begin_and_reset(base: &str, fields: &[(&str, &str)], times: u32) -> Result<bool> {
    const CANCEL: [u8; 4] = [0, 0, 0, 8];
    let mut stream = connect(base)?;
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])?].concat()).context("sending")?;
    let block = block(fields)?;
    for nth in 0..times {
        let on = STREAM + 2 * nth;
        let both = [frame(HEADERS, END_HEADERS | END_STREAM, on, &block)?, frame(RST_STREAM, 0, on, &CANCEL)?].concat();
        // It was closed meanwhile.
        if stream.write_all(&both).is_err() {
            return Ok(true);
        }
    }
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    loop {
        match read_frame(&mut stream) {
            Ok((GOAWAY, ..)) => return Ok(true),
            Ok(_) => {}
            Err(error) => {
                let quiet = error.downcast_ref::<std::io::Error>().is_some_and(|error| {
                    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
                });
                return Ok(!quiet);
            }
        }
    }
}

fn connect(base: &str) -> Result<TcpStream> {
    let address = base.trim_start_matches("http://");
    let stream = TcpStream::connect(address).with_context(|| format!("{address}: no connection"))?;
    stream.set_read_timeout(Some(PROMPT))?;
    Ok(stream)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<Vec<u8>> {
    ensure!(payload.len() <= 16_384, "a frame holds 16384 bytes, not {}", payload.len());
    let length = u32::try_from(payload.len())?.to_be_bytes();
    let mut frame = length.get(1..).unwrap_or_default().to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    Ok(frame)
}

fn read_frame(stream: &mut TcpStream) -> Result<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head)?;
    let [a, b, c, kind, flags, s0, s1, s2, s3] = head;
    let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c]))?];
    stream.read_exact(&mut payload)?;
    Ok((kind, flags, u32::from_be_bytes([s0, s1, s2, s3]), payload))
}

/// Literal fields, neither indexed nor compressed (RFC 7541, section 6.2.2); each character a byte.
fn block(fields: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            let bytes = warren_rules::header_bytes(text);
            ensure!(bytes.len() < 127, "a longer field is not needed yet");
            block.push(u8::try_from(bytes.len())?);
            block.extend(bytes.iter());
        }
    }
    Ok(block)
}

/// `:status` comes first: from the static table, or as three digits, plain or in Huffman's code.
fn status_of(block: &[u8]) -> Result<StatusCode> {
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    // A change of the dynamic table's size may stand before it.
    let block = block.get(block.iter().take_while(|b| **b & 0xe0 == 0x20).count()..).unwrap_or_default();
    let code = match block {
        [indexed @ 0x88..=0x8e, ..] => INDEXED.get(usize::from(indexed - 0x88)).copied(),
        [0x48 | 0x08 | 0x18, 3, digits @ ..] => digits.get(..3).and_then(|d| std::str::from_utf8(d).ok()?.parse().ok()),
        [0x48 | 0x08 | 0x18, length @ 0x82..=0x83, coded @ ..] => {
            coded.get(..usize::from(length & 0x7f)).and_then(three_digits)
        }
        _ => None,
    };
    let code = code.with_context(|| format!("no status in {block:02x?}"))?;
    StatusCode::from_u16(code).with_context(|| format!("status {code}"))
}

/// 0 to 2 are 5 bits, 3 to 9 are 6 bits from 25 on (RFC 7541, appendix B).
fn three_digits(coded: &[u8]) -> Option<u16> {
    let mut bits = coded.iter().flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)));
    let mut number = 0;
    for _ in 0..3 {
        let five = (0..5).try_fold(0, |code, _| Some(code << 1 | bits.next()?))?;
        let digit = if five < 3 { five } else { (five << 1 | bits.next()?).checked_sub(22)? };
        number = number * 10 + digit;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_status_however_it_is_written() {
        for (block, want) in [
            (&[0x88][..], 200),
            (&[0x3f, 0x8d], 404),
            (b"\x48\x03503", 503),
            (&[0x48, 0x82, 0x64, 0x02], 302),
            (&[0x08, 0x83, 0x69, 0x90, 0xff], 431),
        ] {
            let got = status_of(block).map(|status| status.as_u16());
            assert_eq!(got.ok(), Some(want), "{block:02x?}");
        }
    }
}
