SELECT /*+ hint */ a.* FROM
  t -- the first, JOIN x
  /* , y */ AS a
, -- and
  lake . web . u

SELECT 'JOIN x' || "FROM".y FROM "FROM" JOIN "JOIN" ON "ON" = 1, "WHERE", "a ""b"" c"."d.e"

SELECT '''', '''''', '--''', '/*', "--""", "/*" FROM t /* ' */ , u -- '

SELECT * FROM t WHERE a LIKE '%''; DROP TABLE x; --' OR b = '*/' /* " */

SELECT * FROM t WHERE u&'\0041' = U&'!0041' UESCAPE '!' AND x'' = X'AB cd'

SELECT * FROM	t
WHERE
	a	IN(SELECT	b	FROM	u)

SELECT * FROM t AS "u", u AS "t" WHERE "t"."u" = "u"."t"

SELECT from_unixtime(1), select_me, "select", join_x(a), table_y FROM from_table, join_table

SELECT * FROM "Großer"."ÄÖÜ" JOIN "ß"."ẞ" ON 'ǅ' = '𝔘𝔫𝔦'

SELECT "💥"."🔥" FROM "💥", "‮rtl", "zero​width", "e´", "é"

SELECT * FROM (((((SELECT * FROM (((t)))))))), ((u CROSS JOIN ((v))))

SELECT a FROM (SELECT b FROM (SELECT c FROM (SELECT d FROM (SELECT e FROM (SELECT f FROM g)))))

SELECT (SELECT (SELECT (SELECT (SELECT max(a) FROM t) FROM u) FROM v) FROM w)

WITH a AS (SELECT 1), b AS (SELECT * FROM (WITH a AS (SELECT * FROM a), c AS (TABLE a) SELECT * FROM a, b, c)) SELECT * FROM a, b, c

WITH a AS (WITH a AS (WITH a AS (SELECT * FROM a) SELECT * FROM a) SELECT * FROM a) SELECT * FROM a

WITH x AS (SELECT * FROM t), y AS (SELECT * FROM x JOIN web.x ON true) SELECT * FROM y, (SELECT * FROM x WHERE EXISTS (WITH y AS (TABLE z) SELECT * FROM y, x)) q

SELECT * FROM t WHERE a IN (WITH t AS (SELECT 1 a) SELECT a FROM t) AND b IN (SELECT b FROM t)

WITH "T" AS (SELECT 1) SELECT * FROM t, "t", T, "T"

WITH a AS (SELECT 1) SELECT * FROM a AS b, b AS a, c

WITH a AS (TABLE b), b AS (TABLE a) (TABLE a) UNION ALL (TABLE b ORDER BY (SELECT 1 FROM c)) EXCEPT (VALUES (SELECT 2 FROM d))

SELECT * FROM t, (VALUES (1, (SELECT max(x) FROM u))) AS v (a, b), UNNEST((SELECT array_agg(y) FROM w)) AS x (z), z

SELECT * FROM t LEFT JOIN (u INNER JOIN v USING (a, b)) ON t.a = u.a, w NATURAL FULL JOIN x, y

SELECT * FROM t JOIN u ON t.a IN (1, 2) AND t.b = ANY (VALUES 1, 2) AND (t.c, t.d) = (1, 2), v JOIN w ON f(g(1, 2), h(3)) = ARRAY[1, 2][1], x

SELECT * FROM t JOIN LATERAL (SELECT * FROM u WHERE u.a = t.a LIMIT 1) AS x (a, b) ON true, v

SELECT * FROM t JOIN u ON (SELECT count(*) FROM v, w) > 1, x

SELECT CASE a WHEN 1 THEN 'FROM x' WHEN (SELECT 2 FROM u) THEN "FROM" ELSE extract(DAY FROM b) END FROM t

SELECT count(*) FILTER (WHERE a IS NOT DISTINCT FROM b) FROM t WHERE c IS DISTINCT FROM (SELECT d FROM u)

SELECT trim(BOTH FROM a) || substring(b FROM 1) || extract(DAY FROM (SELECT now() FROM u)) FROM t

SELECT a AS "from", b AS "join", c "select" FROM t ORDER BY "from" DESC, "join"

SELECT a filter, b row, c values_, d over FROM t filter JOIN u row ON filter.a = row.a, v over

SELECT array[1][1], map['a'], row.x, date.y, time.z FROM array, map, row, date, time

SELECT all_, any_, some_ FROM set, sets, show, some, start, stats, system

SELECT first, last, next, prior FROM first, last, next CROSS JOIN prior

SELECT * FROM view, views, schema, session, catalog, columns, functions WHERE view.a = 1

