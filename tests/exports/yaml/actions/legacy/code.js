// Once: exports.onExecutePostLogin
module.exports = async (event, context) => {
  return {};
};
