// Sends what a button does. The token in the page tells the server that it
// was this page that asked.
const token = document.querySelector('meta[name=token]').content;

// send posts a body and returns what was done, in a sentence. Its error says
// what to do.
export async function send(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'X-Watch-Token': token},
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error('07-watch does not answer: is it still running?');
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `07-watch answered ${response.status}`);
  return answer.said ?? 'done';
}
