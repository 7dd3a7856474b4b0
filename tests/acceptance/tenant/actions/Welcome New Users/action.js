exports.onExecutePostUserRegistration = async (event, api) => {
  if (!event.user.email) return;
  api.effects.send("log", { message: `${event.user.email} signed up` });
};
