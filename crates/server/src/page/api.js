// Calls of the server.

const TOKEN = "rinalmo-token";

/** The server asks for a token, or for another one. */
export class TokenNeeded extends Error {}

export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export function hasToken() {
  return Boolean(sessionStorage.getItem(TOKEN));
}

async function call(path, options) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...(options.headers || {}), ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server does not answer; is `rinalmo serve` still running?");
  }
  if (response.status === 401) throw new TokenNeeded("the server asks for its token");
  if (!response.ok) {
    const failure = await response.json().catch(() => ({}));
    throw new Error(failure.error || `the server answers with code ${response.status}`);
  }
  return response;
}

export async function get(path) {
  return (await call(path, {})).json();
}

function send(path, request, signal) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(request), signal });
}

export async function post(path, request, signal) {
  return (await send(path, request, signal)).json();
}

export function fold(request, signal) {
  return post("/v1/fold", request, signal);
}

/** Also while the page is being left. */
export function remove(path) {
  return call(path, { method: "DELETE", keepalive: true });
}

/** Calls `take` with the JSON of each line, as the lines arrive. */
export async function follow(path, signal, take) {
  const response = await call(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) take(JSON.parse(line));
  }
}

/** The drawing as SVG text. */
export async function draw(request, signal) {
  return (await send("/v1/draw", request, signal)).text();
}

/** A structure as the text of a file. */
export async function format(request) {
  return (await send("/v1/format", request)).text();
}
