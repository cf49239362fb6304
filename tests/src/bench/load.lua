-- What wrk sends. Arguments: query | follow-up | mix, and the path of a follow-up.

local STATEMENT = "SELECT region, count(*) AS orders, sum(total) AS total FROM hive.sales.orders WHERE day = DATE '2026-11-24' GROUP BY region ORDER BY 3 DESC"
local FOLLOW_UPS_A_QUERY = 10

-- So many users with two sources each: as many different queries, though all are of the same group.
local USERS = 500
local SOURCES = { "trino-cli", "superset" }

local queries, follow_up = {}, nil
local sent, asked = 0, 0

local function send_query()
    asked = asked % #queries + 1
    return queries[asked]
end

local function send_follow_up() return follow_up end

local function send_mix()
    sent = sent + 1
    if sent % (FOLLOW_UPS_A_QUERY + 1) == 1 then return send_query() end
    return follow_up
end

local senders = { query = send_query, ["follow-up"] = send_follow_up, mix = send_mix }

function init(args)
    local headers = {
        ["Host"] = wrk.headers["Host"],
        ["User-Agent"] = "StatementClientV1/476",
        ["X-Trino-User"] = "alice",
    }
    follow_up = wrk.format("GET", args[2], headers)
    -- Eight headers with the Host, less than a real client sends.
    headers["Content-Type"] = "text/plain; charset=utf-8"
    headers["X-Trino-Catalog"] = "hive"
    headers["X-Trino-Schema"] = "sales"
    headers["X-Trino-Client-Tags"] = "team=growth,label=plain"
    for user = 1, USERS do
        for _, source in ipairs(SOURCES) do
            headers["X-Trino-User"] = "analyst-" .. user
            headers["X-Trino-Source"] = source
            queries[#queries + 1] = wrk.format("POST", "/v1/statement", headers, STATEMENT)
        end
    end
    request = senders[args[1]]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"most":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
