// The event of one run, as its own commands and those of earlier actions change it.
"use strict";

const p = require("./primordials.cjs");
const { ApiError, includes } = require("./check.cjs");
const { write } = require("./json.cjs");
const { get, isObject, put } = require("./event.cjs");

/** What an action may see of what was asked for, and what the limits are counted on. */
class View {
  #event;
  #effects;
  // Stands in for members that the event has not and must not get.
  #hidden = p.create(null);

  constructor(event, effects) {
    this.#event = event;
    this.#effects = effects;
  }

  /** Make earlier commands visible: change, path, arguments. */
  apply(operations) {
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i];
      this.#change(operation[0], operation[1], operation[2], operation[3]);
    }
  }

  /** Make a command of this run visible; throws `ApiError` when the event would hold too much. */
  show(effect, key, value, where) {
    const change = effect.change ?? "set";
    if (change === "set") {
      this.#checkSet(effect, key, value, where);
    } else if (change === "include") {
      const items = this.#items(effect.path);
      if (!includes(items, key) && items.length >= effect.max_entries) {
        throw new ApiError(effect.full);
      }
    }
    this.#change(change, effect.path, key, value);
  }

  /** Check what the event must be for a call; throws `ApiError`. */
  guard(guard) {
    const there = this.#find(guard.path);
    const absent = there === undefined || there === null;
    let legal = there !== guard.value;
    if (guard.must === "present") legal = !absent;
    if (guard.must === "object") legal = absent || isObject(there);
    if (!legal) throw new ApiError(guard.message);
  }

  #find(path) {
    const names = p.split(path, ".");
    let place = this.#event;
    for (let i = 0; i < names.length; i++) place = get(place, names[i]);
    return place;
  }

  #checkSet(effect, key, value, where) {
    if (value === null) return;
    const target = this.#reach(effect.path);
    const changed = p.create(null);
    const names = p.keys(target);
    for (let i = 0; i < names.length; i++) changed[names[i]] = target[names[i]];
    changed[key] = value;
    if (effect.max_entries !== undefined && p.keys(changed).length > effect.max_entries) {
      throw new ApiError(effect.full);
    }
    const limit = effect.max_total_bytes;
    if (limit !== undefined && p.byteLength(write(changed)) > limit) {
      throw new ApiError(`${where}: all of it together must not exceed ${limit} bytes`);
    }
  }

  #change(change, path, key, value) {
    if (change === "set" || change === "unset" || change === "clear") {
      const target = this.#reach(path);
      if (change === "clear") clear(target);
      else if (change === "unset" || value === null) delete target[key];
      else put(target, key, value);
      return;
    }
    const names = p.split(path, ".");
    const name = names[names.length - 1];
    names.length -= 1;
    const items = change === "put" || change === "empty" ? [] : this.#items(path);
    const target = this.#reach(p.join(names, "."));
    if (change === "put") put(target, name, key);
    else if (change === "record") put(target, name, recorded(items, key, value));
    else put(target, name, list(change, items, key));
  }

  #items(path) {
    const there = this.#find(path);
    if (p.isArray(there)) return there;
    const starts = this.#effects[path]?.starts ?? [];
    for (let i = 0; i < starts.length; i++) {
      const first = this.#find(starts[i]);
      if (p.isArray(first) && first.length) return first;
    }
    return [];
  }

  /** The object at a dotted path, made where there is none; the event itself for no path. */
  #reach(path) {
    const names = path ? p.split(path, ".") : [];
    let target = this.#event;
    if (!isObject(get(target, names[0])) && this.#isHidden(names[0])) target = this.#hidden;
    for (let i = 0; i < names.length; i++) {
      if (!isObject(get(target, names[i]))) put(target, names[i], {});
      target = target[names[i]];
    }
    return target;
  }

  #isHidden(first) {
    const paths = p.keys(this.#effects);
    for (let i = 0; i < paths.length; i++) {
      if (this.#effects[paths[i]].existing && p.split(paths[i], ".")[0] === first) return true;
    }
    return false;
  }
}

function clear(target) {
  const names = p.keys(target);
  for (let i = 0; i < names.length; i++) delete target[names[i]];
}

/** The items with one object of this name, the last. */
function recorded(items, name, timestamp) {
  const kept = [];
  for (let i = 0; i < items.length; i++) {
    if (get(items[i], "name") !== name) put(kept, kept.length, items[i]);
  }
  put(kept, kept.length, { name, timestamp });
  return kept;
}

function list(change, items, item) {
  const kept = [];
  for (let i = 0; i < items.length; i++) {
    if (items[i] !== item) put(kept, kept.length, items[i]);
  }
  if (change === "include") put(kept, kept.length, item);
  return kept;
}

module.exports = { View };
