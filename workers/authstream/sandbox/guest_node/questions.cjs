// What the runs of a guest have asked the worker and not been answered.
"use strict";

const p = require("./primordials.cjs");
const { ApiError } = require("./check.cjs");

/** Open questions by run; each is a promise that the worker's answer settles. */
class Questions {
  #send;
  #last = 0;
  #open = p.create(null);

  constructor(send) {
    this.#send = send;
  }

  /** A promise of the worker's answer; rejected with `ApiError` when it has none. */
  ask(run, path, texts) {
    const number = ++this.#last;
    const name = p.stringify(path);
    const answer = p.promise((resolve, reject) => {
      this.#open[run] ??= p.create(null);
      this.#open[run][number] = { path, resolve, reject };
    });
    this.#send(run, `{"call":${number},"name":${name},"arguments":[${texts}]}`);
    return answer;
  }

  /** Settle the question that a REPLY is about. */
  answer(run, text) {
    const said = p.parse(text);
    const question = this.#open[run]?.[said.call];
    if (!question) return;
    delete this.#open[run][said.call];
    if (p.hasOwn(said, "error")) {
      question.reject(new ApiError(`api.${question.path}: ${said.error}`));
    } else {
      question.resolve(said.result);
    }
  }

  /** A run is over: nothing waits for its answers. */
  end(run) {
    delete this.#open[run];
  }
}

module.exports = { Questions };
