//! Kinds of statements: the simple names of the classes of Trino's syntax tree (`io.trino.sql.tree`).

/// What kinds of statements Trino knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatementKind {
    /// The class.
    pub(super) name: &'static str,
    /// What resource groups call it (`StatementUtils` of Trino).
    pub(super) resource_group: &'static str,
    /// Does it change data, or what there is beside data?
    pub(super) writes: bool,
}

/// What resource groups call statements that they do not tell apart.
pub(super) const UNKNOWN: &str = "UNKNOWN";

const fn kind(name: &'static str, resource_group: &'static str, writes: bool) -> StatementKind {
    StatementKind { name, resource_group, writes }
}

/// All kinds, with those of Trino after 476.
const KINDS: &[StatementKind] = &[
    kind("Query", "SELECT", false),
    kind("Explain", "EXPLAIN", false),
    // Its resource group is that of what it explains.
    kind("ExplainAnalyze", UNKNOWN, false),
    kind("DescribeInput", "DESCRIBE", false),
    kind("DescribeOutput", "DESCRIBE", false),
    kind("ShowBranches", "DESCRIBE", false),
    kind("ShowCatalogs", "DESCRIBE", false),
    kind("ShowColumns", "DESCRIBE", false),
    kind("ShowCreate", "DESCRIBE", false),
    kind("ShowFunctions", "DESCRIBE", false),
    kind("ShowGrants", "DESCRIBE", false),
    kind("ShowRoleGrants", "DESCRIBE", false),
    kind("ShowRoles", "DESCRIBE", false),
    kind("ShowSchemas", "DESCRIBE", false),
    kind("ShowSession", "DESCRIBE", false),
    kind("ShowStats", "DESCRIBE", false),
    kind("ShowTables", "DESCRIBE", false),
    kind("TableExecute", "ALTER_TABLE_EXECUTE", true),
    kind("CreateTableAsSelect", "INSERT", true),
    kind("RefreshMaterializedView", "INSERT", true),
    kind("Insert", "INSERT", true),
    kind("Update", "UPDATE", true),
    kind("Delete", "DELETE", true),
    kind("Merge", "MERGE", true),
    kind("Analyze", "ANALYZE", true),
    kind("AddColumn", "DATA_DEFINITION", true),
    kind("Call", "DATA_DEFINITION", true),
    kind("Comment", "DATA_DEFINITION", true),
    kind("Commit", "DATA_DEFINITION", false),
    kind("CreateBranch", "DATA_DEFINITION", true),
    kind("CreateCatalog", "DATA_DEFINITION", true),
    kind("CreateFunction", "DATA_DEFINITION", true),
    kind("CreateMaterializedView", "DATA_DEFINITION", true),
    kind("CreateRole", "DATA_DEFINITION", true),
    kind("CreateSchema", "DATA_DEFINITION", true),
    kind("CreateTable", "DATA_DEFINITION", true),
    kind("CreateView", "DATA_DEFINITION", true),
    kind("Deallocate", "DATA_DEFINITION", false),
    kind("Deny", "DATA_DEFINITION", true),
    kind("DropBranch", "DATA_DEFINITION", true),
    kind("DropCatalog", "DATA_DEFINITION", true),
    kind("DropColumn", "DATA_DEFINITION", true),
    kind("DropDefaultValue", "DATA_DEFINITION", true),
    kind("DropFunction", "DATA_DEFINITION", true),
    kind("DropMaterializedView", "DATA_DEFINITION", true),
    kind("DropNotNullConstraint", "DATA_DEFINITION", true),
    kind("DropRole", "DATA_DEFINITION", true),
    kind("DropSchema", "DATA_DEFINITION", true),
    kind("DropTable", "DATA_DEFINITION", true),
    kind("DropView", "DATA_DEFINITION", true),
    kind("FastForwardBranch", "DATA_DEFINITION", true),
    kind("Grant", "DATA_DEFINITION", true),
    kind("GrantRoles", "DATA_DEFINITION", true),
    kind("Prepare", "DATA_DEFINITION", false),
    kind("RefreshView", "DATA_DEFINITION", true),
    kind("RenameColumn", "DATA_DEFINITION", true),
    kind("RenameMaterializedView", "DATA_DEFINITION", true),
    kind("RenameSchema", "DATA_DEFINITION", true),
    kind("RenameTable", "DATA_DEFINITION", true),
    kind("RenameView", "DATA_DEFINITION", true),
    kind("ResetSession", "DATA_DEFINITION", false),
    kind("ResetSessionAuthorization", "DATA_DEFINITION", false),
    kind("Revoke", "DATA_DEFINITION", true),
    kind("RevokeRoles", "DATA_DEFINITION", true),
    kind("Rollback", "DATA_DEFINITION", false),
    kind("SetAuthorizationStatement", "DATA_DEFINITION", true),
    kind("SetColumnType", "DATA_DEFINITION", true),
    kind("SetDefaultValue", "DATA_DEFINITION", true),
    kind("SetPath", "DATA_DEFINITION", false),
    kind("SetProperties", "DATA_DEFINITION", true),
    kind("SetRole", "DATA_DEFINITION", false),
    kind("SetSession", "DATA_DEFINITION", false),
    kind("SetSessionAuthorization", "DATA_DEFINITION", false),
    kind("SetTimeZone", "DATA_DEFINITION", false),
    kind("StartTransaction", "DATA_DEFINITION", false),
    kind("TruncateTable", "DATA_DEFINITION", true),
    kind("Use", "DATA_DEFINITION", false),
    // Only where what it runs is not known.
    kind("Execute", UNKNOWN, false),
    kind("ExecuteImmediate", UNKNOWN, false),
];

/// The kind with a class's name.
pub(super) fn of(name: &str) -> Option<&'static StatementKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Names of all kinds, for the checker.
#[cfg(feature = "sources")]
pub(crate) fn query_types() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|kind| kind.name)
}

/// What resource groups call them; some more than once.
#[cfg(feature = "sources")]
pub(crate) fn resource_group_query_types() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|kind| kind.resource_group)
}
