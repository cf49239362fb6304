//! Bodies of the API.

use warren::foreign::api_body as read;

/// The input is a line with the kind of the body (`warren::foreign::api_body`), then the body. It is refused with reasons, or
/// means the same when it is written anew.
pub fn api_body(input: &[u8]) {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (kind, body) = input.split_at(end);
    let (kind, body) = (String::from_utf8_lossy(kind), body.get(1..).unwrap_or_default());
    match read(&kind, body) {
        None => {}
        Some(Err(mistakes)) => {
            assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| !mistake.trim().is_empty()), "{mistakes:?}");
        }
        // Trino Gateway's is read into another form.
        Some(Ok(_)) if kind == "backend" => {}
        Some(Ok(said)) => {
            let again = read(&kind, said.to_string().as_bytes());
            assert_eq!(again, Some(Ok(said)), "{kind}, written anew");
        }
    }
}
