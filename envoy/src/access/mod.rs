//! Who may do what in Warren: people and programs, their roles, and what is kept of attempts that were refused.

mod callers;
mod denials;
mod follow;
mod origin;
mod role;
mod secret;
mod sent;
mod throttle;
mod users;

pub(crate) use callers::{Caller, Callers, Refusal};
pub(crate) use denials::{Denied, DeniedRow, record};
pub(crate) use follow::follow;
pub(crate) use origin::{Page, page};
pub(crate) use role::Role;
pub(crate) use secret::{PREFIX, Secret};
pub(crate) use sent::{HOST_COOKIE, PLAIN_COOKIE, Sent, read};
pub(crate) use users::{Users, line};
