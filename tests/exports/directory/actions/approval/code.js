exports.onExecuteApproval = async (event, api) => {};
