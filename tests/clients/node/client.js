// The Node client, one step after the other; see tests/clients/README.md.

const fs = require("node:fs");
const { setTimeout: wait } = require("node:timers/promises");
const zlib = require("node:zlib");
const { BasicAuth, Trino } = require("trino-client");

const [url, user, source, ca, ...steps] = process.argv.slice(2);
const trino = Trino.create({
  server: url,
  source,
  auth: new BasicAuth(user),
  ssl: ca ? { ca: fs.readFileSync(ca) } : undefined,
});
const seen = { rows: 0, checksum: 0, values: [], error: null };

function count(row) {
  const text = row.map(String).join("\t");
  seen.rows += 1;
  seen.checksum += zlib.crc32(text);
  if (seen.values.length < 20) {
    seen.values.push(text);
  }
}

// A page at a time. This client throws nothing when a query fails: its users look at `error` themselves.
async function* pages(sql) {
  const pages = await trino.query(sql);
  for (;;) {
    const { value, done } = await pages.next();
    if (value.error) {
      const where = done ? " (in the value beside `done`, which `for await` passes over)" : "";
      throw new Error(value.error.message + where);
    }
    if (done) {
      return;
    }
    yield value;
  }
}

async function read(sql, each, pause = 0) {
  let number = 0;
  for await (const page of pages(sql)) {
    for (const row of page.data ?? []) {
      each(row);
      number += 1;
      if (number === 1000) {
        await wait(pause * 1000);
      }
    }
  }
}

async function take(step, sql) {
  switch (step) {
    case "query":
    case "heartbeat":
      return read(sql, count);
    case "idle":
      return read(sql, count, 35);
    case "do":
      return read(sql, () => {});
    case "cancel":
      for await (const page of pages(sql)) {
        (page.data ?? []).forEach(count);
        if (seen.rows >= 1000) {
          await trino.cancel(page.id);
          return;
        }
      }
      return;
    case "execute":
      await read(`PREPARE statement FROM ${sql}`, () => {});
      return read("EXECUTE statement USING 'warren'", count);
    case "begin":
      return read("START TRANSACTION", () => {});
    case "commit":
      return read("COMMIT", () => {});
    default:
      throw new Error(`no such step: ${step}`);
  }
}

async function main() {
  try {
    for (const step of steps) {
      const [verb] = step.split(" ", 1);
      await take(verb, step.slice(verb.length + 1));
    }
  } catch (error) {
    seen.error = error.message;
  }
  console.log(JSON.stringify(seen));
}

main();
