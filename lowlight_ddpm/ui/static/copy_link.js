const buttons = { link: element.querySelector(".link"), python: element.querySelector(".python") };
const said = element.querySelector("[role=status]");
const HELD = 4000; // milliseconds that the confirmation stays

function address() {
  const url = new URL(location.href);
  url.search = new URLSearchParams(props.value?.query ?? "");
  return url.href;
}

// Browsers offer navigator.clipboard to secure pages only, and a page at home is served without https.
async function copy(text, button) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  if (!done) throw new Error("copying is not allowed");
}

async function answer(text, button, done, instead) {
  said.textContent = "";
  try {
    await copy(text, button);
    said.textContent = done;
  } catch {
    said.textContent = instead;
  }
  setTimeout(() => { said.textContent = ""; }, HELD);
}

buttons.link.addEventListener("click", () => answer(address(), buttons.link, "Link copied.", "Copy it from the address bar."));
buttons.python.addEventListener("click", () =>
  answer(props.value?.python ?? "", buttons.python, "Python copied.", "The browser does not allow it."));

// A run that begins out of sight is scrolled to: Run may be far from it, or in another tab.
function intoSight() {
  const result = document.querySelector("#panel-x0");
  if (!result) return;
  const { top, bottom } = result.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) result.closest(".canvas").scrollIntoView();
}

function begun() {
  const { begun, scrolls } = props.value ?? {};
  if (!begun || begun === window.runBegun) return;
  window.runBegun = begun;
  document.dispatchEvent(new CustomEvent("page:runs", { detail: props.value })); // address.js keeps the address
  if (scrolls) requestAnimationFrame(intoSight);
}

// Who comes back to a tab finds it where it was left, once its content is there again.
function keepPlaces() {
  const places = {}, open = () => document.querySelector("[role=tab][aria-selected=true]")?.textContent.trim();
  let at = open(), returning = false;
  addEventListener("scroll", () => { if (!returning && open() === at) places[at] = scrollY; }, { passive: true });
  const back = (until, run) => {
    const place = places[at];
    if (place === undefined) return void (returning = false);
    if (window.runBegun !== run || performance.now() > until) return void (returning = false);
    if (document.documentElement.scrollHeight < place + innerHeight) return void requestAnimationFrame(() => back(until, run));
    scrollTo(0, place);
    returning = false;
  };
  new MutationObserver(() => {
    if (open() === at || !open()) return;
    at = open();
    returning = true;
    back(performance.now() + 3000, window.runBegun);
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["aria-selected"] });
  return places;
}

window.tabPlaces ??= keepPlaces();
watch("value", begun);
begun(); // a run may begin while another tab is open, where this is not in the page
