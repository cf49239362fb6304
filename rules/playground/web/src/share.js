// The state of the page in the fragment of its address, which no server sees: JSON, compressed, in URL-safe base64.

export async function pack(state) {
  const stream = new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The state, or nothing if the fragment holds none.
export async function unpack(fragment) {
  try {
    const text = atob(fragment.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const state = JSON.parse(await new Response(stream).text());
    const good = Array.isArray(state.files) && state.files.every(({ name, source }) => typeof name === "string" && typeof source === "string");
    return good && state.files.length > 0 && typeof state.query === "object" ? state : undefined;
  } catch {
    return undefined;
  }
}
