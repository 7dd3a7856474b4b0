// Code that actions share, required as `actions:name`; it sees `actions.secrets` of its own.
"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

const PREFIX = "actions:";
const PARAMETERS = ["exports", "require", "module", "__filename", "__dirname", "actions"];

/** Let `require` find these modules; each is loaded once, when it is first asked for. */
function share(modules) {
  const known = new Map(modules.map((module) => [`${PREFIX}${module.name}`, module]));
  const loaded = new Map();
  const plain = Module._load;
  Module._load = function load(request, ...others) {
    const found = known.get(request);
    if (!found) return plain.call(this, request, ...others);
    if (!loaded.has(request)) loaded.set(request, run(found));
    return loaded.get(request).exports;
  };
}

/** Run the code of a module as CommonJS. */
function run({ file, secrets }) {
  const module = new Module(file, null);
  module.filename = file;
  const code = vm.compileFunction(fs.readFileSync(file, "utf8"), PARAMETERS, { filename: file });
  const required = Module.createRequire(file);
  const own = Object.freeze({ secrets: Object.freeze({ ...secrets }) });
  code.call(module.exports, module.exports, required, module, file, path.dirname(file), own);
  module.loaded = true;
  return module;
}

module.exports = { share };
