// `api.cache`: a small store shared by the runs of one guest, gone with it; never throws.
"use strict";

const p = require("./primordials.cjs");

// Auth0's limits.
const ENTRIES = 20;
const KEY_BYTES = 64;
const VALUE_BYTES = 4 * 1024;
const TOTAL_BYTES = 8 * 1024;
const DEFAULT_MS = 15 * 60 * 1000;
const LONGEST_MS = 24 * 3600 * 1000;

class Cache {
  #entries = p.create(null);

  /** The record `{value, expires_at}`, while it lasts. */
  get(key) {
    this.#evict();
    return typeof key === "string" && this.#entries[key] ? copy(this.#entries[key]) : undefined;
  }

  /** Store a string; `{type: "success", record}` or `{type: "error", code}`. */
  set(key, value, options) {
    this.#evict();
    const expires = this.#refusal(key, value) ?? expiry(options);
    if (typeof expires === "string") return { type: "error", code: expires };
    this.#entries[key] = { value, expires_at: expires };
    return { type: "success", record: copy(this.#entries[key]) };
  }

  /** Remove a record; `{type: "success"}` or `{type: "error", code}`. */
  delete(key) {
    this.#evict();
    if (typeof key !== "string" || !this.#entries[key]) {
      return { type: "error", code: "CacheKeyDoesNotExist" };
    }
    delete this.#entries[key];
    return { type: "success" };
  }

  #evict() {
    const now = p.dateNow();
    const names = p.keys(this.#entries);
    for (let i = 0; i < names.length; i++) {
      if (this.#entries[names[i]].expires_at <= now) delete this.#entries[names[i]];
    }
  }

  #refusal(key, value) {
    if (typeof key !== "string" || typeof value !== "string" || !p.isWellFormed(key + value)) {
      return "FailedToSetCacheRecord";
    }
    if (p.byteLength(key) > KEY_BYTES) return "CacheKeySizeExceeded";
    if (p.byteLength(value) > VALUE_BYTES) return "CacheValueSizeExceeded";
    const names = p.keys(this.#entries);
    let count = 1;
    let bytes = p.byteLength(key) + p.byteLength(value);
    for (let i = 0; i < names.length; i++) {
      if (names[i] === key) continue;
      count += 1;
      bytes += p.byteLength(names[i]) + p.byteLength(this.#entries[names[i]].value);
    }
    return count > ENTRIES || bytes > TOTAL_BYTES ? "CacheSizeExceeded" : undefined;
  }
}

/** The earliest end asked for, milliseconds since 1970; or an error code. */
function expiry(options) {
  const now = p.dateNow();
  const { ttl, expires_at: until } = options ?? {};
  for (let i = 0; i < 2; i++) {
    const number = i ? until : ttl;
    if (number !== undefined && number !== null && !p.isFinite(number)) return "InvalidExpiry";
  }
  let earliest = Infinity;
  if (ttl !== undefined && ttl !== null) earliest = now + ttl;
  if (until !== undefined && until !== null && until < earliest) earliest = until;
  if (earliest === Infinity) earliest = now + DEFAULT_MS;
  if (earliest <= now) return "ItemAlreadyExpired";
  return earliest < now + LONGEST_MS ? earliest - (earliest % 1) : now + LONGEST_MS;
}

function copy(entry) {
  return { value: entry.value, expires_at: entry.expires_at };
}

module.exports = { Cache };
