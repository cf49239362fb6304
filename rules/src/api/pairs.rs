//! Headers of `key=value` pairs, as scripts see them: a map of strings, in which what is missing is `""`.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, ImmutableString, Map};

use super::query::within;
use crate::limits;

/// `q.session`.
#[derive(Clone)]
pub(crate) struct Pairs(Rc<Map>);

impl Pairs {
    /// No more than scripts may hold; the rest is left out.
    pub(super) fn new(pairs: impl Iterator<Item = (String, String)>) -> Pairs {
        let pairs = within(pairs.take(limits::MAP_ENTRIES), |(key, value)| key.len().saturating_add(value.len()));
        Pairs(Rc::new(pairs.map(|(key, value)| (key.into(), value.into())).collect()))
    }

    fn get(&self, key: &str) -> Dynamic {
        self.0.get(key).cloned().unwrap_or_else(|| ImmutableString::new().into())
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Pairs>("pairs")
        .register_indexer_get(|pairs: &mut Pairs, key: &str| pairs.get(key))
        // Rhai has a property of this name, a number, for every value.
        .register_get("tag", |pairs: &mut Pairs| pairs.get("tag"))
        .register_fn("contains", |pairs: &mut Pairs, key: &str| pairs.0.contains_key(key))
        .register_fn("is_empty", |pairs: &mut Pairs| pairs.0.is_empty())
        .register_fn("len", |pairs: &mut Pairs| i64::try_from(pairs.0.len()).unwrap_or(i64::MAX))
        .register_fn("keys", |pairs: &mut Pairs| -> Array { pairs.0.keys().map(|key| key.as_str().into()).collect() })
        .register_fn("values", |pairs: &mut Pairs| -> Array { pairs.0.values().cloned().collect() });
}
