// The panel "Attach a client": an editor, a worker that runs what it holds, and what that prints.
//
// The worker's connections are connections of the page's simulator. The worker can be ended at any time, whatever it
// does; the page itself only carries bytes and shows lines, of both no more at a time than it can.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { EXAMPLES } from "./examples.js";

const MAX_LINES = 500;

/** What the panel says of the client. */
const STATES = {
  ready: textOf("ready"),
  runs: textOf("runs"),
  stopped: textOf("stopped"),
  attached: textOf("attached"),
  done: textOf("done"),
  failed: textOf("failed"),
};

let panel;

/** Opens the panel, or brings it to the front. `page` is what the page exports. */
export function open(page) {
  panel ??= new Panel(page);
  panel.show();
}

/** An element with attributes and content. */
function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

const sheet = () => make("link", { rel: "stylesheet", href: new URL("./attach.css", import.meta.url) });

const HIGHLIGHTS = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.moduleKeyword], color: "var(--violet)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: [tags.number, tags.bool], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.definition(tags.variableName), tags.propertyName], color: "var(--accent)" },
]);

function editor(parent, text, name) {
  const extensions = [
    lineNumbers(), history(), drawSelection(), bracketMatching(), indentOnInput(), javascript(), syntaxHighlighting(HIGHLIGHTS),
    // Tab leaves the editor after Escape, as the label says.
    keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ tabindex: "0", "aria-label": name }),
  ];
  const state = EditorState.create({ doc: text, extensions });
  return new EditorView({ parent, root: parent.getRootNode(), state });
}

/** The worker's connections to the page's simulator. */
class Pipes {
  #page;
  #send;
  /** Connections of the simulator by the worker's number, and the other way round. */
  #conns = new Map();
  #sockets = new Map();
  #frame;

  constructor(page, send) {
    this.#page = page;
    this.#send = send;
  }

  get count() {
    return this.#conns.size;
  }

  open(socket) {
    const conn = this.#page.attach();
    this.#conns.set(socket, conn);
    this.#sockets.set(conn, socket);
    this.#run();
  }

  write(socket, frame) {
    if (!this.#conns.has(socket)) return;
    this.#page.attachedSays(this.#conns.get(socket), frame);
    this.#deliver();
  }

  close(socket) {
    const conn = this.#conns.get(socket);
    if (conn === undefined) return;
    this.#forget(socket, conn);
    this.#page.detach(conn);
  }

  closeAll() {
    for (const socket of [...this.#conns.keys()]) this.close(socket);
  }

  #forget(socket, conn) {
    this.#conns.delete(socket);
    this.#sockets.delete(conn);
  }

  /** While there are connections, looks with every frame for what time has brought. */
  #run() {
    if (this.#frame) return;
    const turn = () => {
      this.#deliver();
      // Another preset is another simulator, which knows nothing of them.
      if (this.count > 0 && !this.#page.isAttached()) for (const socket of [...this.#conns.keys()]) this.#end(socket);
      this.#frame = this.count > 0 ? requestAnimationFrame(turn) : undefined;
    };
    this.#frame = requestAnimationFrame(turn);
  }

  #deliver() {
    const outgoing = this.#page.takeOutgoing();
    for (let at = 0; at < outgoing.length; at += 2) {
      const socket = this.#sockets.get(outgoing[at]);
      if (socket === undefined) continue;
      if (outgoing[at + 1]) this.#send({ socket, frame: outgoing[at + 1] });
      else this.#end(socket);
    }
  }

  #end(socket) {
    this.#forget(socket, this.#conns.get(socket));
    this.#send({ socket, frame: null });
  }
}

class Panel {
  #page;
  #root;
  #editor;
  #lines;
  #state;
  /** The name of the state that it shows. */
  #is;
  #buttons = {};
  #worker;
  #pipes;
  #opener;

  constructor(page) {
    this.#page = page;
    const names = Object.keys(EXAMPLES);
    const choice = make("select", { class: "input attach__examples", "aria-label": textOf("example") },
      ...names.map((name) => make("option", {}, name)));
    choice.onchange = () => this.#load(EXAMPLES[choice.value]);
    const button = (name, text, act, look = "") => {
      this.#buttons[name] = make("button", { type: "button", class: `button ${look}` }, text);
      this.#buttons[name].onclick = act;
      return this.#buttons[name];
    };
    this.#state = make("p", { class: "attach__state", role: "status" });
    const side = make("div", { class: "attach__side" });
    // The page's policy lets no style elements in, which is what CodeMirror writes unless it is in a tree of its own.
    const code = make("div", { class: "attach__code" });
    side.attachShadow({ mode: "open" }).append(sheet(), code);
    // What is typed here is no key of the page.
    side.addEventListener("keydown", (event) => event.stopPropagation());
    this.#lines = make("div", { class: "attach__lines", role: "log", "aria-label": textOf("output"), tabindex: "0" });
    this.#root = make("section", { class: "attach", "aria-label": textOf("attach") },
      make("div", { class: "attach__head" },
        make("h2", {}, textOf("attach")), choice,
        button("run", textOf("run"), () => this.#run(), "button--primary"), button("stop", textOf("stop"), () => this.#stop("stopped")), this.#state,
        button("close", textOf("close"), () => this.hide(), "button--quiet")),
      make("p", { class: "attach__note" }, textOf("attach-note")),
      make("div", { class: "attach__body" }, side, this.#lines));
    document.head.append(sheet());
    document.body.append(this.#root);
    this.#editor = editor(code, EXAMPLES[names[0]], textOf("code"));
    this.#show("ready");
  }

  show() {
    this.#opener = document.activeElement;
    this.#root.hidden = false;
    this.#buttons.run.focus();
    this.#root.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.#stop("stopped");
    this.#root.hidden = true;
    this.#opener?.focus();
  }

  #load(text) {
    this.#editor.dispatch({ changes: { from: 0, to: this.#editor.state.doc.length, insert: text } });
  }

  #show(state) {
    this.#is = state;
    this.#state.textContent = STATES[state];
    this.#buttons.stop.disabled = !this.#worker;
  }

  #run() {
    this.#stop("stopped");
    this.#lines.replaceChildren();
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    this.#pipes = new Pipes(this.#page, (message) => worker.postMessage(message));
    worker.onmessage = ({ data }) => this.#take(worker, data);
    worker.onerror = (event) => this.#print("error", event.message ?? textOf("worker-failed"));
    worker.postMessage({ code: this.#editor.state.doc.toString() });
    this.#show("runs");
  }

  #take(worker, { open, socket, frame, close, print, text, ended }) {
    if (worker !== this.#worker) return;
    if (open) this.#pipes.open(open);
    else if (socket) this.#pipes.write(socket, frame);
    else if (close) this.#pipes.close(close);
    else if (print) {
      this.#print(print, text);
      worker.postMessage({ shown: 1 });
    } else if (ended === "done" && this.#pipes.count > 0) this.#show("attached");
    else if (ended) this.#stop(ended);
    if (close && this.#is === "attached" && this.#pipes.count === 0) this.#stop("done");
  }

  #stop(state) {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = undefined;
    this.#pipes.closeAll();
    this.#show(state);
  }

  #print(level, text) {
    const isAtEnd = this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < 40;
    this.#lines.append(make("pre", { class: `attach__line attach__line--${level}` }, text));
    while (this.#lines.childElementCount > MAX_LINES) this.#lines.firstChild.remove();
    if (isAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}
