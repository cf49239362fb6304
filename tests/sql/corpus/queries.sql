SELECT 1

VALUES 1, 2, 3

VALUES (1, (SELECT max(a) FROM t)), (2, 3)

TABLE t

TABLE lake.web.t

(SELECT * FROM t)

((SELECT * FROM t))

(TABLE t)

SELECT * FROM t

SELECT * FROM lake.web.t

SELECT * FROM web.t

SELECT t.* FROM t, u, lake.web.v

SELECT * FROM t a, u AS b, v "c d", w e (x, y), x AS f (z)

SELECT a.b.c FROM a.b

SELECT * FROM t JOIN u ON t.a = u.a, v

SELECT * FROM t JOIN u ON t.a = u.a AND u.b IN (1, 2, 3), v CROSS JOIN w

SELECT * FROM t JOIN u USING (a, b), v

SELECT * FROM t NATURAL JOIN u NATURAL LEFT OUTER JOIN v

SELECT * FROM t LEFT JOIN u ON true RIGHT OUTER JOIN v ON f(1, 2) = 1 FULL JOIN w ON x.a = 1

SELECT * FROM t INNER JOIN u INNER JOIN v ON v.a = u.a ON t.a = u.a

SELECT * FROM (t JOIN u ON t.a = u.a)

SELECT * FROM (t CROSS JOIN (u CROSS JOIN lake.web.v)) CROSS JOIN w

SELECT * FROM ((t))

SELECT * FROM (SELECT * FROM t) x, (SELECT * FROM u) AS y (a, b), v

SELECT * FROM ((SELECT * FROM t) UNION (SELECT * FROM u)) x

SELECT * FROM ((SELECT 1) UNION SELECT * FROM u)

SELECT * FROM ((SELECT * FROM t) x JOIN u ON x.a = u.a)

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t (x, y)

SELECT * FROM (VALUES 1, 2) v JOIN t ON true

SELECT * FROM (TABLE t) x

SELECT * FROM (WITH w AS (TABLE t) SELECT * FROM w) x, w

SELECT * FROM UNNEST(ARRAY[1, 2]) AS x (a)

SELECT * FROM t, UNNEST(t.a, t.b) WITH ORDINALITY AS x (a, b, c), u

SELECT * FROM t CROSS JOIN UNNEST(map(ARRAY[1], ARRAY[2])) AS m (k, v)

SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.a = t.a) x, v

SELECT * FROM t LEFT JOIN LATERAL (VALUES t.a) AS x (b) ON true

SELECT * FROM lateral

SELECT * FROM lateral l, u

SELECT * FROM t TABLESAMPLE BERNOULLI (10)

SELECT * FROM t x TABLESAMPLE SYSTEM (1 + 2), u

SELECT * FROM t AS x (a, b) TABLESAMPLE BERNOULLI (50) JOIN u ON true

SELECT * FROM t tablesample, u

SELECT * FROM t FOR VERSION AS OF 123

SELECT * FROM lake.web.t FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00 UTC', u

SELECT * FROM t FOR TIMESTAMP AS OF date_add('day', -1, now()) AS x (a, b), u y

SELECT * FROM t FOR VERSION AS OF 'branch' x JOIN u FOR VERSION AS OF 5 ON true

SELECT * FROM "t$snapshots"

SELECT * FROM lake.web."t$partitions" p, "T$Files"

SELECT * FROM TABLE(sequence(1, 10))

SELECT * FROM TABLE(lake.system.query(query => 'SELECT * FROM x')) AS q, t

SELECT * FROM TABLE(exclude_columns(input => TABLE(t), columns => DESCRIPTOR(a, b)))

SELECT * FROM TABLE(web.f(input => TABLE(lake.web.t) AS x (a, b) PARTITION BY a ORDER BY b, n => 1 + length('x'))) y

SELECT * FROM TABLE(f(TABLE(SELECT * FROM t, u) PARTITION BY (a, b) PRUNE WHEN EMPTY ORDER BY (c, d), DESCRIPTOR(x bigint, y varchar(10)), CAST(NULL AS DESCRIPTOR)))

SELECT * FROM TABLE(f(a => TABLE(t) PARTITION BY x KEEP WHEN EMPTY, b => TABLE(u) PARTITION BY x COPARTITION (t, u))), v

SELECT * FROM TABLE(f(TABLE(WITH w AS (TABLE t) SELECT * FROM w)))

SELECT * FROM TABLE(f(TABLE(VALUES 1, 2)))

SELECT * FROM TABLE(f(TABLE(TABLE t)))

