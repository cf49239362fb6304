//! Roles.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Tell how queries ended, and nothing else: for Trino's event listener
    Events,
    /// Look
    Viewer,
    /// Look, and put rules in force
    Author,
    /// Look, and change clusters and groups
    Operator,
    /// Everything, tokens too
    Admin,
}

impl Role {
    /// All of them.
    pub(crate) const ALL: [Role; 5] = [Role::Events, Role::Viewer, Role::Author, Role::Operator, Role::Admin];

    /// May one with this role do what needs that one?
    pub(crate) fn may(self, need: Role) -> bool {
        match self {
            Role::Admin => true,
            Role::Author | Role::Operator => need == self || need == Role::Viewer,
            Role::Events | Role::Viewer => need == self,
        }
    }

    /// As it is written everywhere.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Events => "events",
            Role::Viewer => "viewer",
            Role::Author => "author",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }

    /// The role of this name.
    pub(crate) fn of(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_and_operators_are_viewers_and_not_each_other_and_admins_are_all() {
        for (role, may) in [
            (Role::Events, vec![Role::Events]),
            (Role::Viewer, vec![Role::Viewer]),
            (Role::Author, vec![Role::Viewer, Role::Author]),
            (Role::Operator, vec![Role::Viewer, Role::Operator]),
            (Role::Admin, Role::ALL.to_vec()),
        ] {
            let found: Vec<Role> = Role::ALL.into_iter().filter(|need| role.may(*need)).collect();
            assert_eq!(found, may, "{role:?}");
        }
    }

    #[test]
    fn names_are_those_of_json() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.name()));
            assert_eq!(Role::of(role.name()), Some(role));
        }
        assert_eq!(Role::of("root"), None);
    }
}
