// Starts the guest: `node main.cjs`, socket on descriptor 0.
"use strict";
require("./runner.cjs").main();
