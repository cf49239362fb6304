//! Words of Trino's grammar (`SqlBase.g4` of Trino 476).

/// Bytes of the longest words that are looked up; there is one longer word.
const LONGEST: usize = 16;
const LONGER: &str = "CURRENT_TIMESTAMP";

/// A word as a number, so that the compiler makes a tree of comparisons rather than a list: each word of each statement is
/// looked up.
const fn packed(word: &[u8]) -> u128 {
    let mut packed = 0;
    let mut rest = word;
    while let [first, others @ ..] = rest {
        packed = packed << 8 | first.to_ascii_uppercase() as u128;
        rest = others;
    }
    packed
}

macro_rules! keywords {
    (reserved: $($reserved:ident)* ; free: $($free:ident)*) => {
        /// A word that the analysis looks at, or one that cannot be a name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "as in the grammar")]
        pub(super) enum Keyword {
            $($reserved,)*
            $($free,)*
            /// Any other word: a name.
            Other,
        }

        mod words {
            $(pub(super) const $reserved: u128 = super::packed(stringify!($reserved).as_bytes());)*
            $(pub(super) const $free: u128 = super::packed(stringify!($free).as_bytes());)*
        }

        impl Keyword {
            /// What a word without quotes is; case does not matter.
            #[inline(never)]
            pub(super) fn of(word: &str) -> Keyword {
                if word.len() > LONGEST {
                    let longer = word.eq_ignore_ascii_case(LONGER);
                    return if longer { Keyword::CURRENT_TIMESTAMP } else { Keyword::Other };
                }
                match packed(word.as_bytes()) {
                    $(words::$reserved => Keyword::$reserved,)*
                    $(words::$free => Keyword::$free,)*
                    _ => Keyword::Other,
                }
            }

            /// Can it not be a name without quotes?
            pub(super) fn is_reserved(self) -> bool {
                matches!(self, $(Keyword::$reserved)|*)
            }
        }
    };
}

keywords! {
    reserved:
        ALTER AND AS AUTO BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
        CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP
        ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT
        INTO IS JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME
        LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN
        TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH;
    free:
        ADD ALL ANALYZE ANY AUTHORIZATION BERNOULLI BRANCH BRANCHES CALL CATALOG CATALOGS CHAR COLUMN COLUMNS COMMENT COMMIT
        COPARTITION CORRESPONDING CURRENT DATA DECIMAL DEFAULT DENY DESC DESCRIPTOR DETERMINISTIC EXPLAIN FILTER FUNCTION
        FUNCTIONS GRANT GRANTS IF IMMEDIATE INPUT LATERAL MATCH_RECOGNIZE MATERIALIZED MERGE OF OUTPUT OVER PATH PATTERN
        PERMUTE PLAN PROPERTIES REFRESH RENAME REPLACE RESET REVOKE ROLE ROLES ROLLBACK ROW SCHEMA SCHEMAS SESSION SET SETS
        SHOW SOME START STATS SYSTEM TABLES TABLESAMPLE TIME TIMESTAMP TO TRANSACTION TRUNCATE TRY_CAST UPDATE USE VARCHAR
        VERBOSE VIEW WINDOW
}
