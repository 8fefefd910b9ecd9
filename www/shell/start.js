// What surrounds the page: it is loaded when it is wanted.

// The editor and nats.js, when somebody asks for them.
document.addEventListener("click", async ({ target }) => {
  if (target.closest?.("[data-attach]")) (await import("./attach/panel.js")).open(window.wasmBindings);
});
