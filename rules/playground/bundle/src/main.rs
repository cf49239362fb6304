//! `warren-playground-bundle MODULE FOLDER`: what `wasm-bindgen --target web` does.

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let module = arguments.next().context("usage: warren-playground-bundle MODULE FOLDER")?;
    let folder = arguments.next().context("usage: warren-playground-bundle MODULE FOLDER")?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&module).web(true)?.typescript(false).remove_producers_section(true);
    bindgen.generate(&folder).with_context(|| format!("{module} cannot be bundled into {folder}"))
}
