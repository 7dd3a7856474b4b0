// What one run does to `api`: its commands in order, as JSON text made at each call.
"use strict";

const p = require("./primordials.cjs");
const { ApiError, check, includes } = require("./check.cjs");
const { write } = require("./json.cjs");

/** One run: what it may still call, what it has called, and where its questions go. */
class Recorder {
  #view;
  #handler;
  #calls = p.create(null);
  #left;
  #part;
  #ask;
  #made = p.create(null);
  #totals = p.create(null);
  #closed = false;
  #commands = "";
  // Ends the run as failed, even if the action caught it.
  fatal = null;

  constructor(view, { handler, calls, commandsBytes, part, ask }) {
    this.#view = view;
    this.#handler = handler;
    const groups = p.keys(calls);
    for (let i = 0; i < groups.length; i++) this.#calls[groups[i]] = calls[groups[i]];
    this.#left = commandsBytes;
    this.#part = part;
    this.#ask = ask;
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
    if (row.kind === "query") return this.#query(row, args);
    if (row.kind === "local") return this.#local(row, args);
    const whole = args[0];
    if (row.object_form && args.length === 1 && typeof whole === "object" && whole) {
      const names = p.keys(whole);
      for (let i = 0; i < names.length; i++) this.#record(row, [names[i], whole[names[i]]]);
    } else {
      this.#record(row, args);
    }
    return row.chains === false ? undefined : api;
  }

  #local(row, args) {
    const names = p.split(row.path, ".");
    const part = this.#part(names[0]);
    return p.apply(part[names[1]], part, row.checked === false ? args : parsed(checked(row, args)));
  }

  /** A promise, also of an argument that is not legal. */
  #query(row, args) {
    try {
      return this.#ask(row.path, p.join(checked(row, args), ","));
    } catch (error) {
      return p.reject(error);
    }
  }

  #record(row, args) {
    if (row.ruled) this.#checkCall(row);
    const texts = checked(row, args);
    if (!texts) return;
    const text = `${row.opening}${texts.length ? "," : ""}${p.join(texts, ",")}]`;
    const size = p.byteLength(text) + 1;
    if (size > this.#left) {
      throw new ApiError(`${row.where}: the commands of one action are too large together`);
    }
    const { effect, path } = row;
    const values = row.total || effect?.at_once ? parsed(texts) : null;
    if (row.ruled) this.#count(row, values);
    if (effect?.at_once) this.#view.show(effect, values[0], values[1], row.where);
    this.#left -= size;
    this.#made[path] = true;
    this.#commands += (this.#commands && ",") + text;
  }

  /** Whether the method may be called now, whatever its arguments. */
  #checkCall(row) {
    if (row.handlers && !includes(row.handlers, this.#handler)) {
      throw new ApiError(`${row.where} can only be called in ${p.join(row.handlers, ", ")}`);
    }
    const { guards, conflicts, quota } = row;
    for (let i = 0; guards && i < guards.length; i++) this.#view.guard(guards[i]);
    for (let i = 0; conflicts && i < conflicts.length; i++) {
      if (!this.#made[conflicts[i].path]) continue;
      this.fatal = new ApiError(conflicts[i].message);
      throw this.fatal;
    }
    if (quota && (this.#calls[quota.group] ?? 0) >= quota.at_most) {
      throw new ApiError(quota.message);
    }
  }

  /** Add a call to its quota and total; throws `ApiError`. */
  #count({ quota, total }, values) {
    if (total) {
      const changed = p.create(null);
      const kept = this.#totals[total.group] ?? changed;
      const names = p.keys(kept);
      for (let i = 0; i < names.length; i++) changed[names[i]] = kept[names[i]];
      changed[values[0]] = values[1];
      if (p.byteLength(write(changed)) > total.max_bytes) throw new ApiError(total.message);
      this.#totals[total.group] = changed;
    }
    if (quota) this.#calls[quota.group] = (this.#calls[quota.group] ?? 0) + 1;
  }
}

/** The arguments as JSON texts; null for one that says nothing. Throws `ApiError`. */
function checked(row, args) {
  const { parameters: rules, where } = row;
  const texts = [];
  for (let i = 0; i < rules.length; i++) {
    let value = args[i];
    if (value === undefined && p.hasOwn(rules[i], "default")) value = rules[i].default;
    else if (value === undefined && rules[i].optional) continue;
    else if (i >= args.length) throw new ApiError(`${where} needs the argument ${rules[i].name}`);
    // As Auth0: a claim that is undefined is no claim.
    else if (value === undefined && !rules[i].types) return null;
    texts[texts.length] = check(rules[i], value, where);
  }
  return texts;
}

function parsed(texts) {
  const values = [];
  for (let i = 0; i < texts.length; i++) values[i] = p.parse(texts[i]);
  return values;
}

module.exports = { Recorder };
