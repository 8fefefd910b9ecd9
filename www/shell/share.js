// Links and files. A link holds a whole scenario, deflated, in the fragment of its address, which no server gets to see.

/** Bytes that a link may unpack to. */
const MAX_BYTES = 256 * 1024;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Passes bytes through a stream of the browser's, and fails where more than `most` come out. */
async function through(transform, bytes, most = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const [parts, size] = [[], { all: 0 }];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size.all += part.value.length;
    if (size.all > most) throw new RangeError("too much");
    parts.push(part.value);
  }
  return new Blob(parts).arrayBuffer();
}

async function pack(text) {
  const bytes = new Uint8Array(await through(new CompressionStream("deflate-raw"), text));
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpack(packed) {
  const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  return new TextDecoder("utf-8", { fatal: true }).decode(await through(new DecompressionStream("deflate-raw"), bytes, MAX_BYTES));
}

/** Opens what the fragment of an address asks for; a sentence where that cannot be. */
export async function follow(page, fragment) {
  const values = new Map(fragment.replace(/^#/, "").split("&").map((part) => [part.split("=", 1)[0], part.slice(part.indexOf("=") + 1)]));
  if (values.has("s")) {
    const text = await unpack(values.get("s")).catch((error) => error);
    if (text instanceof RangeError) return textOf("link-too-long");
    if (typeof text !== "string") return textOf("link-changed");
    const problem = page.openLink(text);
    return problem && textOf("link-not-opened").replace("{0}", () => problem);
  }
  return values.has("preset") ? page.openPreset(values.get("preset")) : undefined;
}

/** Copies a link to what the page shows; a sentence on how that went. */
async function copyLink(page) {
  const text = page.linkText();
  if (!text) return textOf("not-linked");
  const link = `${location.href.replace(/#.*/s, "")}#s=${await pack(text)}`;
  const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
  if (copied) return textOf("link-copied").replace("{0}", link.length.toLocaleString(document.documentElement.lang));
  history.replaceState(null, "", link);
  return textOf("link-in-address");
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${name.replaceAll(/[^\w.-]+/g, "-")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Does what a button or a file input of the page asks for. */
export async function act(page, control) {
  const { share } = control.dataset;
  if (share === "link") return page.note(await copyLink(page));
  if (share === "download") {
    const what = control.closest("form").querySelector("select").value;
    const text = page.exportText(what);
    if (text) download(what, text);
  }
  const file = share === "file" && control.files[0];
  if (!file) return undefined;
  // The same file may be chosen again.
  const text = file.size <= MAX_FILE_BYTES ? await file.text().catch(() => "") : undefined;
  control.value = "";
  return text === undefined ? page.problem(textOf("file-too-long")) : page.importText(text);
}
