const button = element.querySelector("button");
const said = element.querySelector("[role=status]");
const HELD = 4000; // milliseconds that the confirmation stays

function address() {
  const url = new URL(location.href);
  url.search = new URLSearchParams(props.value?.query ?? "");
  return url.href;
}

// Browsers offer navigator.clipboard to secure pages only, and a page at home is served without https.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  if (!done) throw new Error("copying is not allowed");
}

button.addEventListener("click", async () => {
  said.textContent = "";
  try {
    await copy(address());
    said.textContent = "Link copied.";
  } catch {
    said.textContent = "Copy it from the address bar.";
  }
  setTimeout(() => { said.textContent = ""; }, HELD);
});

// address.js keeps the page's address; a value that was there before this was in the page has begun as well.
function tell() {
  if (props.value?.begun) document.dispatchEvent(new CustomEvent("page:runs", { detail: props.value }));
}
watch("value", tell);
tell();
