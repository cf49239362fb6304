-- The five rules of rules/benches/five.rhai, as Envoy's Lua filter takes them.

local VIPS = { ceo = true, cfo = true }

local function has_tag(tags, wanted)
    for tag in string.gmatch(tags, "[^,]+") do
        if tag == wanted then return true end
    end
    return false
end

local function cluster(headers)
    if VIPS[headers:get("x-trino-user") or ""] then return "vip" end
    local source = headers:get("x-trino-source") or ""
    if source == "airflow" then return "etl" end
    local tags = headers:get("x-trino-client-tags") or ""
    if string.sub(source, 1, 8) == "superset" and has_tag(tags, "dashboard") then return "bi" end
    if has_tag(tags, "label=special") then return "special" end
    if headers:get("x-trino-catalog") == "hive" then return "trino" end
    return "adhoc"
end

-- A follow-up says nothing of itself: its path tells where it belongs.
function envoy_on_request(handle)
    local headers = handle:headers()
    headers:replace("x-cluster", headers:get(":method") == "POST" and cluster(headers) or "trino")
end
