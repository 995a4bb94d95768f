// The page's address, and the only code that changes it: ?tab=NAME, ?stop=NAME, ?claim=NAME, or a run's settings.
//
// Others say where the user has gone by events of the document: "page:goes" with { stop } or { claim }, "page:runs"
// with { query, begun }. They hear "page:shows", whose detail is the place. Applying an address pushes none.
const tabs = props.value ?? [];
const HOME = tabs[0][0], PLAY = "play", OF = { stop: "start", claim: "findings" };
let applying = false;
let lastQuery = ""; // of the run that the page has
let lastBegun = 0;

// Parameters that are not the page's: Gradio's and a Space's.
const foreign = (name) => name.startsWith("__") || name === "view" || name === "deep_link";
const others = () => [...new URLSearchParams(location.search)].filter(([name]) => foreign(name));

function place(search) {
  const query = new URLSearchParams([...new URLSearchParams(search)].filter(([name]) => !foreign(name)));
  for (const name of Object.keys(OF)) if (query.get(name)) return { tab: OF[name], [name]: query.get(name) };
  if (query.get("tab")) return { tab: tabs.some(([id]) => id === query.get("tab")) ? query.get("tab") : HOME };
  query.delete("tab");
  const run = query.toString();
  return run ? { tab: PLAY, run } : { tab: HOME };
}

function written({ tab, stop, claim, run }) {
  const query = run ? new URLSearchParams(run) : new URLSearchParams(stop ? { stop } : claim ? { claim } : tab === HOME ? {} : { tab });
  const search = new URLSearchParams([...others(), ...query]).toString();
  return location.pathname + (search ? `?${search}` : "") + location.hash;
}

const shown = (where) => written(where) === location.pathname + location.search + location.hash;

function goTo(where) {
  if (!shown(where)) history.pushState(null, "", written(where));
}

// Gradio moves tabs that find no room into a menu, where they are known by their label alone.
function button(tab) {
  const label = tabs.find(([id]) => id === tab)?.[1];
  const inMenu = [...document.querySelectorAll(".overflow-dropdown button")];
  return document.querySelector(`button[role="tab"][data-tab-id="${tab}"]`) ?? inMenu.find((one) => one.textContent.trim() === label);
}

function tabOf(target) {
  const pressed = target.closest?.('button[role="tab"][data-tab-id], .overflow-dropdown button');
  if (!pressed) return undefined;
  return tabs.find(([id, label]) => pressed.dataset.tabId === id || (!pressed.dataset.tabId && pressed.textContent.trim() === label))?.[0];
}

function select(tab, tries = 100) {
  const wanted = button(tab);
  if (!wanted) {
    if (tries) requestAnimationFrame(() => select(tab, tries - 1));
    return;
  }
  if (wanted.getAttribute("aria-selected") === "true") return;
  applying = true;
  wanted.click();
  applying = false;
}

// A claim is in the page once its tab has fetched them.
function scrollTo(claim, tries = 600) {
  const found = document.getElementById(`claim-${claim}`);
  if (found) found.scrollIntoView({ block: "center" });
  else if (tries && place(location.search).claim === claim) requestAnimationFrame(() => scrollTo(claim, tries - 1));
}

function apply(where) {
  select(where.tab);
  if (where.claim) scrollTo(where.claim);
  document.dispatchEvent(new CustomEvent("page:shows", { detail: where }));
  if (where.run && lastQuery && where.run !== lastQuery) trigger("click", { value: where.run });
}

document.addEventListener("click", (event) => {
  const tab = tabOf(event.target);
  if (!tab || applying) return;
  const where = tab === PLAY && lastQuery ? { tab, run: lastQuery } : { tab };
  goTo(where);
  document.dispatchEvent(new CustomEvent("page:shows", { detail: where }));
}, true);

document.addEventListener("page:goes", ({ detail }) => {
  const name = Object.keys(OF).find((one) => one in detail);
  const where = name && detail[name] ? { tab: OF[name], [name]: detail[name] } : { tab: detail.tab ?? HOME };
  goTo(where);
  apply(where);
});

// A run that begins in another tab opens Play, which is a place to come back from; one in Play changes its address.
document.addEventListener("page:runs", ({ detail: { query, begun } }) => {
  if (begun === lastBegun) return; // its tab was left and opened again
  [lastQuery, lastBegun] = [new URLSearchParams(query).toString(), begun];
  const where = { tab: PLAY, run: lastQuery };
  document.documentElement.classList.remove("opening");
  if (place(location.search).tab === PLAY) history.replaceState(history.state, "", written(where));
  else {
    goTo(where);
    scrollTo(0, 0); // to the controls, which stand above the result
  }
});

// To Run where there is one, else to the first thing in the tab.
element.querySelector(".skip").addEventListener("click", () => {
  const panel = [...document.querySelectorAll('[role="tabpanel"]')].find((one) => one.checkVisibility());
  const reached = [...(panel?.querySelectorAll("#run, button, input, textarea, summary") ?? [])].filter((one) => !one.disabled && one.checkVisibility());
  (reached.find((one) => one.id === "run") ?? reached[0])?.focus();
});

window.addEventListener("popstate", () => apply(place(location.search)));

const first = place(location.search);
if (first.tab !== HOME) apply(first);
if (first.run) { // until its run has begun, or it is refused, the page shows no other
  document.documentElement.classList.add("opening");
  setTimeout(() => document.documentElement.classList.remove("opening"), 20000);
}
