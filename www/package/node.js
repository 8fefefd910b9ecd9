// Entry for Node: reads the WebAssembly beside this file, once, when the first simulator is made.
import { readFileSync } from "node:fs";
import { initSync } from "./core.js";
import { setLoader } from "./simulator.js";
import { unpack } from "./unpack.js";

setLoader(async () => initSync({ module: unpack(readFileSync(new URL("./core.packed.wasm", import.meta.url))) }));

export { JetStreamError, Simulator } from "./simulator.js";
