// Sends one kept item, and says truthfully what became of it. The command id in the body makes a
// second sending harmless; it is still asked for first, so that nobody waits in doubt.
import { say } from "./words.js";

const ANSWER_LIMIT_MS = 10_000;
const CHECK_LIMIT_MS = 5_000;

/* -> {state: "sent", next} | {state: "refused", say, code, fields} | {state: "unreached"} */
export async function send(item, onDoubt = () => {}) {
  if (!navigator.onLine) return { state: "unreached" };
  let response;
  try {
    response = await ask(item.action, ANSWER_LIMIT_MS, {
      method: "POST",
      body: item.body,
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
  } catch {
    onDoubt();
    return check(item);
  }
  if (response.status >= 500) {
    onDoubt();
    return check(item);
  }
  return response.ok ? { state: "sent", next: (await told(response)).next } : refused(response);
}

async function check(item) {
  try {
    const response = await ask(`${item.check}?command_id=${encodeURIComponent(item.id)}`, CHECK_LIMIT_MS);
    const answer = response.ok ? await told(response) : {};
    return answer.known ? { state: "sent", next: answer.next } : { state: "unreached" };
  } catch {
    return { state: "unreached" };
  }
}

async function refused(response) {
  if (response.status === 401) {
    return { state: "refused", say: say("登录过期了。写好的都在这部手机里，重新登录后会自动提交。"), fields: {}, signedOut: true };
  }
  const answer = await told(response);
  const sentence = answer.say ?? say("没有收下。请再看一遍，或请教务处代录。");
  return { state: "refused", say: sentence, code: answer.code, fields: answer.fields ?? {} };
}

async function told(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

function ask(address, limit, options = {}) {
  const headers = { accept: "application/json", ...options.headers };
  return fetch(address, { ...options, headers, signal: AbortSignal.timeout(limit), credentials: "same-origin" });
}
