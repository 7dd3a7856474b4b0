// The action's own file: loaded once, its handlers found, its errors told by its own lines.
"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { inspect } = require("node:util");
const p = require("./primordials.cjs");
const { share } = require("./shared.cjs");

// Innermost lines of the action that an error shows.
const STACK_LINES = 8;
const MESSAGE_CHARACTERS = 400;
const SOURCE_CHARACTERS = 160;
const STACK_FRAMES = 25;

const [MAJOR, MINOR] = process.versions.node.split(".").map(Number);
// From these versions on, Node takes for an ES module what looks like one, unless told; Auth0 does not.
const GUESSES = MAJOR > 22 || (MAJOR === 22 && MINOR >= 7) || (MAJOR === 20 && MINOR >= 19);
const HANDLER = /^on(?:Execute|Continue)[A-Z]\w*$/;
const FRAME = /^ *at (?:async )?(?:(.*?) \()?(?:file:\/\/)?(\/.*?):(\d+)(?::\d+)?\)?$/;
const SYNTAX = /^(?:file:\/\/)?(\/.*):(\d+)$/;
const OWNER = /^(?:Object|exports|module\.exports)\./;
const { readFileSync } = fs;
const { basename } = path;

/** The file exports no handler, or not the one that is asked for. */
class NoHandlerError extends Error {}
Object.defineProperty(NoHandlerError.prototype, "name", { value: "NoHandlerError" });

/** One loaded action. */
class Action {
  #handlers = p.create(null);

  constructor(init) {
    const { file } = init;
    Error.stackTraceLimit = STACK_FRAMES;
    const exported = load(file, init.dependencies, init.modules);
    if (typeof exported !== "object" || exported === null) {
      const legacy = typeof exported === "function";
      throw new NoHandlerError(
        "The Action must export an object." +
          (legacy ? " Instead of module.exports = function, write exports.onExecutePostLogin." : ""),
      );
    }
    const names = p.keys(exported);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (p.exec(HANDLER, name)) this.#handlers[name] = checked(name, exported[name]);
    }
    if (!this.names.length) {
      throw new NoHandlerError(
        `${basename(file)} defines no handler,` +
          " such as `exports.onExecutePostLogin = async (event, api) => {}`",
      );
    }
  }

  get names() {
    return p.keys(this.#handlers);
  }

  /** The handler of a name; throws `NoHandlerError` when the file does not define it. */
  handler(name) {
    const found = this.#handlers[name];
    if (found) return found;
    throw new NoHandlerError(`the action has ${p.join(this.names, ", ")}, but not ${name}`);
  }
}

function checked(name, handler) {
  if (typeof handler === "function" && handler.constructor?.name === "AsyncFunction") {
    return handler;
  }
  // Auth0's words.
  throw new TypeError(
    `Invalid function signature for the "${name}" handler.` +
      ` Use "exports.${name} = async function(event, api) { }" as the signature.`,
  );
}

/** Run the file as CommonJS, whatever package.json is above it; what it exports. */
function load(file, dependencies, modules) {
  const folder = path.dirname(file);
  keepWithin([{ file, dependencies }, ...modules]);
  share(modules);
  const module = new Module(file, null);
  module.filename = file;
  module.paths = Module._nodeModulePaths(folder);
  Module._cache[file] = module;
  module._compile(readFileSync(file, "utf8"), file, ...(GUESSES ? ["commonjs"] : []));
  module.loaded = true;
  return module.exports;
}

/** Packages of the action and of each module, for their own code; others are not found. */
function keepWithin(parts) {
  const owners = parts.map(({ file, dependencies }) => ({
    folder: `${path.dirname(file)}${path.sep}`,
    packages: dependencies ? [path.join(dependencies, "node_modules")] : [],
  }));
  const within = owners.flatMap(({ folder, packages }) => [
    folder,
    ...packages.map((found) => `${found}${path.sep}`),
  ]);
  const plain = Module._nodeModulePaths;
  // What else is on this machine is none of an action's business.
  Module._nodeModulePaths = (from) => {
    const owner = owners.find(({ folder }) => `${from}${path.sep}`.startsWith(folder)) ?? owners[0];
    const near = plain(from).filter((found) =>
      within.some((root) => `${found}${path.sep}`.startsWith(root)),
    );
    return [...near, ...owner.packages];
  };
  Module.globalPaths.length = 0;
}

/** Name, message and the lines of the action's files that an error came through, as JSON members. */
function describe(error) {
  let name = "Error";
  let message = "(its message cannot be shown)";
  let stack = "";
  try {
    if (error !== null && typeof error === "object" && typeof error.message === "string") {
      name = `${error.name}`;
      message = error.message;
      stack = lines(`${error.stack}`);
    } else {
      message = typeof error === "string" ? error : inspect(error);
    }
  } catch {
    // A stranger's getter.
  }
  const cut = p.toWellFormed(p.slice(message, 0, MESSAGE_CHARACTERS));
  return (
    `"name":${p.stringify(p.toWellFormed(name))},"message":${p.stringify(cut)},` +
    `"stack":${p.stringify(p.toWellFormed(stack))}`
  );
}

function lines(stack) {
  const found = p.split(stack, "\n");
  const syntax = p.exec(SYNTAX, found[0]);
  let text = syntax ? `${basename(syntax[1])}:${syntax[2]}${source(syntax[1], syntax[2])}` : "";
  let shown = 0;
  for (let i = 0; i < found.length && shown < STACK_LINES; i++) {
    const frame = p.exec(FRAME, found[i]);
    if (!frame || p.startsWith(frame[2], __dirname)) continue;
    const owner = frame[1] ? p.exec(OWNER, frame[1]) : null;
    const where = frame[1] ? ` in ${p.slice(frame[1], owner ? owner[0].length : 0)}` : "";
    text += `${text && "\n"}${basename(frame[2])}:${frame[3]}${where}${source(frame[2], frame[3])}`;
    shown += 1;
  }
  return text;
}

function source(file, line) {
  try {
    const text = p.trim(p.split(readFileSync(file, "utf8"), "\n")[line - 1] ?? "");
    return text ? `: ${p.slice(text, 0, SOURCE_CHARACTERS)}` : "";
  } catch {
    return "";
  }
}

module.exports = { Action, describe };
