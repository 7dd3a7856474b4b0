// `api.rules`: which Rules the provider says it ran; Authstream has none itself.
"use strict";

const p = require("./primordials.cjs");
const { includes } = require("./check.cjs");
const { get } = require("./event.cjs");

/** The Rules that the event names in `lookups.rules`. */
class Rules {
  #executed;

  constructor(lookups) {
    const named = get(lookups, "rules");
    this.#executed = p.isArray(named) ? named : [];
  }

  /** Whether it ran in this transaction. */
  wasExecuted(ruleId) {
    return includes(this.#executed, ruleId);
  }
}

module.exports = { Rules };