SELECT * FROM t WHERE a IN (SELECT a FROM u) AND EXISTS (SELECT 1 FROM v) OR b = ANY (SELECT b FROM w) OR c > ALL (TABLE x)

SELECT * FROM t WHERE a IN (TABLE u)

SELECT * FROM t WHERE a IN (VALUES 1, 2)

SELECT * FROM t WHERE (a, b) IN ((SELECT 1, 2 FROM u))

SELECT (SELECT max(a) FROM t), (SELECT min(b) FROM u) FROM v

SELECT ((SELECT 1 FROM t) + 1) * 2

SELECT CASE WHEN a IN (SELECT a FROM t) THEN (SELECT b FROM u) ELSE c END FROM v

SELECT EXTRACT(YEAR FROM d), EXTRACT(HOUR FROM (SELECT max(d) FROM u)) FROM t

SELECT TRIM(BOTH 'x' FROM a), TRIM(LEADING FROM b), TRIM(c FROM d), trim(e), trim(f, 'g') FROM t

SELECT SUBSTRING(a FROM 2 FOR 3), SUBSTRING(b, 1) FROM t

SELECT POSITION('a' IN b), NORMALIZE(c, NFC), NORMALIZE(d) FROM t

SELECT a IS DISTINCT FROM b, c IS NOT DISTINCT FROM d FROM t

SELECT DISTINCT a FROM t

SELECT ALL a FROM t

SELECT count(DISTINCT a), count(*), sum(ALL b) FROM t

SELECT a FROM t GROUP BY ALL a

SELECT a, b FROM t GROUP BY GROUPING SETS ((a, b), a, ()), ROLLUP (c, d), CUBE (e) HAVING count(*) > (SELECT 1 FROM u)

SELECT grouping(a, b) FROM t GROUP BY CUBE (a, b)

SELECT a FROM t ORDER BY b DESC NULLS LAST, c ASC, (SELECT d FROM u) OFFSET 5 ROWS LIMIT 10

SELECT a FROM t FETCH FIRST 5 ROWS ONLY

SELECT a FROM t ORDER BY a FETCH NEXT ROW WITH TIES

SELECT a FROM t LIMIT ALL

SELECT a FROM t OFFSET ? LIMIT ?

SELECT * FROM t UNION SELECT * FROM u

SELECT * FROM t UNION ALL SELECT * FROM u INTERSECT DISTINCT SELECT * FROM v EXCEPT ALL SELECT * FROM w

SELECT * FROM t UNION ALL CORRESPONDING SELECT * FROM u

TABLE t UNION TABLE u EXCEPT VALUES 1

(SELECT * FROM t) UNION ALL (SELECT * FROM u) ORDER BY 1

SELECT * FROM t WHERE a = 1 UNION ALL (TABLE u ORDER BY x LIMIT 1)

SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), rank() OVER w FROM t WINDOW w AS (PARTITION BY d)

SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY f(d)), w2 AS (w ORDER BY x), w3 AS ()

SELECT sum(a) OVER w FROM t JOIN u ON t.a = u.a WINDOW w AS (PARTITION BY d), w2 AS (ORDER BY (SELECT 1 FROM v))

SELECT * FROM t window, u

SELECT first_value(a) IGNORE NULLS OVER (ORDER BY b) FROM t

SELECT array_agg(a ORDER BY b DESC) FILTER (WHERE c > 1) FROM t

SELECT listagg(a, ',' ON OVERFLOW TRUNCATE '...' WITH COUNT) WITHIN GROUP (ORDER BY b) FROM t

SELECT LISTAGG(DISTINCT a) WITHIN GROUP (ORDER BY a) FILTER (WHERE a <> '') FROM t

SELECT filter(ARRAY[1, 2], x -> x > 1), transform(a, (x) -> x + 1), reduce(a, 0, (s, x) -> s + x, s -> s) FROM t

SELECT f(() -> 1)

SELECT CAST(a AS decimal(10, 2)), TRY_CAST(b AS row(x bigint, y array(varchar(10)))), CAST(c AS timestamp(3) with time zone) FROM t

SELECT CAST((SELECT max(a) FROM t) AS map(varchar, bigint)), CAST(now() AS date)

SELECT DATE '2026-01-01', TIMESTAMP '2026-01-01 00:00:00', INTERVAL '3' DAY, INTERVAL - '1' YEAR TO MONTH, TIME '01:02:03', DOUBLE PRECISION '1.5', DECIMAL '1.2', X'0F', U&'!00e4' UESCAPE '!', JSON '{}'

SELECT current_date, current_time(3), current_timestamp(6), localtime, localtimestamp(0), current_user, current_catalog, current_schema, current_path