SELECT * FROM data FOR VERSION AS OF 'x', version FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01', timestamp

SELECT * FROM match_recognize m, tablesample t2, offset o, fetch f, limit l

SELECT if(a, b), replace(c, 'd'), truncate(e, 1), left_pad(f), "left"(g) FROM t

SELECT json_format(CAST(ROW(1, 'x') AS json)), json_extract(a, '$.from'), json_parse('{"select": "from"}') FROM t

SELECT transform(a, x -> x + (SELECT max(b) FROM u)), any_match(c, (y) -> y IN (SELECT d FROM v)), reduce(e, 0, (s, x) -> s + x, s -> s) FROM t

SELECT a -> b FROM t

SELECT TIMESTAMP '2026-01-01' AT TIME ZONE 'UTC', INTERVAL '1' DAY * 2, DATE '2026-01-01' - INTERVAL '1' MONTH FROM t

SELECT 1 UNION SELECT 2 UNION ALL VALUES 3 INTERSECT TABLE t EXCEPT (SELECT 4 FROM u UNION SELECT 5 FROM v) ORDER BY 1 LIMIT 3

SELECT * FROM (SELECT 1 FROM t UNION ALL SELECT 2 FROM u) CROSS JOIN ((TABLE v) UNION (TABLE w)) AS x

SELECT rank() OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND (SELECT 1 FROM u) FOLLOWING) FROM t WINDOW w AS (PARTITION BY (SELECT 2 FROM v), x ORDER BY y, z)

INSERT INTO t (a, "b c", d) (SELECT 1, 2, 3 FROM u) UNION ALL (SELECT 4, 5, 6 FROM v)

INSERT INTO "INSERT"."INTO" SELECT * FROM "VALUES"

INSERT INTO t WITH a AS (SELECT * FROM t), t AS (SELECT * FROM a) SELECT * FROM t, a, web.t

INSERT INTO t (VALUES 1, 2)

INSERT INTO t (TABLE u)

CREATE TABLE "CREATE"."TABLE" AS (((SELECT * FROM "AS")))

CREATE TABLE t (as_ bigint, "as" bigint, b varchar COMMENT ' AS SELECT * FROM x') COMMENT 'AS SELECT * FROM y' WITH ("as" = 'AS SELECT', c = ARRAY['AS (SELECT * FROM z)'])

CREATE TABLE t COMMENT 'AS' WITH ("as" = 'AS') AS SELECT * FROM u

CREATE VIEW v COMMENT 'AS SELECT * FROM x' AS SELECT 'AS' AS "AS" FROM t AS "AS"

CREATE MATERIALIZED VIEW mv WITH (a = 'AS SELECT 1 FROM z', b = (1 + 2)) AS WITH a AS (TABLE t) SELECT * FROM a, u

DELETE FROM "DELETE" WHERE "FROM" = 'FROM x' AND a IN (TABLE b)

UPDATE "UPDATE" SET "SET" = "WHERE", b = (SELECT c FROM d WHERE e = 'SET') WHERE f IN (1, 2)

MERGE INTO "MERGE" "INTO" USING "USING" "ON" ON "ON".a = "INTO".a WHEN NOT MATCHED THEN INSERT ("VALUES") VALUES (DATE '2026-01-01')

MERGE INTO t AS a USING (WITH w AS (TABLE u) SELECT * FROM w, v) AS b ON (a.x = b.x AND a.y IN (1, 2)) WHEN MATCHED AND a.z = (SELECT max(z) FROM z) THEN UPDATE SET x = b.x, y = (SELECT 1 FROM y), z = 3

EXPLAIN (FORMAT TEXT, TYPE DISTRIBUTED) WITH a AS (TABLE t) SELECT * FROM a

EXPLAIN (TABLE t)

EXPLAIN ((SELECT * FROM t))

SELECT * FROM t JOIN u ON CASE WHEN a THEN b ELSE c END, v

SELECT * FROM t JOIN u ON a = b LEFT JOIN v ON CASE a WHEN 1 THEN true END = c, w x, LATERAL (SELECT 1 FROM y) z, q

SELECT pattern((SELECT max(a) FROM t)), descriptor((SELECT 1 FROM u)), copartition((WITH w AS (TABLE v) SELECT 2 FROM w)) FROM x

SELECT pattern(f(1)), columns(g(2)), permute(h(3)), plan(1), row(f2(4)), default(5) FROM t

SELECT * FROM pattern, descriptor d (a, b), columns AS c (x), permute

SELECT web.pattern(a), pattern.f(b), filter.g(c), "filter"(d), over.h(e) FROM t
