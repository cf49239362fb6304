//! Decides where a Trino query goes.
