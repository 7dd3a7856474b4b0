// The guest's side of `actions-runner/1`: frames in, runs of the action, frames out.
"use strict";

const net = require("node:net");
const { performance } = require("node:perf_hooks");
const { isPromise } = require("node:util").types;
const p = require("./primordials.cjs");
const { Action, describe } = require("./action.cjs");
const { build, effects } = require("./api.cjs");
const { Cache } = require("./cache.cjs");
const output = require("./console.cjs");
const { put } = require("./event.cjs");
const { Questions } = require("./questions.cjs");
const { Recorder } = require("./recorder.cjs");
const { Redirect } = require("./redirect.cjs");
const { Rules } = require("./rules.cjs");
const { View } = require("./view.cjs");

const PROTOCOL = "actions-runner/1";
const [INIT, READY, FATAL, EVENT, RESULT, ERROR] = [1, 2, 3, 4, 5, 6];
const [CANCEL, CALL, REPLY, PING, PONG] = [7, 9, 10, 11, 12];
const LENGTH_BYTES = 4;
const HEAD_BYTES = 9;
const EXIT_FATAL = 1;
const VERSION = process.versions.node;
const now = performance.now.bind(performance);
const exit = process.reallyExit.bind(process);

function framed({ 0: kind, 1: number, 2: said }) {
  const text = typeof said === "string" ? said : said();
  const size = p.byteLength(text);
  const frame = p.allocUnsafe(HEAD_BYTES + size);
  p.writeUInt32BE(frame, HEAD_BYTES - LENGTH_BYTES + size, 0);
  p.writeUInt8(frame, kind, LENGTH_BYTES);
  p.writeUInt32BE(frame, number, LENGTH_BYTES + 1);
  if (size) p.utf8Write(frame, text, HEAD_BYTES, size);
  return frame;
}

/** Frames on the socket; answers of one turn of the event loop leave in one write. */
class Channel {
  #socket = new net.Socket({ fd: 0, readable: true, writable: true });
  #write;
  #rest = null;
  #out = [];

  constructor(receive) {
    this.#write = this.#socket.write.bind(this.#socket);
    this.#socket.on("data", (data) => this.#read(data, receive));
    // The worker is gone.
    for (const end of ["end", "error", "close"]) this.#socket.on(end, () => exit(0));
  }

  /** Queue a frame; `text` may be a function, which is asked when the frame leaves. */
  send(kind, number, text = "") {
    if (!this.#out.length) p.setImmediate(() => this.#flush());
    this.#out[this.#out.length] = [kind, number, text];
  }

  /** Send a frame, then end the process. */
  last(kind, text) {
    this.send(kind, 0, text);
    this.#flush(() => exit(EXIT_FATAL));
  }

  #flush(done) {
    const frames = this.#out;
    this.#out = [];
    for (let i = 0; i < frames.length; i++) frames[i] = framed(frames[i]);
    if (frames.length) this.#write(frames.length === 1 ? frames[0] : p.concat(frames), done);
  }

  #read(data, receive) {
    const buffer = this.#rest ? p.concat([this.#rest, data]) : data;
    let start = 0;
    while (buffer.length - start >= HEAD_BYTES) {
      const end = start + LENGTH_BYTES + p.readUInt32BE(buffer, start);
      if (buffer.length < end) break;
      const kind = p.readUInt8(buffer, start + LENGTH_BYTES);
      const number = p.readUInt32BE(buffer, start + LENGTH_BYTES + 1);
      receive(kind, number, p.subarray(buffer, start + HEAD_BYTES, end));
      start = end;
    }
    this.#rest = start < buffer.length ? p.subarray(buffer, start) : null;
  }
}

/** One event under way. */
class Run {
  done = false;
  recorder = null;
  controller = null;

  constructor(number, lines) {
    this.number = number;
    this.lines = lines;
  }

  /** The `AbortSignal` that CANCEL aborts, made when the action asks for it. */
  get signal() {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }
}

/** Any number of runs at a time. */
class Runner {
  #channel;
  #action;
  #init;
  #makeApi;
  #effects;
  #questions;
  #cache = new Cache();
  #runs = new Map();
  #configuration;
  #secrets;

  constructor(channel, init) {
    this.#channel = channel;
    this.#init = init;
    this.#makeApi = build(init.api);
    this.#effects = effects(init.api);
    this.#questions = new Questions((number, text) => channel.send(CALL, number, text));
    this.#configuration = JSON.stringify(init.configuration);
    this.#secrets = JSON.stringify(init.secrets);
  }

