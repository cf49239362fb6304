//! Cuts out of the finished filter the callbacks that it does nothing in.
//!
//! Envoy calls each callback that a module exports, several times a request, and the SDK (`proxy-wasm`) exports all that there
//! are: what the filter leaves to the SDK's defaults would be called for nothing, at 0.3 µs each.
//!
//! `warren-trim FILE` writes the file anew; once more changes nothing.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use walrus::Module;

/// What the filter implements (`filter/src/root.rs`, `filter/src/http.rs`), and what the ABI needs (proxy-wasm ABI 0.2.1).
const WANTED: &[&str] = &[
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_tick",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_body",
    "proxy_on_http_call_response",
];

fn main() -> Result<()> {
    let file = PathBuf::from(std::env::args_os().nth(1).context("which file? usage: warren-trim FILE")?);
    let name = file.display();
    let bytes = std::fs::read(&file).with_context(|| format!("{name}: cannot be read"))?;
    let mut module = Module::from_buffer(&bytes).with_context(|| format!("{name}: no WebAssembly module"))?;
    let missing: Vec<_> =
        WANTED.iter().filter(|wanted| !module.exports.iter().any(|export| export.name == **wanted)).collect();
    ensure!(missing.is_empty(), "{name}: does not export {missing:?}; is it the filter?");
    let unwanted: Vec<_> =
        module.exports.iter().filter(|e| !WANTED.contains(&e.name.as_str())).map(|e| e.id()).collect();
    for export in unwanted {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(&mut module);
    std::fs::write(&file, module.emit_wasm()).with_context(|| format!("{name}: cannot be written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_callback_that_the_filter_implements() {
        let sources = [include_str!("../../src/root.rs"), include_str!("../../src/http.rs")];
        let functions =
            sources.iter().flat_map(|source| source.lines()).filter_map(|line| line.trim().strip_prefix("fn on_"));
        let names: Vec<_> = functions.filter_map(|rest| rest.split('(').next()).collect();
        assert!(names.contains(&"http_request_headers"), "{names:?}");
        for name in names {
            // Of an HTTP stream, or of an HTTP call.
            let exports = [name.trim_start_matches("http_"), name].map(|name| format!("proxy_on_{name}"));
            let kept = exports.iter().any(|export| WANTED.contains(&export.as_str()));
            assert!(kept, "the filter implements `on_{name}`: keep one of {exports:?}");
        }
    }
}
