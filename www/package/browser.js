// Entry for browsers and bundlers: fetches the WebAssembly beside this file, once, when the first simulator is made.
import init from "./core.js";
import { setLoader } from "./simulator.js";

setLoader(() => init({ module_or_path: new URL("./core_bg.wasm", import.meta.url) }));

export { JetStreamError, Simulator } from "./simulator.js";