SELECT a AT TIME ZONE 'UTC', b AT TIME ZONE INTERVAL '1' HOUR FROM t

SELECT ARRAY[1, (SELECT 2 FROM t), f(3)][1], m['k'], r[1][2] FROM u

SELECT ROW(1, 'a'), (1, 2), (r).x, row(1).a FROM t

SELECT (r).* AS (a, b), t.* AS (c) FROM t

SELECT -1, +2, - (3), 1 - -1, a || b || 'c', 5 % 2, 1.5e3, .5, 0xFF, 0b01, 1_000 FROM t

SELECT NOT a AND b OR NOT (c) FROM t WHERE d BETWEEN 1 AND 2 AND e NOT BETWEEN (SELECT 1 FROM u) AND 2 AND f LIKE 'x%' ESCAPE '\' AND g NOT LIKE h AND i IS NULL AND j IS NOT NULL

SELECT coalesce(a, b), nullif(a, 1), if(a > 1, 2, 3), try(f(x)), format('%s', a) FROM t

SELECT JSON_EXISTS(a, 'lax $.x' FALSE ON ERROR), JSON_VALUE(b, 'strict $.y' RETURNING varchar(10) DEFAULT 'z' ON EMPTY NULL ON ERROR) FROM t

SELECT JSON_QUERY(a FORMAT JSON, 'lax $' PASSING b AS x, (SELECT 1 FROM u) AS "Y" RETURNING varchar(100) WITH CONDITIONAL ARRAY WRAPPER OMIT QUOTES ON SCALAR STRING EMPTY ARRAY ON EMPTY ERROR ON ERROR) FROM t

SELECT JSON_OBJECT('a' : 1, KEY 'b' VALUE upper(c) NULL ON NULL WITH UNIQUE KEYS RETURNING varchar(10)), JSON_OBJECT(), JSON_ARRAY(1, lower(x) ABSENT ON NULL), JSON_ARRAY() FROM t

SELECT * FROM JSON_TABLE('[1]', 'lax $[*]' AS p PASSING 1 AS x COLUMNS (n FOR ORDINALITY, a varchar(10) PATH 'lax $' DEFAULT lower('X') ON EMPTY, b json FORMAT JSON PATH 'lax $.b' WITHOUT ARRAY WRAPPER, NESTED PATH 'lax $.c' AS q COLUMNS (d bigint)) PLAN (p OUTER q) ERROR ON ERROR) AS j, t

SELECT * FROM t, JSON_TABLE(t.j, 'lax $' COLUMNS (a decimal(10, 2) PATH 'lax $.a', NESTED 'lax $.b' AS r COLUMNS (x varchar), NESTED 'lax $.c' AS s COLUMNS (y varchar)) PLAN DEFAULT (OUTER, UNION)) x, u

SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY a ORDER BY b MEASURES FINAL LAST(A.c) AS x, count(*) AS y, match_number() AS z ALL ROWS PER MATCH OMIT EMPTY MATCHES AFTER MATCH SKIP TO LAST B INITIAL PATTERN (^ A (B | C)+? {- D -} E{2,3} PERMUTE(F, G) $) SUBSET U = (A, B), V = (C, D) DEFINE A AS a.x > 1, B AS prev(B.c, 2) < abs(c), C AS c IN (SELECT c FROM u)) AS m (p, q), v

SELECT * FROM lake.web.t AS x (a, b) MATCH_RECOGNIZE (ONE ROW PER MATCH PATTERN (A*) DEFINE A AS true)

SELECT a, m OVER w FROM t WINDOW w AS (ORDER BY b MEASURES running first(A.x) AS m ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING AFTER MATCH SKIP PAST LAST ROW SEEK PATTERN (A B+) SUBSET C = (A, B) DEFINE B AS B.x > prev(B.x)), w2 AS (ORDER BY c)

WITH a AS (SELECT * FROM t) SELECT * FROM a

WITH a AS (SELECT * FROM t), b AS (SELECT * FROM a, u) SELECT * FROM a, b, c

WITH a (x, y) AS (VALUES (1, 2)), b (z) AS (TABLE a) TABLE b

WITH t AS (SELECT * FROM t) SELECT * FROM t

WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM b

WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT * FROM r, s

WITH RECURSIVE a AS (SELECT * FROM a), b AS (SELECT * FROM b, a, c) SELECT * FROM b

WITH a AS (WITH b AS (SELECT * FROM t) SELECT * FROM b), c AS (SELECT * FROM b) SELECT * FROM a, c

WITH a AS (SELECT 1) SELECT * FROM web.a, lake.web.a, a

