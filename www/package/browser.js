// Entry for browsers and bundlers: fetches the WebAssembly beside this file, once, when the first simulator is made.
import init from "./core.js";
import { setLoader } from "./simulator.js";
import { load } from "./unpack.js";

setLoader(() => init({ module_or_path: load(new URL("./core.packed.wasm", import.meta.url)) }));

export { JetStreamError, Simulator } from "./simulator.js";
