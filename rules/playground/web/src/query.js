// The form of a query, and the `query.json` that it stands for.

const HEADERS = { user: "X-Trino-User", source: "X-Trino-Source", tags: "X-Trino-Client-Tags", catalog: "X-Trino-Catalog", schema: "X-Trino-Schema" };

// What the form says, as text of a `query.json`. What stands under "more" counts where the form says nothing.
export function queryJson(form) {
  const more = form.more.value.trim();
  let query;
  try {
    query = more ? JSON.parse(more) : {};
  } catch {
    // Its mistake is told by the engine, which says where it is.
    return more;
  }
  const headers = { ...query.headers };
  for (const [field, header] of Object.entries(HEADERS)) {
    if (form[field].value) headers[header] = form[field].value;
  }
  query.headers = headers;
  if (form.body.value) query.body = form.body.value;
  query.now ??= Math.floor((form.time.value ? Date.parse(`${form.time.value}Z`) : Date.now()) / 1000);
  return JSON.stringify(query);
}

// Shows a `query.json` in the form.
export function showQuery(form, query) {
  const { headers = {}, body = "", now, ...more } = query;
  const rest = { ...headers };
  for (const [field, header] of Object.entries(HEADERS)) {
    const name = Object.keys(rest).find((name) => name.toLowerCase() === header.toLowerCase());
    form[field].value = typeof rest[name] === "string" ? rest[name] : "";
    if (typeof rest[name] === "string") delete rest[name];
  }
  form.body.value = body;
  form.time.value = now === undefined ? "" : new Date(now * 1000).toISOString().slice(0, 16);
  if (Object.keys(rest).length > 0) more.headers = rest;
  const text = Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : "";
  form.more.value = text;
  form.more.closest("details").open = text !== "";
}
