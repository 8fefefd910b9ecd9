// What surrounds the page: it is loaded when it is wanted.

// The editor and nats.js, when somebody asks for them.
document.addEventListener("click", async ({ target }) => {
  if (!target.closest?.("[data-attach]")) return;
  const panel = await import("./attach/panel.js").catch(() => undefined);
  if (panel) panel.open(window.wasmBindings);
  else tell(textOf("no-editor"));
});

/** A sentence at the foot of the page, until it is clicked away. */
function tell(text) {
  const note = document.createElement("p");
  note.className = "note";
  note.role = "alert";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button--small";
  close.textContent = textOf("close");
  close.onclick = () => note.remove();
  note.append(text, close);
  document.body.append(note);
}

const work = () => import("./shell/work.js");

// Links, and files that go out and come in.
const share = (act) => work().then(act, () => textOf("no-links"))
  .then((problem) => problem && tell(problem));
for (const event of ["click", "change"]) {
  document.addEventListener(event, ({ target }) => {
    const control = target.closest?.("[data-share]");
    if (control && (event === "change") === (control.type === "file")) share(({ act }) => act(window.wasmBindings, control));
  });
}
const follow = () => /[#&](s|preset)=/.test(location.hash) && share(({ follow }) => follow(window.wasmBindings, location.hash));
addEventListener("hashchange", follow);
// A preset was opened already.
if (/[#&]s=/.test(location.hash)) addEventListener("TrunkApplicationStarted", follow);

// The session is kept, where the browser keeps anything; within another page there is none.
if (window === top && !location.hash.includes("embed=")) {
  addEventListener("TrunkApplicationStarted", () => work().then(({ keep }) => keep(window.wasmBindings)).catch(() => {}));
}

// Without a network the page works as well, from its second visit on; not within another page, nor where it is one file.
if (window === top && !document.getElementById("wasm")) {
  addEventListener("TrunkApplicationStarted", () => navigator.serviceWorker?.register("./sw.js").catch(() => {}));
}

// Within another page it rests while it cannot be seen.
if (window !== top) {
  addEventListener("TrunkApplicationStarted", () => {
    new IntersectionObserver((seen) => window.wasmBindings.setInSight(seen.at(-1).isIntersecting)).observe(document.documentElement);
  });
}
