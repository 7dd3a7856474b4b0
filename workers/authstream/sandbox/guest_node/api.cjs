// The `api` object of one run, built from the table: names, and what they go to.
"use strict";

const p = require("./primordials.cjs");
const { prepare } = require("./check.cjs");

// Rules of a method besides those of its arguments; most have none.
const RULES = ["handlers", "guards", "conflicts", "quota", "total"];

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
    row.ruled = RULES.some((rule) => rule in row);
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

/** What the table says of the effects of commands, by path. */
function effects(table) {
  const found = p.create(null);
  for (const row of table) if (row.effect) found[row.effect.path] = bare(row.effect);
  return found;
}

module.exports = { build, effects };
