const seconds = @@MINUTES@@ * 60;

exports.onExecutePostLogin = async (event, api) => {};
