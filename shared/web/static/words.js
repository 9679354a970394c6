// What scripts say: written in Chinese, looked up in the page's own list when it is in English.
const list = document.getElementById("words");
const english = list ? JSON.parse(list.textContent) : {};

export function say(sentence, values = {}) {
  return (english[sentence] ?? sentence).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
