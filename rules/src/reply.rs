//! Errors in Trino's own form, which every client shows well when they come with status 200 (measured on the CLI, JDBC
//! and Python clients of 476).
//!
//! Codes and types: `io.trino.spi.StandardErrorCode`.

use serde_json::json;

/// What kind of error, in Trino's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorKind {
    /// Trino's number.
    pub code: i64,
    /// Trino's name.
    pub name: &'static str,
    /// `USER_ERROR`, `INTERNAL_ERROR`, `INSUFFICIENT_RESOURCES` or `EXTERNAL`.
    pub kind: &'static str,
}

/// The user did something wrong, nothing closer said.
pub const GENERIC_USER_ERROR: ErrorKind = ErrorKind { code: 0, name: "GENERIC_USER_ERROR", kind: "USER_ERROR" };
/// A rule said `deny`.
pub const PERMISSION_DENIED: ErrorKind = ErrorKind { code: 4, name: "PERMISSION_DENIED", kind: "USER_ERROR" };
/// What the query asks for does not exist.
pub const NOT_FOUND: ErrorKind = ErrorKind { code: 5, name: "NOT_FOUND", kind: "USER_ERROR" };
/// The transaction id names no cluster.
pub const UNKNOWN_TRANSACTION: ErrorKind = ErrorKind { code: 20, name: "UNKNOWN_TRANSACTION", kind: "USER_ERROR" };
/// The body is longer than the data plane buffers.
pub const QUERY_TEXT_TOO_LARGE: ErrorKind = ErrorKind { code: 35, name: "QUERY_TEXT_TOO_LARGE", kind: "USER_ERROR" };
/// Warren itself is at fault.
pub const GENERIC_INTERNAL_ERROR: ErrorKind =
    ErrorKind { code: 65536, name: "GENERIC_INTERNAL_ERROR", kind: "INTERNAL_ERROR" };
/// No cluster can take the query.
pub const NO_NODES_AVAILABLE: ErrorKind = ErrorKind { code: 65541, name: "NO_NODES_AVAILABLE", kind: "INTERNAL_ERROR" };
/// Too many queries.
pub const QUERY_QUEUE_FULL: ErrorKind =
    ErrorKind { code: 131_074, name: "QUERY_QUEUE_FULL", kind: "INSUFFICIENT_RESOURCES" };

/// `id` of a reply that no Trino made.
const ID: &str = "warren";
/// `infoUri` is required (Java fails without), and must be a URI.
const INFO_URI: &str = "http://warren.invalid/";

impl ErrorKind {
    /// The body of a reply with this error: JSON, one line.
    pub fn body(self, message: &str) -> String {
        error_body(message, self.code, self.name, self.kind)
    }
}

/// The body of a reply with an error: JSON, one line. Send it with status 200 and `Content-Type: application/json`.
pub fn error_body(message: &str, code: i64, name: &str, kind: &str) -> String {
    json!({
        "id": ID,
        "infoUri": INFO_URI,
        "stats": {
            "state": "FAILED",
            "queued": false,
            "scheduled": false,
            "nodes": 0,
            "totalSplits": 0,
            "queuedSplits": 0,
            "runningSplits": 0,
            "completedSplits": 0,
            "planningTimeMillis": 0,
            "analysisTimeMillis": 0,
            "cpuTimeMillis": 0,
            "wallTimeMillis": 0,
            "queuedTimeMillis": 0,
            "elapsedTimeMillis": 0,
            "finishingTimeMillis": 0,
            "physicalInputTimeMillis": 0,
            "processedRows": 0,
            "processedBytes": 0,
            "physicalInputBytes": 0,
            "physicalWrittenBytes": 0,
            "internalNetworkInputBytes": 0,
            "peakMemoryBytes": 0,
            "spilledBytes": 0
        },
        "error": {
            "message": message,
            "errorCode": code,
            "errorName": name,
            "errorType": kind,
            "failureInfo": {"type": "warren", "message": message, "stack": [], "suppressed": []}
        },
        "warnings": []
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_all_that_trinos_clients_require() {
        let body: serde_json::Value = serde_json::from_str(&PERMISSION_DENIED.body("no \"x\"\n")).unwrap();
        assert_eq!(body["id"], "warren");
        assert_eq!(body["infoUri"], "http://warren.invalid/");
        assert_eq!(body["stats"]["state"], "FAILED");
        assert_eq!(
            body["error"],
            json!({
                "message": "no \"x\"\n",
                "errorCode": 4,
                "errorName": "PERMISSION_DENIED",
                "errorType": "USER_ERROR",
                "failureInfo": {"type": "warren", "message": "no \"x\"\n", "stack": [], "suppressed": []}
            })
        );
        assert_eq!(body["warnings"], json!([]));
        assert_eq!(body["nextUri"], serde_json::Value::Null);
    }
}
