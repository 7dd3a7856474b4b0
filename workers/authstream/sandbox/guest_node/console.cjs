// What an action prints, kept per run and never mixed with frames.
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");
const { Console } = require("node:console");
const fs = require("node:fs");
const { Readable, Writable } = require("node:stream");
const p = require("./primordials.cjs");

// The descriptor of what is said outside any run; the worker reads it.
const STDERR = 2;
const LEVELS = {
  debug: "debug",
  log: "info",
  info: "info",
  warn: "warning",
  error: "error",
  trace: "error",
};

const storage = new AsyncLocalStorage();
const getStore = p.uncurry(AsyncLocalStorage.prototype.getStore);
const enter = p.uncurry(AsyncLocalStorage.prototype.run);
const { writeSync } = fs;

/** The run that the code which runs now belongs to, if any. */
const current = () => getStore(storage);
/** Call a function as part of a run. */
const within = (run, call) => enter(storage, run, call);

/** What one run printed, by lines, cut at a number of characters. */
class Lines {
  #cut;
  #left;
  #text = "";
  #partial = p.create(null);

  constructor(limit) {
    this.#cut = `(console cut at ${limit} characters)`;
    this.#left = limit - this.#cut.length;
  }

  /** Take a piece of a stream; lines are kept when they end. */
  write(level, text) {
    if (this.#left <= 0) return;
    const pieces = p.split((this.#partial[level] ?? "") + p.slice(text, 0, this.#left + 1), "\n");
    this.#partial[level] = pieces[pieces.length - 1];
    for (let i = 0; i < pieces.length - 1; i++) this.line(level, pieces[i]);
  }

  /** Keep one line, as far as there is room. */
  line(level, text) {
    // A printed stack ends in lines of ours.
    if (this.#left <= 0 || p.indexOf(text, __dirname) >= 0) return;
    this.#add(level, p.toWellFormed(p.slice(text, 0, this.#left)));
    this.#left -= text.length || 1;
    if (this.#left <= 0) this.#add("warning", this.#cut);
  }

  /** All lines as JSON; later ones are dropped. */
  close() {
    const levels = p.keys(this.#partial);
    for (let i = 0; i < levels.length; i++) {
      const rest = this.#partial[levels[i]];
      if (rest) this.line(levels[i], rest);
    }
    this.#left = 0;
    return `[${this.#text}]`;
  }

  #add(level, text) {
    this.#text += `${this.#text && ","}[${p.stringify(level)},${p.stringify(text)}]`;
  }
}

/** Give text to the run it belongs to, else to the worker. */
function say(level, text) {
  const run = current();
  if (run) run.lines.write(level, text);
  else writeSync(STDERR, text);
}

function stream(level) {
  return new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      say(level(), typeof chunk === "string" ? chunk : `${chunk}`);
      done();
    },
  });
}

/** Put the console and the standard streams of this process on the consoles of its runs. */
function capture() {
  let printing = "info";
  const out = stream(() => printing);
  const sink = new Console({ stdout: out, stderr: out });
  for (const name of Object.keys(sink)) {
    const plain = sink[name];
    if (typeof plain !== "function") continue;
    console[name] = (...args) => {
      const before = printing;
      printing = LEVELS[name] ?? (name === "assert" ? "error" : "info");
      try {
        return p.apply(plain, sink, args);
      } finally {
        printing = before;
      }
    };
  }
  const streams = { stdout: stream(() => "info"), stderr: stream(() => "error") };
  for (const [name, fd] of [["stdout", 1], ["stderr", 2]]) {
    Object.defineProperty(process, name, { value: Object.assign(streams[name], { fd }) });
  }
  // The real one would read the worker's frames.
  Object.defineProperty(process, "stdin", { value: Readable.from([]) });
}

module.exports = { Lines, capture, current, say, within };
