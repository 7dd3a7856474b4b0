// The `api` object of one run, built from the table: it checks, records, and changes the event.
"use strict";

const p = require("./primordials.cjs");
const { ApiError, check, prepare } = require("./check.cjs");
const { write } = require("./json.cjs");
const { put, reach } = require("./event.cjs");

/** What one run did to `api`: its commands in order, as JSON text made at each call. */
class Recorder {
  #event;
  #cache;
  #left;
  #closed = false;
  #commands = "";

  constructor(event, cache, commandsBytes) {
    this.#event = event;
    this.#cache = cache;
    this.#left = commandsBytes;
  }

  /** The commands, separated by commas. */
  get commands() {
    return this.#commands;
  }

  /** The run is over: later calls are refused. */
  close() {
    this.#closed = true;
  }

  /** Do what the table says about a method; throws `ApiError`. */
  call(row, args, api) {
    const { where } = row;
    if (this.#closed) throw new ApiError(`${where} was called after the action had ended`);
    if (args.length > row.parameters.length) {
      throw new ApiError(
        `${where} takes at most ${row.parameters.length} arguments, not ${args.length}`,
      );
    }
    if (row.kind === "local") return this.#local(row, args);
    const whole = args[0];
    if (row.object_form && args.length === 1 && typeof whole === "object" && whole) {
      const names = p.keys(whole);
      for (let i = 0; i < names.length; i++) this.#record(row, [names[i], whole[names[i]]], where);
    } else {
      this.#record(row, args, where);
    }
    return row.chains === false ? undefined : api;
  }

  #local(row, args) {
    const method = this.#cache[p.slice(row.path, "cache.".length)];
    return p.apply(method, this.#cache, args);
  }

  #record(row, args, where) {
    const rules = row.parameters;
    let text = row.opening;
    let last = "";
    for (let i = 0; i < rules.length; i++) {
      const value = args[i];
      if (value === undefined && rules[i].optional) continue;
      if (i >= args.length) throw new ApiError(`${where} needs the argument ${rules[i].name}`);
      // As Auth0: a claim that is undefined is no claim.
      if (value === undefined && !rules[i].types) return;
      last = check(rules[i], value, where);
      text += `,${last}`;
    }
    this.#keep(row, `${text}]`, { where, key: args[0], value: last });
  }

  #keep(row, text, { where, key, value }) {
    const size = p.byteLength(text) + 1;
    if (size > this.#left) {
      throw new ApiError(`${where}: the commands of one action are too large together`);
    }
    if (row.effect?.at_once) this.#show(row.effect, key, p.parse(value), where);
    this.#left -= size;
    this.#commands += (this.#commands && ",") + text;
  }

  #show(effect, key, value, where) {
    const target = reach(this.#event, effect.path);
    if (effect.max_total_bytes !== undefined && value !== null) {
      const changed = p.create(null);
      const names = p.keys(target);
      for (let i = 0; i < names.length; i++) changed[names[i]] = target[names[i]];
      changed[key] = value;
      if (p.byteLength(write(changed)) > effect.max_total_bytes) {
        throw new ApiError(
          `${where}: all of it together must not exceed ${effect.max_total_bytes} bytes`,
        );
      }
    }
    if (value === null) delete target[key];
    else put(target, key, value);
  }
}

/** JSON without prototypes, so that members an action adds to them are no rules. */
function bare(value) {
  if (typeof value !== "object" || value === null) return value;
  for (const name of Object.keys(value)) bare(value[name]);
  return Array.isArray(value) ? value : Object.setPrototypeOf(value, null);
}

/** A function that makes the `api` object of a run. */
function build(table) {
  bare(table);
  const owners = new Map();
  for (const row of table) {
    prepare(row.parameters);
    row.opening = `[${JSON.stringify(row.path)}`;
    row.where = `api.${row.path}`;
    const [owner, name] = row.path.split(".");
    owners.set(owner, [...(owners.get(owner) ?? []), [name, row]]);
  }
  class Api {
    #recorder;
    constructor(recorder) {
      this.#recorder = recorder;
    }
    static part(api, methods) {
      const part = p.create(null);
      const recorder = api.#recorder;
      for (let i = 0; i < methods.length; i++) {
        const row = methods[i][1];
        part[methods[i][0]] = (...args) => recorder.call(row, args, api);
      }
      return p.freeze(part);
    }
  }
  for (const [owner, methods] of owners) {
    const get = function () {
      return Api.part(this, methods);
    };
    Object.defineProperty(Api.prototype, owner, { get, enumerable: true });
  }
  Object.freeze(Api.prototype);
  return (recorder) => p.freeze(new Api(recorder));
}

module.exports = { Recorder, build };