  /** Run the action's top-level code, once; tell how it went. */
  load() {
    const began = now();
    try {
      this.#action = new Action(this.#init);
    } catch (error) {
      this.#channel.last(FATAL, `{${describe(error)}}`);
      return;
    }
    const names = this.#action.names;
    let handlers = "";
    for (let i = 0; i < names.length; i++) handlers += (i ? "," : "") + p.stringify(names[i]);
    this.#channel.send(
      READY,
      0,
      `{"protocol":"${PROTOCOL}","runtime":"node ${VERSION}","handlers":[${handlers}],` +
        `"load_ms":${now() - began}}`,
    );
  }

  receive(kind, number, payload) {
    if (kind === EVENT) this.#start(number, payload);
    else if (kind === PING) this.#channel.send(PONG, number);
    else if (kind === REPLY) this.#answer(number, payload);
    else if (kind === CANCEL) this.#cancel(number);
  }

  /** Settle a question as part of the run that asked it. */
  #answer(number, payload) {
    const run = p.mapGet(this.#runs, number);
    const text = p.utf8Slice(payload, 0, payload.length);
    if (run) output.within(run, () => this.#questions.answer(number, text));
  }

  /** End a run with an error, if it has not ended. */
  fail(run, error) {
    if (run.done) return;
    this.#end(run);
    const said = describe(error);
    this.#channel.send(ERROR, run.number, () => `{${said},"console":${run.lines.close()}}`);
  }

  #start(number, payload) {
    const run = new Run(number, new output.Lines(this.#init.limits.console_characters));
    p.mapSet(this.#runs, number, run);
    output.within(run, () => {
      try {
        this.#call(run, payload);
      } catch (error) {
        this.fail(run, error);
      }
    });
  }

  #call(run, payload) {
    const split = LENGTH_BYTES + p.readUInt32BE(payload, 0);
    const header = p.parse(p.utf8Slice(payload, LENGTH_BYTES, split));
    const event = this.#open(run, p.utf8Slice(payload, split, payload.length));
    run.recorder = this.#recorder(run.number, header, event);
    const handler = this.#action.handler(header.handler);
    const result = handler(event, this.#makeApi(run.recorder));
    if (!isPromise(result)) {
      this.#succeed(run);
      return;
    }
    p.then(
      result,
      () => this.#succeed(run),
      (error) => this.fail(run, error),
    );
  }

  #recorder(number, header, event) {
    const lookups = event.lookups;
    delete event.lookups;
    const view = new View(event, this.#effects);
    view.apply(header.operations);
    return new Recorder(view, {
      part: (owner) => this.#part(owner, event, lookups, header.interactive),
      handler: header.handler,
      calls: header.calls,
      commandsBytes: this.#init.limits.commands_bytes,
      ask: (path, texts) => this.#questions.ask(number, path, texts),
    });
  }

  /** What answers the methods of `api` that need no worker. */
  #part(owner, event, lookups, interactive) {
    if (owner === "cache") return this.#cache;
    return owner === "redirect" ? new Redirect(event, interactive) : new Rules(lookups);
  }

  #open(run, text) {
    const event = p.parse(text);
    if (typeof event !== "object" || event === null || p.isArray(event)) {
      throw new TypeError("the event is not a JSON object");
    }
    put(event, "secrets", p.parse(this.#secrets));
    put(event, "configuration", p.parse(this.#configuration));
    const signal = p.create(null);
    signal.get = () => run.signal;
    p.defineProperty(event, "signal", signal);
    return event;
  }

  #succeed(run) {
    if (run.done) return;
    if (run.recorder.fatal) {
      this.fail(run, run.recorder.fatal);
      return;
    }
    this.#end(run);
    const { commands } = run.recorder;
    // Node tells of promises that nobody awaited only after this; they are still the run's.
    const text = () => `{"commands":[${commands}],"console":${run.lines.close()}}`;
    this.#channel.send(RESULT, run.number, text);
  }

  #cancel(number) {
    const run = p.mapGet(this.#runs, number);
    if (!run) return;
    const over = new Error("the action's time is over");
    try {
      if (run.controller) run.controller.abort(over);
    } finally {
      this.fail(run, over);
    }
  }

  #end(run) {
    run.done = true;
    if (run.recorder) run.recorder.close();
    this.#questions.end(run.number);
    p.mapDelete(this.#runs, run.number);
  }
}

/** Keep what an action does to the process from ending the other runs. */
function guard(runner) {
  for (const name of ["exit", "reallyExit", "abort"]) {
    process[name] = (code) => {
      throw new Error(`process.${name}(${code ?? ""}) was called: return from the handler instead`);
    };
  }
  process.on("uncaughtException", (error) => {
    const run = output.current();
    if (run && !run.done) runner.fail(run, error);
    else output.say("error", `uncaught: {${describe(error)}}\n`);
  });
  process.on("unhandledRejection", (error) => {
    const { name, message, stack } = p.parse(`{${describe(error)}}`);
    const where = stack ? `\n${stack}` : "";
    output.say("error", `a promise that nobody awaited: ${name}: ${message}${where}\n`);
  });
}

/** Run the guest; it ends with its worker. */
function main() {
  let runner = null;
  const channel = new Channel((kind, number, payload) => {
    if (runner) {
      runner.receive(kind, number, payload);
      return;
    }
    if (kind !== INIT) exit(EXIT_FATAL);
    const init = JSON.parse(payload.toString());
    if (init.parent !== null && process.ppid !== init.parent) exit(0);
    output.capture();
    runner = new Runner(channel, init);
    guard(runner);
    runner.load();
  });
}

module.exports = { main };
