// The reader's work leaves the page and comes back to it: as a link, as a file, as a session that is kept.

// A link holds a whole scenario, deflated, in the fragment of its address, which no server gets to see.

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

/** Copies a link to what the page shows, or with `embed` an iframe of it; a sentence on how that went. */
async function copyLink(page, share) {
  const text = page.linkText();
  if (!text) return textOf("not-linked");
  const [base, packed] = [location.href.replace(/#.*/s, ""), await pack(text)];
  const link = `${base}#s=${packed}`;
  const frame = Object.assign(document.createElement("iframe"), { src: `${base}#embed=mini&s=${packed}`, width: "100%", height: "480" });
  const copy = share === "link" ? link : frame.outerHTML;
  const copied = await navigator.clipboard?.writeText(copy).then(() => true, () => false);
  const says = share === "link" ? textOf("link-copied") : textOf("embed-copied");
  if (copied) return says.replace("{0}", copy.length.toLocaleString(document.documentElement.lang));
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
  if (share === "link" || share === "embed") return page.note(await copyLink(page, share));
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

// The session is saved as it goes, and offered again when the page is next opened.
//
// Each tab saves under names that begin with one of its own, and holds a lock of that while it lives; so what nobody holds
// belongs to a page that is gone. What is saved is a scenario, opened like one from anywhere else.

const DATABASE = "jetstream-sim";
const STORE = "sessions";
/** Milliseconds between two looks at whether there is something to save. */
const EVERY = 400;
/** Characters of a session at most; a longer one stays as it was saved last. */
const MAX_LENGTH = 8_000_000;
/** Sessions that are kept. */
const MAX_SESSIONS = 5;
/** Worlds that one tab keeps: the one that is open, and those that it took the place of. */
const MAX_WORLDS = 3;

const tab = crypto.randomUUID();
const tabOf = ({ id }) => id.split(" ")[0];
/** Counts the worlds that were open in this tab. */
let world = 0;
const nameOf = (world) => `${tab} ${world}`;

/** The outcome of a request to IndexedDB. */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function database() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return done(request);
}

/** Does `act` with what is saved. Committed at once, so that it is done also by a page that goes. */
function change(db, act) {
  const transaction = db.transaction(STORE, "readwrite");
  const outcome = done(act(transaction.objectStore(STORE)));
  transaction.commit();
  // A storage that is full, or gone, keeps nothing; the page itself works on.
  return outcome.catch(() => {});
}

/** What pages that are gone have left, the newest first. */
async function left(db) {
  const { held } = await navigator.locks.query();
  const living = new Set([tab, ...held.map(({ name }) => name)]);
  const all = await done(db.transaction(STORE).objectStore(STORE).getAll());
  return all.filter((session) => typeof session.text === "string" && !living.has(tabOf(session))).sort((a, b) => b.at - a.at);
}

function saver(page, db) {
  let [saved, next, opened] = [0, 0, page.worldsOpened()];
  const save = (isLast) => {
    const length = page.sessionLength();
    const start = performance.now();
    if (length < saved || opened !== page.worldsOpened()) {
      // What another world took the place of is offered at once.
      if (saved > 0 && opened !== page.worldsOpened()) offerSaved(page, db, nameOf(world), save);
      // Another world, or an earlier moment from which it went on otherwise: what was saved is left as it is.
      [saved, world, opened] = [0, world + 1, page.worldsOpened()];
      change(db, (sessions) => sessions.delete(nameOf(world - MAX_WORLDS)));
    }
    if (length === 0 || length === saved || (start < next && !isLast)) return;
    const text = page.exportScenario();
    // A session that takes long to write is written less often.
    next = performance.now() + 50 * (performance.now() - start);
    saved = length;
    if (text && text.length <= MAX_LENGTH) change(db, (sessions) => sessions.put({ id: nameOf(world), at: Date.now(), length, text }));
  };
  return save;
}

/** `14:02`, or with the day where that is not today. */
function when(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return new Date(at).toLocaleString([], { hour: "2-digit", minute: "2-digit", ...(isToday ? {} : { day: "numeric", month: "short" }) });
}

function button(text, act, look = "") {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `button button--small ${look}`;
  button.textContent = text;
  button.onclick = act;
  return button;
}

/** Offers the session of that name. */
async function offerSaved(page, db, id, save) {
  const session = await done(db.transaction(STORE).objectStore(STORE).get(id));
  if (session) offer(page, db, [session], save);
}

/** Offers the newest of `found`; the next once that is discarded. */
function offer(page, db, [session, ...rest], save) {
  if (!session) return;
  document.querySelector("aside.note")?.remove();
  const note = document.createElement("aside");
  note.className = "note";
  note.ariaLabel = textOf("saved-session");
  const says = document.createElement("span");
  says.textContent = textOf("was-saved").replace("{0}", when(session.at))
    .replace("{1}", session.length.toLocaleString(document.documentElement.lang));
  const forget = () => change(db, (sessions) => sessions.delete(session.id));
  const goOn = () => {
    const problem = page.openScenario(session.text);
    if (problem) return says.replaceChildren(textOf("not-opened").replace("{0}", () => problem));
    note.remove();
    // It is this tab's from here on, and is not lost in between.
    save(true);
    return change(db, (sessions) => sessions.put({ ...session, id: nameOf(world) })).then(forget);
  };
  const discard = () => {
    note.remove();
    forget();
    offer(page, db, rest, save);
  };
  const toFile = () => download(`${DATABASE}-${new Date(session.at).toISOString().slice(0, 16)}`, session.text);
  note.append(says, button(textOf("go-on"), goOn, "button--main"), button(textOf("download"), toFile),
    button(textOf("discard"), discard), button(textOf("not-now"), () => note.remove(), "button--quiet"));
  document.body.prepend(note);
}

/** Saves the session of `page`, which is what the page exports, and offers what was saved before. */
export async function keep(page) {
  const db = await database();
  const save = saver(page, db);
  setInterval(save, EVERY);
  addEventListener("visibilitychange", () => save(document.hidden));
  addEventListener("pagehide", () => save(true));
  navigator.locks.request(tab, () => new Promise(() => {}));
  const found = await left(db);
  for (const { id } of found.slice(MAX_SESSIONS)) change(db, (sessions) => sessions.delete(id));
  offer(page, db, found.slice(0, MAX_SESSIONS), save);
}
