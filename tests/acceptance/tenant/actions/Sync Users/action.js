// The directory is away for the first two of its calls.
const calls = new Map();

exports.onExecuteEventStream = async (event, api) => {
  const { id, type, data } = event.message;
  const call = (calls.get(id) ?? 0) + 1;
  calls.set(id, call);
  if (data.object.away >= call) throw new Error(`directory is away, call ${call}`);
  api.effects.send("log", { message: `${type} ${id} synchronized at call ${call}` });
};