WITH "A b" AS (SELECT 1), Ab AS (SELECT 2) SELECT * FROM "a B", AB, "aB", "A  b"

SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a

SELECT * FROM a WHERE x IN (WITH a AS (SELECT * FROM t) SELECT x FROM a) AND y IN (SELECT y FROM a)

WITH a AS (SELECT 1) (SELECT * FROM a) UNION (SELECT * FROM b)

WITH a AS (SELECT 1) SELECT (SELECT count(*) FROM a) FROM (SELECT * FROM a, b) WHERE EXISTS (TABLE a)

WITH a AS (SELECT 1), a2 AS (WITH a AS (SELECT * FROM u) SELECT * FROM a) SELECT * FROM a, a2

WITH a AS ((SELECT * FROM t)), b AS (VALUES 1), c AS (TABLE a) SELECT 1

WITH a AS (SELECT 1) TABLE a UNION TABLE b

WITH a AS (SELECT 1) VALUES (SELECT count(*) FROM a), (SELECT count(*) FROM b)

WITH FUNCTION twice(x bigint) RETURNS bigint RETURN x * 2 SELECT twice(a) FROM t

WITH FUNCTION f(x bigint) RETURNS bigint NOT DETERMINISTIC BEGIN IF x > 1 THEN RETURN 1; END IF; RETURN (2); END, FUNCTION g() RETURNS varchar(10) RETURN 'x' WITH a AS (TABLE t) SELECT f(1) FROM a, u

WITH FUNCTION f(x bigint) RETURNS bigint LANGUAGE PYTHON WITH (handler = 'f', "x" = 'SELECT') AS $$
return (SELECT) 'it''s
$$ SELECT f(a) FROM t

WITH function AS (SELECT 1), session AS (SELECT 2) SELECT * FROM function, session

WITH function (a) AS (SELECT 1) SELECT * FROM function

SELECT * FROM date, "select", "from", "table", year, data, tables, columns, schemas

SELECT date, year(date), "from", left_, from_ FROM t

SELECT json FROM json JOIN map ON map.key = json.key

SELECT * FROM t AS limit, u offset

SELECT a limit, b offset FROM t limit limit 5

SELECT t.from_date FROM t WHERE joined = 1

SELECT replace(a, 'x', 'y'), row_number() OVER (), "my func"(a), web.f(b), lake.web.g(c), truncate(1.5), date(d), map(), current_timezone(), random(), uuid() FROM t

SELECT t."sum(x)", "count"(*) FROM t

SELECT count(t.*) FROM t

SELECT a FROM t WHERE random() < 0.5

SELECT shuffle(a), rand(3), now() FROM t

SELECT *, 'FROM x' AS "JOIN y" FROM t -- FROM z

SELECT /* FROM a */ * /* JOIN b */ FROM t -- JOIN u

SELECT * FROM t WHERE a = 'it''s; FROM b' AND "weird ""FROM"" name" = 1

SELECT * FROM "a.b"."c"."d e"

SELECT * FROM "Ünïcödé"."Schemä"."Täble", "表", "İstanbul"

SELECT 'ä', U&'\00e4FROM', '表', '😀 FROM x' FROM t

SELECT "t".x1 FROM t

SELECT*FROM(SELECT*FROM t)x,u

SELECT a,b FROM t,u WHERE a=b

select * from T join LAKE.Web.U on T.a=U.a

SeLeCt * FrOm t CrOsS jOiN u

SELECT * FROM t WHERE a = '' AND b = '''' AND c = '--' AND d = '/*' AND e = '*/' AND f = '"'

SELECT * FROM "--", "/*", "'"

SELECT 1 --

SELECT 1 /**/ FROM /***/ t /* /* */

SELECT (((((((((((a))))))))))) FROM ((((((t))))))

SELECT ((a) + (b)) FROM t WHERE ((x = 1) AND ((y) IN (((SELECT y FROM u)))))

SELECT * FROM t WHERE a IN (1, 2) AND (b, c) IN (SELECT b, c FROM u UNION SELECT b, c FROM v)

SELECT sum(CASE WHEN a = (SELECT max(a) FROM u) THEN 1 ELSE 0 END) FROM t GROUP BY 1

SELECT x.y.z, x['a'].b FROM lake.web.t x

SELECT * FROM t ORDER BY count(*) OVER (PARTITION BY a)

SELECT * FROM system.runtime.queries WHERE state = 'RUNNING'

SELECT * FROM information_schema.tables, lake.information_schema.columns

SELECT ?, ? + 1 FROM t WHERE a = ? AND b IN (?, ?)
