-- Like those of TPC-DS: three channels, each with what came back, by week and store.
WITH store_week AS (
    SELECT d.week_seq, s.store_id, s.store_name,
           sum(CASE WHEN d.day_name = 'Sunday' THEN f.sales_price ELSE null END) AS sun_sales,
           sum(CASE WHEN d.day_name = 'Monday' THEN f.sales_price ELSE null END) AS mon_sales,
           sum(CASE WHEN d.day_name = 'Friday' THEN f.sales_price ELSE null END) AS fri_sales
    FROM hive.retail.store_sales f, date_dim d, store s
    WHERE d.date_sk = f.sold_date_sk AND s.store_sk = f.store_sk AND d.year BETWEEN 2001 AND 2002
    GROUP BY d.week_seq, s.store_id, s.store_name
), web_returns_by_item AS (
    SELECT i.item_id, i.category, sum(coalesce(r.return_amt, 0)) AS returned, count(DISTINCT r.order_number) AS orders
    FROM web_returns r
    LEFT JOIN web_sales w ON r.order_number = w.order_number AND r.item_sk = w.item_sk
    JOIN item i ON i.item_sk = coalesce(r.item_sk, w.item_sk), date_dim d
    WHERE r.returned_date_sk = d.date_sk AND d.moy IN (1, 2, 3) AND i.current_price > (
        SELECT 1.2 * avg(j.current_price) FROM item j WHERE j.category = i.category)
    GROUP BY i.item_id, i.category
), ranked AS (
    SELECT category, item_id, returned, rank() OVER (PARTITION BY category ORDER BY returned DESC) AS place,
           returned / nullif(sum(returned) OVER (PARTITION BY category), 0) AS share
    FROM web_returns_by_item
)
SELECT 'store channel' AS channel, a.store_name AS name, a.week_seq AS week,
       round(a.sun_sales / b.sun_sales, 2) AS sunday, round(a.mon_sales / b.mon_sales, 2) AS monday,
       round(a.fri_sales / b.fri_sales, 2) AS friday
FROM store_week a JOIN store_week b ON a.store_id = b.store_id AND a.week_seq = b.week_seq - 52
WHERE a.store_id IN (SELECT store_id FROM store WHERE state IN ('TN', 'GA', 'OH') AND substr(zip, 1, 2) = '35')
UNION ALL
SELECT 'web channel', r.item_id, r.place, r.share, CAST(r.returned AS decimal(15, 2)), null
FROM ranked r
WHERE r.place <= 10 AND EXISTS (
    SELECT 1 FROM hive.retail.customer c, customer_address ca
    WHERE c.current_addr_sk = ca.address_sk AND ca.country = 'United States' AND c.birth_month = extract(MONTH FROM current_date))
ORDER BY channel, name, week
LIMIT 100
