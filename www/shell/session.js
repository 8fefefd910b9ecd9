// Keeps the reader's work: the session is saved as it goes, and offered again when the page is next opened.
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
  return (isLast) => {
    const length = page.sessionLength();
    const start = performance.now();
    if (length < saved || opened !== page.worldsOpened()) {
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

function download({ at, text }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `jetstream-sim ${new Date(at).toISOString().slice(0, 16).replace(":", ".")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Offers the newest of `found`; the next once that is discarded. */
function offer(page, db, [session, ...rest], save) {
  if (!session) return;
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
  note.append(says, button(textOf("go-on"), goOn, "button--main"), button(textOf("download"), () => download(session)),
    button(textOf("discard"), discard), button(textOf("not-now"), () => note.remove(), "button--quiet"));
  document.body.append(note);
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
